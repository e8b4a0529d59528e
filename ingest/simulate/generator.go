package simulate

import (
	"math/rand/v2"
	"time"

	"parley"
)

// Limits of what waits to be sent later, for each app.
const (
	maxReceipts      = 1 << 16
	maxHeldItems     = 1 << 14
	maxRedeliveries  = 64
	maxRedeliverSize = 256 << 10
)

// Generator makes a stream of webhook bodies. It is not safe for concurrent use.
type Generator struct {
	cfg        Config
	rng        *rand.Rand
	now        time.Time
	ids        ids
	repertoire *repertoire
	people     people
	lanes      []*lane
	laneAt     []int    // of each number
	display    [][]byte // of each number
	heads      [][]byte // of each number: how every value of it begins
	qualities  []int    // of each number: how many of phoneQualities it was told
	made       int64    // messages
	counts     counts

	// of the body being made
	batch   []item
	changes []change
	links   []int
	mark    uint32
	marks   []uint32 // of each key of a person: the mark of the last change that names them
	body    []byte
}

// lane is the traffic of one app; a body never mixes two.
type lane struct {
	index    int
	app      App
	signer   *signer
	numbers  []int // indexes of its numbers
	chats    []conversation
	step     uint64 // items so far: the time of the queues
	receipts queue[outgoing]
	held     queue[item] // items out of order, and copies to be sent again
	bodies   queue[redelivery]
	done     bool
}

// redelivery is a body to be sent again as it is.
type redelivery struct {
	body  []byte
	items int
}

// Request is one POST.
type Request struct {
	App       parley.AppID
	Body      []byte // valid until the next call of Next
	Signature string // value of SignatureHeader

	// Updates that occur here for the first time, by sort; messages include echoes.
	Messages, Statuses, Events int

	Repeated  int        // updates that occurred in an earlier body, or earlier in this one
	Duplicate bool       // nothing in it is new: a redelivery
	Items     []Identity // of the updates that are new, where Config.Identities asks for them
}

// New checks the configuration and prepares a Generator.
func New(cfg Config) (*Generator, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.Dialogues == nil {
		own, err := Dialogues()
		if err != nil {
			return nil, err
		}
		cfg.Dialogues = own
	}
	said, err := newRepertoire(cfg.Dialogues, cfg.Languages)
	if err != nil {
		return nil, err
	}
	if cfg.RunID == 0 {
		cfg.RunID = runID(cfg.Seed)
	}
	cfg.Contacts = max(cfg.Contacts, len(cfg.Apps)) // somebody writes to each app
	g := &Generator{
		cfg: cfg, rng: rand.New(rand.NewPCG(cfg.Seed, 0x7061726c6579)), ids: ids{run: cfg.RunID}, repertoire: said,
		people:    people{count: cfg.Contacts, lanes: len(cfg.Apps), late: cfg.Late, repertory: said, changed: make([]uint8, cfg.Contacts)},
		qualities: make([]int, len(cfg.Numbers)), marks: make([]uint32, cfg.Contacts*(maxChanges+1)),
	}
	for _, lang := range said.langs {
		g.people.langs = append(g.people.langs, newWords(lang))
	}
	g.prepareNumbers()
	g.counts.texts = make([]int64, len(said.langs))
	return g, nil
}

// prepareNumbers makes the lanes, and what is the same in every value of a number.
func (g *Generator) prepareNumbers() {
	for i, app := range g.cfg.Apps {
		l := &lane{index: i, app: app, signer: newSigner(app.Secret)}
		l.receipts.limit, l.held.limit, l.bodies.limit = maxReceipts, maxHeldItems, maxRedeliveries
		g.lanes = append(g.lanes, l)
	}
	for i, n := range g.cfg.Numbers {
		for _, l := range g.lanes {
			if l.app.ID == n.App {
				l.numbers = append(l.numbers, i)
				g.laneAt = append(g.laneAt, l.index)
			}
		}
		g.display = append(g.display, escaped(n.Display))
		head := append([]byte(nil), `{"messaging_product":"whatsapp","metadata":{"display_phone_number":"`...)
		head = appendEscaped(head, n.Display)
		head = append(head, `","phone_number_id":"`...)
		head = appendEscaped(head, string(n.ID))
		g.heads = append(g.heads, append(head, `"},`...))
	}
	for _, l := range g.lanes {
		l.chats = make([]conversation, max(1, g.cfg.Active*len(l.numbers)/len(g.cfg.Numbers)))
	}
}

func (g *Generator) laneOf(number int) *lane { return g.lanes[g.laneAt[number]] }

// Next makes the next body. It reports false when everything was made, including the receipts and the
// duplicates that were due.
func (g *Generator) Next() (Request, bool) {
	if now := g.cfg.Now(); now.After(g.now) {
		g.now = now
	}
	for l := g.pick(); l != nil; l = g.pick() {
		if again := l.bodies.due(l.step, false); again != nil {
			return g.redeliver(l, again), true
		}
		g.collect(l)
		if len(g.batch) > 0 {
			return g.finish(l), true
		}
		if again := l.bodies.due(l.step, true); again != nil {
			return g.redeliver(l, again), true
		}
		l.done = true
	}
	return Request{}, false
}

// pick chooses the app of the next body, by its part of the numbers; nil when all are done.
func (g *Generator) pick() *lane {
	l := g.lanes[0]
	if len(g.lanes) > 1 {
		l = g.lanes[g.laneAt[g.rng.IntN(len(g.laneAt))]]
	}
	for i := 0; l.done && i < len(g.lanes); i++ {
		l = g.lanes[i]
	}
	if l.done {
		return nil
	}
	return l
}

// collect collects the items of one body.
func (g *Generator) collect(l *lane) {
	g.batch = g.batch[:0]
	size := 0
	for n := g.batchSize(); len(g.batch) < n && size < maxBodyBytes; {
		at := len(g.batch)
		if at < cap(g.batch) {
			g.batch = g.batch[:at+1]
		} else {
			g.batch = append(g.batch, item{})
		}
		it := &g.batch[at]
		if !g.nextItem(l, it) {
			g.batch = g.batch[:at]
			return
		}
		size += len(it.json) + len(it.contacts)
		if !it.repeated {
			g.repeatLater(l, it)
		}
	}
}

// batchSize draws how many items a body has: mostly one, now and then up to MaxBatch.
func (g *Generator) batchSize() int {
	if g.cfg.Batch > 0 {
		return g.cfg.Batch
	}
	switch n := g.rng.IntN(1000); {
	case n < 850:
		return 1
	case n < 955:
		return 2 + g.rng.IntN(4)
	case n < 994:
		return 6 + g.rng.IntN(45)
	case n < 999:
		return 51 + g.rng.IntN(250)
	default:
		return 301 + g.rng.IntN(MaxBatch-300)
	}
}

// nextItem makes the next item of a lane: a receipt or a held item that is due, else something new; when
// nothing new is left to be made, whatever waits. It reports false when nothing waits either.
func (g *Generator) nextItem(l *lane, it *item) bool {
	for {
		l.step++
		over := g.cfg.Messages > 0 && g.made == g.cfg.Messages
		if o := l.receipts.due(l.step, over); o != nil {
			more := g.receipt(o, it)
			if more {
				l.receipts.push(l.step+1+g.rng.Uint64N(receiptDelays[o.stages[o.next].status]), o)
			} else {
				l.receipts.release(o)
			}
			return true
		}
		if waiting := l.held.due(l.step, over); waiting != nil {
			it.set(waiting)
			l.held.release(waiting)
			return true
		}
		if over {
			return false
		}
		if g.cfg.Event > 0 && g.rng.Float64() < g.cfg.Event {
			g.event(l, it)
			return true
		}
		if !g.say(l, it) {
			continue
		}
		g.made++
		if !g.hold(l, it) {
			return true
		}
	}
}

// hold keeps some items back, so that newer ones of the same chat overtake them.
func (g *Generator) hold(l *lane, it *item) bool {
	if g.cfg.Disorder == 0 || l.held.full() || g.rng.Float64() >= g.cfg.Disorder {
		return false
	}
	kept := l.held.alloc()
	kept.set(it)
	l.held.push(l.step+1+g.rng.Uint64N(uint64(50+2*len(l.chats))), kept)
	g.counts.held++
	return true
}

// repeatLater schedules a copy of some items. The other half of the duplicates are whole bodies.
func (g *Generator) repeatLater(l *lane, it *item) {
	if g.cfg.Duplicate == 0 || l.held.full() || g.rng.Float64() >= g.cfg.Duplicate/2 {
		return
	}
	again := l.held.alloc()
	again.set(it)
	again.repeated = true
	l.held.push(l.step+g.repeatDelay(), again)
}

// repeatDelay is how many items go by before something is sent again: mostly few, sometimes thousands.
func (g *Generator) repeatDelay() uint64 {
	return 1 + g.rng.Uint64N(2<<g.rng.IntN(13))
}

// finish composes, signs and counts a body.
func (g *Generator) finish(l *lane) Request {
	g.body = g.compose(g.body[:0])
	r := Request{App: l.app.ID, Body: g.body, Signature: l.signer.sign(g.body)}
	for i := range g.batch {
		it := &g.batch[i]
		g.counts.add(it)
		switch {
		case it.repeated:
			r.Repeated++
			continue
		case it.kind == itemStatus:
			r.Statuses++
		case it.kind == itemEvent:
			r.Events++
		default:
			r.Messages++
		}
		if g.cfg.Identities {
			r.Items = append(r.Items, it.identity)
		}
	}
	r.Duplicate = r.Repeated == len(g.batch)
	g.counts.post(&r)
	if g.cfg.Duplicate > 0 && len(g.body) <= maxRedeliverSize && !l.bodies.full() && g.rng.Float64() < g.cfg.Duplicate/2 {
		again := l.bodies.alloc()
		again.body, again.items = append(again.body[:0], g.body...), len(g.batch)
		l.bodies.push(l.step+g.repeatDelay(), again)
	}
	return r
}

// redeliver sends a body again.
func (g *Generator) redeliver(l *lane, again *redelivery) Request {
	g.body = append(g.body[:0], again.body...)
	items := again.items
	l.bodies.release(again)
	g.counts.repeated += int64(items)
	r := Request{App: l.app.ID, Body: g.body, Signature: l.signer.sign(g.body), Repeated: items, Duplicate: true}
	g.counts.post(&r)
	return r
}
