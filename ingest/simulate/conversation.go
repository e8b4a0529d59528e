package simulate

import (
	"encoding/base64"
	"strconv"
	"time"
)

// maxMembers bounds the people of a group who say something.
const maxMembers = 3

// conversation is one chat going on: a person or a group, a dialogue, and where in it they are.
type conversation struct {
	members  [maxMembers]person // the first is the customer; the others are there in groups only
	memberNo int                // how many
	groupID  []byte             // empty outside groups
	script   *script
	turn     int
	last     int64 // Unix seconds of the newest message; times never run backwards
	values   slots

	lastIn, lastOut wamid // the newest message of each side; empty before there is one
	saidIn, saidOut text  // their words; nil where they cannot be edited
	saidBy          int   // the member who wrote lastIn
	reacted         wamid // what that or another member last reacted to
}

// begin puts a new chat in the place of one that ended. The buffers are kept.
func (g *Generator) begin(c *conversation, l *lane) {
	count := (g.people.count - l.index + g.people.lanes - 1) / g.people.lanes // people of this lane
	at := g.rng.IntN(count)
	group := count >= maxMembers && g.rng.IntN(1000) < groupPermille
	values := c.values
	*c = conversation{groupID: c.groupID[:0], memberNo: 1}
	c.members[0] = g.person(at, l)
	number := c.members[0].number
	if group {
		c.memberNo = maxMembers
		c.groupID = appendGroupID(c.groupID, g.cfg.Numbers[number].Display, c.members[0].index)
		for i := range c.members {
			c.members[i] = g.person((at+i)%count, l)
			c.members[i].number = number // they write in the group, whatever number they know
			c.members[i].late = 0        // a group's order is everybody's order
		}
	}
	customer := &c.members[0]
	scripts := g.repertoire.scripts[customer.lang]
	c.script = &scripts[g.rng.IntN(len(scripts))]
	g.fill(&values, customer)
	c.values = values
}

func (g *Generator) person(at int, l *lane) person {
	return g.people.get(uint32(at*g.people.lanes+l.index), l)
}

// fill draws what the slots of a chat stand for.
func (g *Generator) fill(v *slots, customer *person) {
	w := &g.people.langs[customer.lang]
	v[slotName] = append(v[slotName][:0], customer.first...)
	v[slotAgent] = append(v[slotAgent][:0], w.first[g.rng.IntN(len(w.first))]...)
	v[slotOrder] = append(v[slotOrder][:0], byte('A'+g.rng.IntN(26)), '-')
	v[slotOrder] = strconv.AppendInt(v[slotOrder], 10_000+g.rng.Int64N(90_000), 10)
	minute := g.rng.IntN(4) * 15
	v[slotTime] = strconv.AppendInt(v[slotTime][:0], 8+g.rng.Int64N(11), 10)
	v[slotTime] = append(v[slotTime], ':', byte('0'+minute/10), byte('0'+minute%10))
	v[slotDay] = append(v[slotDay][:0], w.days[g.rng.IntN(7)]...)
	v[slotAmount] = strconv.AppendInt(v[slotAmount][:0], 20+g.rng.Int64N(1500), 10)
}

// appendGroupID makes the id of the group that a person opened at a number.
func appendGroupID(dst []byte, display string, index uint32) []byte {
	raw := append(make([]byte, 0, 64), "capi_group:"...)
	raw = append(raw, display...)
	raw = append(raw, ":1203634"...)
	raw = strconv.AppendUint(raw, 10_000_000_000+uint64(index), 10)
	dst = base64.RawURLEncoding.AppendEncode(dst, raw)
	return append(dst, "ZD"...)
}

// speaker picks whoever of the customers says something next; only who wrote a message edits it or takes
// it back.
func (g *Generator) speaker(c *conversation, k kind) *person {
	if c.memberNo > 1 && k != kindEdit && k != kindRevoke {
		c.saidBy = g.rng.IntN(c.memberNo)
	}
	return &c.members[c.saidBy]
}

// stamp is the time of the next message of a chat: the clock, less the lateness, never before the last.
func (g *Generator) stamp(c *conversation) int64 {
	c.last = max(c.last, g.now.Add(-c.members[0].late).Unix())
	return c.last
}

// say makes the next message of a chat of the lane. It reports false where that message is known by its
// receipts only, so that there is nothing to send yet.
func (g *Generator) say(l *lane, it *item) bool {
	c := &l.chats[g.rng.IntN(len(l.chats))]
	if c.script == nil || c.turn == len(c.script.turns) {
		g.begin(c, l)
	}
	now := &c.script.turns[c.turn]
	if now.inbound {
		k := g.drawInbound(c)
		if k.speaks() {
			c.turn++
		}
		g.inbound(c, k, now.text, it)
		return true
	}
	number := &g.cfg.Numbers[c.members[0].number]
	if !number.Coexistence || c.memberNo > 1 || g.rng.IntN(1000) < receiptOnlyPermille { // groups are the API's
		c.turn++
		g.unseen(l, c)
		return false
	}
	k := g.drawEcho(c)
	if k.speaks() {
		c.turn++
	}
	g.echo(l, c, k, now.text, it)
	return true
}

// drawInbound draws a kind, and falls back to plain text where the chat has not the past that it needs.
func (g *Generator) drawInbound(c *conversation) kind {
	random := g.rng.IntN(1_000_000)
	k := inboundKinds[random%1000]
	if c.lastIn.empty() && c.lastOut.empty() && random/1000 < referralPermille {
		return kindReferral
	}
	if k == kindReaction && !c.reacted.empty() { // whoever has reacted takes it back
		k = kindReactionRemoved
	}
	needs := true
	switch k {
	case kindReply, kindProduct, kindButtonReply, kindListReply, kindFlowReply, kindCallPermission, kindReaction:
		needs = !c.lastOut.empty()
	case kindReactionRemoved:
		needs = !c.reacted.empty()
	case kindEdit:
		needs = c.saidIn != nil
	case kindRevoke:
		needs = !c.lastIn.empty()
	case kindSystem:
		p := &c.members[0]
		needs = c.memberNo == 1 && !p.hidden && g.people.changed[p.index] < maxChanges
	}
	if !needs {
		return kindText
	}
	return k
}

func (g *Generator) drawEcho(c *conversation) kind {
	k := echoKinds[g.rng.IntN(1000)]
	needs := true
	switch k {
	case kindReply, kindReaction:
		needs = !c.lastIn.empty()
	case kindEdit:
		needs = c.saidOut != nil
	case kindRevoke:
		needs = c.saidOut != nil && !c.lastOut.empty()
	}
	if !needs {
		return kindText
	}
	return k
}

// isLate says whether what the chat says counts as a late arrival.
func (c *conversation) isLate() bool { return c.members[0].late >= time.Hour }
