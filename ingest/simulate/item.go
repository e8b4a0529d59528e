package simulate

import "parley"

// itemKind says where in a webhook an item belongs.
type itemKind uint8

const (
	itemMessage itemKind = iota // `messages`
	itemEcho                    // `message_echoes`
	itemStatus                  // `statuses`
	itemEvent                   // a change of its own
)

// item is one update of a webhook. Its buffers are kept and used again.
type item struct {
	kind     itemKind
	number   int
	contact  uint32 // key of the person in contacts; 0 for nobody
	contacts []byte // the element of `contacts`
	json     []byte // the element of `messages`, `message_echoes` or `statuses`; of an event, its whole entry
	repeated bool   // it was sent before
	language int    // of a text; -1 for others
	label    kind   // of a message or an echo
	status   status // of a receipt
	late     bool
	identity Identity // filled only where the Config asks for it
}

func (it *item) reset(k itemKind, number int) {
	*it = item{kind: k, number: number, contacts: it.contacts[:0], json: it.json[:0], language: -1}
}

// set makes it a copy of another item, in its own buffers.
func (it *item) set(from *item) {
	contacts, json := append(it.contacts[:0], from.contacts...), append(it.json[:0], from.json...)
	*it = *from
	it.contacts, it.json = contacts, json
}

// Identity is what makes an update that update, and no other: what must be found in a warehouse exactly
// once after any number of deliveries.
type Identity struct {
	Item        string               `json:"item"` // message, echo, status or event
	App         parley.AppID         `json:"app,omitempty"`
	WABA        parley.WABAID        `json:"waba_id"`
	Number      parley.PhoneNumberID `json:"phone_number_id,omitempty"`
	ID          parley.WAMID         `json:"id,omitempty"`   // of a message, or of the message that a status is about
	Type        string               `json:"type,omitempty"` // of a message; the field of an event
	Status      string               `json:"status,omitempty"`
	Recipient   string               `json:"recipient,omitempty"`   // phone number, else user id; the group's id in groups
	Participant string               `json:"participant,omitempty"` // in groups: who of them
	At          int64                `json:"at"`                    // Unix seconds
}

var itemNames = [...]string{"message", "echo", "status", "event"}

// identify starts the identity of an item.
func (g *Generator) identify(it *item, id parley.WAMID, at int64) {
	n := &g.cfg.Numbers[it.number]
	it.identity = Identity{Item: itemNames[it.kind], App: n.App, WABA: n.WABA, Number: n.ID, ID: id, At: at}
}
