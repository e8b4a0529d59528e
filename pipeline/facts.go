package pipeline

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"

	"parley"
	"parley/pipeline/queue"
	"parley/warehouse"
)

// Enricher is the language stage. It depends on nothing but the message: the same message gives the same
// enrichment. It is called from one goroutine at a time.
type Enricher interface {
	Enrich(ctx context.Context, m *parley.Message) parley.Enrichment
}

// Facts gathers what the records of one batch hold, each thing once.
type Facts struct {
	warehouse.Batch
	bytes int // of the log

	keys   map[itemKey]struct{} // of this batch
	known  func(itemKey) bool   // stored by an earlier batch
	enrich func(*parley.Message) parley.Enrichment
	replay bool // the record at hand is a replay: what earlier batches stored is written again
}

// newFacts starts a batch. known says whether an earlier batch stored an item; enrich may be nil.
func newFacts(id uuid.UUID, known func(itemKey) bool, enrich func(*parley.Message) parley.Enrichment) *Facts {
	f := &Facts{Batch: warehouse.Batch{ID: id}, keys: make(map[itemKey]struct{}), known: known, enrich: enrich}
	f.Reject = f.reject
	return f
}

// sizes are how much a batch holds.
type sizes struct{ keys, raws, messages, statuses, enrichments, contacts int }

func (f *Facts) sizes() sizes {
	return sizes{len(f.keys), len(f.RawEvents), len(f.Messages), len(f.Statuses), len(f.Enrichments), len(f.Contacts)}
}

// grow makes room. A batch is mostly like the one before it, and a message is a kilobyte: growing by doubling
// would copy all of them several times.
func (f *Facts) grow(s sizes) {
	f.keys = make(map[itemKey]struct{}, s.keys)
	f.RawEvents = make([]parley.RawEvent, 0, s.raws)
	f.Messages = make([]parley.Message, 0, s.messages)
	f.Statuses = make([]parley.Status, 0, s.statuses)
	f.Enrichments = make([]parley.Enrichment, 0, s.enrichments)
	f.Contacts = make([]parley.Contact, 0, s.contacts)
}

// Alone decodes one record as if it were the first that ever arrived: nothing is left out because an earlier
// batch stored it, and nothing is enriched.
func (d *Decoder) Alone(r *queue.Record) *Facts {
	f := newFacts(uuid.UUID{}, func(itemKey) bool { return false }, nil)
	d.Decode(r, f)
	return f
}

// rows is how many rows the batch has over all tables.
func (f *Facts) rows() int {
	return len(f.RawEvents) + 2*len(f.Messages) + len(f.Statuses) + len(f.Enrichments) + len(f.AccountEvents) +
		len(f.Contacts) + len(f.DeadLetters)
}

// claim says whether an item is new, and takes note of it.
func (f *Facts) claim(key itemKey) bool {
	if _, here := f.keys[key]; here {
		return false
	}
	if !f.replay && f.known(key) {
		return false
	}
	f.keys[key] = struct{}{}
	return true
}

// stored gives the keys of the items that are in the warehouse: those that it refused are not, and must not
// make a redelivery look like a duplicate.
func (f *Facts) stored(rejected warehouse.Rejections) []itemKey {
	refused := map[itemKey]bool{}
	for _, r := range rejected {
		switch r.Table {
		case "messages", "message_bodies":
			refused[messageKey(&f.Messages[r.Index])] = true
		case "statuses":
			refused[statusKey(&f.Statuses[r.Index])] = true
		case "account_events":
			refused[itemKey{dayOf(f.AccountEvents[r.Index].At), f.AccountEvents[r.Index].ID}] = true
		case "contacts":
			refused[contactKey(&f.Contacts[r.Index])] = true
		}
	}
	keys := make([]itemKey, 0, len(f.keys))
	for key := range f.keys {
		if !refused[key] {
			keys = append(keys, key)
		}
	}
	return keys
}

func (f *Facts) rawEvent(e parley.RawEvent) {
	if e.Part == 0 {
		f.Bodies++
	}
	f.RawEvents = append(f.RawEvents, e)
}

func (f *Facts) deadLetter(l parley.DeadLetter) {
	l.ID = parley.HashEvent("dead letter", string(l.Tenant), string(l.App), l.Stage, string(l.Body))
	f.DeadLetters = append(f.DeadLetters, l)
}

func (f *Facts) message(m parley.Message) {
	if !f.claim(messageKey(&m)) {
		f.Duplicates++
		return
	}
	f.Messages = append(f.Messages, m)
	if kept := &f.Messages[len(f.Messages)-1]; f.enrich != nil && kept.Enrichable() { // of m itself a copy would go to the heap
		f.Enrichments = append(f.Enrichments, f.enrich(kept))
	}
}

func (f *Facts) status(s parley.Status) {
	if !f.claim(statusKey(&s)) {
		f.Duplicates++
		return
	}
	f.Statuses = append(f.Statuses, s)
}

// event adds an account event. One without a time of its own is known by its arrival only, so its
// redelivery is looked for on the days before as well.
func (f *Facts) event(e parley.AccountEvent, timed bool) {
	key := itemKey{dayOf(e.At), e.ID}
	if !timed && !f.replay {
		for back := uint32(1); back <= redeliveryDays; back++ {
			if f.known(itemKey{key.day - back, e.ID}) {
				f.Duplicates++
				return
			}
		}
	}
	if !f.claim(key) {
		f.Duplicates++
		return
	}
	f.AccountEvents = append(f.AccountEvents, e)
}

// redeliveryDays is how long Meta redelivers.
const redeliveryDays = 7

// contact adds what is known about a person, unless the same was noted for that day. Repeated knowledge is
// no duplicate and is not counted as one.
func (f *Facts) contact(c parley.Contact) {
	if f.claim(contactKey(&c)) {
		f.Contacts = append(f.Contacts, c)
	}
}

func contactKey(c *parley.Contact) itemKey {
	return itemKey{dayOf(c.SeenAt), parley.HashEvent("contact", string(c.Tenant), c.Phone, string(c.User), string(c.ParentUser), c.Username, c.Name)}
}

// messageKey is the identity of one arrival of a message: its number, id and time, and also its type and the
// road it came by, because a placeholder of a history and the media that follows have the same id, and a
// message that came as history first is written again when it comes live. The table keeps the best.
func messageKey(m *parley.Message) itemKey {
	return itemKey{dayOf(m.SentAt), parley.HashEvent("message", string(m.Tenant), string(m.Number), string(m.ID), m.Type, string(m.Source), seconds(m.SentAt))}
}

// statusKey is the identity of a receipt: the message, the state and the recipient.
func statusKey(s *parley.Status) itemKey {
	return itemKey{dayOf(s.At), parley.HashEvent("status", string(s.Tenant), string(s.ID), s.Status, string(s.Recipient[:]), string(s.Group))}
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 36) }
