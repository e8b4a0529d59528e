package simulate

import (
	"strconv"
	"time"

	"parley"
)

// status is the state that a receipt reports.
type status uint8

const (
	statusSent status = iota
	statusDelivered
	statusRead
	statusPlayed
	statusFailed
	statusCount
)

var statusNames = [statusCount]string{"sent", "delivered", "read", "played", "failed"}

// stage is one receipt to come: a state, and in a group the member it is about (-1: the group).
type stage struct {
	status status
	member int8
}

// maxStages is enough for a group: sent, and two states of each member.
const maxStages = 2 + 2*maxMembers

// outgoing is a message of the business whose receipts are still to come.
type outgoing struct {
	id       wamid
	members  [maxMembers]person
	groupID  [64]byte
	groupLen int
	sentAt   int64
	last     int64 // time of the newest receipt so far
	category int   // index in categories
	failure  int   // index in failures
	callback bool
	window   bool
	stages   [maxStages]stage
	stageNo  int
	next     int
}

// categories are what Meta charges for, escaped and ready.
var categories = [...]string{
	`"pricing":{"billable":false,"pricing_model":"PMP","type":"free_customer_service","category":"service"}`,
	`"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"utility"}`,
	`"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"marketing"}`,
	`"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"authentication"}`,
	`"pricing":{"billable":false,"pricing_model":"PMP","type":"free_entry_point","category":"referral_conversion"}`,
}

// failures are the commonest reasons of a failed status.
var failures = [...]struct {
	code           int
	title, details string
}{
	{131047, "Re-engagement message", "Message failed to send because more than 24 hours have passed since the customer last replied to this number."},
	{131026, "Message undeliverable", "Message Undeliverable."},
	{131049, "This message was not delivered to maintain healthy ecosystem engagement.", "In order to maintain a healthy ecosystem engagement, the message failed to be delivered."},
	{130472, "User's number is part of an experiment", "Failed to send message because this user's phone number is part of an experiment"},
}

// failedPermille is how many of 1000 messages of the business fail.
const failedPermille = 15

// expectReceipts schedules the receipts of a message of the business.
func (g *Generator) expectReceipts(l *lane, c *conversation, id wamid, at int64, k kind) {
	o := l.receipts.alloc()
	*o = outgoing{
		id: id, members: c.members, sentAt: at, last: at,
		category: g.drawCategory(), failure: g.rng.IntN(len(failures)),
		callback: g.rng.IntN(6) == 0, window: g.rng.IntN(10) == 0,
	}
	o.groupLen = copy(o.groupID[:], c.groupID)
	switch {
	case g.rng.IntN(1000) < failedPermille && o.groupLen == 0:
		if g.rng.IntN(2) == 0 {
			o.plan(statusSent, -1)
		}
		o.plan(statusFailed, -1)
	case o.groupLen > 0:
		o.plan(statusSent, -1)
		for m := range int8(c.memberNo) {
			o.plan(statusDelivered, m)
			if g.rng.IntN(3) > 0 {
				o.plan(statusRead, m)
			}
		}
	default:
		g.planPrivate(o, k)
	}
	l.receipts.push(l.step+1+g.rng.Uint64N(8), o)
}

func (o *outgoing) plan(s status, member int8) {
	o.stages[o.stageNo] = stage{s, member}
	o.stageNo++
}

// planPrivate plans the receipts of a message to one person: not everybody reads, or lets it be known;
// "delivered" may be missing; and the order may be wrong.
func (g *Generator) planPrivate(o *outgoing, k kind) {
	o.plan(statusSent, -1)
	read := g.rng.IntN(100) < 72
	if !read || g.rng.IntN(100) > 0 {
		o.plan(statusDelivered, -1)
	}
	if read {
		o.plan(statusRead, -1)
		if k == kindVoice {
			o.plan(statusPlayed, -1)
		}
	}
	if o.stageNo > 1 && g.rng.Float64() < g.cfg.Disorder {
		i := g.rng.IntN(o.stageNo - 1)
		o.stages[i], o.stages[i+1] = o.stages[i+1], o.stages[i]
	}
}

func (g *Generator) drawCategory() int {
	switch n := g.rng.IntN(100); {
	case n < 76:
		return 0
	case n < 88:
		return 1
	case n < 95:
		return 2
	case n < 97:
		return 3
	default:
		return 4
	}
}

// receiptDelays are the most items that go by before the receipt that comes next.
var receiptDelays = [statusCount]uint64{8, 60, 1500, 400, 60}

// receipt writes the next receipt of a message and says whether there are more.
func (g *Generator) receipt(o *outgoing, it *item) bool {
	now := o.stages[o.next]
	o.next++
	at := g.receiptTime(o, now.status)
	p := &o.members[max(0, now.member)]
	it.reset(itemStatus, o.members[0].number)
	it.status, it.late = now.status, p.late >= time.Hour

	b := append(it.json, `{"id":"`...)
	b = append(b, o.id.bytes()...)
	b = append(b, `","status":"`...)
	b = append(b, statusNames[now.status]...)
	b = append(b, `","timestamp":"`...)
	b = strconv.AppendInt(b, at, 10)
	b = append(b, `",`...)
	switch {
	case o.groupLen > 0:
		b = append(b, `"recipient_id":"`...)
		b = append(b, o.groupID[:o.groupLen]...)
		b = append(b, `","recipient_type":"group",`...)
		if now.member >= 0 {
			b = p.appendParty(b, "recipient_participant_id", "recipient_participant_user_id")
		}
	case now.status == statusFailed && !p.hidden:
		b = append(b, `"recipient_id":"`...)
		b = append(b, p.phone[:]...)
		b = append(b, `",`...)
	default:
		b = p.appendParty(b, "recipient_id", "recipient_user_id")
	}
	b = g.appendOutcome(b, o, now.status, at)
	it.json = append(b, '}')
	if now.status != statusFailed && (o.groupLen == 0 || now.member >= 0) {
		it.contact, it.contacts = p.key(), p.appendContact(it.contacts, now.status != statusSent)
	}
	if g.cfg.Identities {
		g.identifyReceipt(it, o, now, p, at)
	}
	return o.next < o.stageNo
}

// receiptTime is the clock's time, less the lateness; a state that is reported after a later one happened
// before that one.
func (g *Generator) receiptTime(o *outgoing, s status) int64 {
	for _, before := range o.stages[:o.next-1] {
		if before.status > s && o.groupLen == 0 {
			return o.sentAt
		}
	}
	o.last = max(o.last, g.now.Add(-o.members[0].late).Unix())
	return o.last
}

// appendOutcome appends what the state brings with it: errors, or what it costs.
func (g *Generator) appendOutcome(b []byte, o *outgoing, s status, at int64) []byte {
	if o.callback {
		b = append(b, `"biz_opaque_callback_data":"order-`...)
		b = strconv.AppendInt(b, o.sentAt%100_000, 10)
		b = append(b, `",`...)
	}
	if s == statusFailed {
		f := &failures[o.failure]
		b = append(b, `"errors":[{"code":`...)
		b = strconv.AppendInt(b, int64(f.code), 10)
		b = append(b, `,"title":"`...)
		b = append(b, f.title...)
		b = append(b, `","message":"`...)
		b = append(b, f.title...)
		b = append(b, `","error_data":{"details":"`...)
		b = append(b, f.details...)
		return append(b, `"},"href":"\/documentation\/business-messaging\/whatsapp\/support\/error-codes"}]`...)
	}
	if s == statusSent && o.window {
		b = append(b, `"conversation":{"id":"`...)
		for range 4 {
			b = appendHex(b, g.rng.Uint32())
		}
		b = append(b, `","expiration_timestamp":"`...)
		b = strconv.AppendInt(b, at+24*3600, 10)
		b = append(b, `","origin":{"type":"service"}},`...)
	}
	return append(b, categories[o.category]...)
}

func appendHex(b []byte, x uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, hexDigits[x>>shift&15])
	}
	return b
}

func (g *Generator) identifyReceipt(it *item, o *outgoing, now stage, p *person, at int64) {
	g.identify(it, parley.WAMID(o.id.bytes()), at)
	it.identity.Status = statusNames[now.status]
	if o.groupLen == 0 {
		it.identity.Recipient = p.id()
		return
	}
	it.identity.Recipient = string(o.groupID[:o.groupLen])
	if now.member >= 0 {
		it.identity.Participant = p.id()
	}
}
