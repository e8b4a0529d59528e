package simulate

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"parley"
)

// inbound writes a message from a customer and remembers what later ones refer to.
func (g *Generator) inbound(c *conversation, k kind, words text, it *item) {
	p := g.speaker(c, k)
	number := c.members[0].number
	it.reset(itemMessage, number)
	id := g.ids.next(p.phone, true)
	at := g.stamp(c)
	g.describe(it, k, id, at, c)

	b := append(it.json, '{')
	b = g.appendContext(b, c, k, c.lastOut.bytes(), g.display[number])
	if k == kindReferral {
		b = g.appendReferral(b)
	}
	b = p.appendParty(b, "from", "from_user_id")
	if len(c.groupID) > 0 {
		b = append(b, `"group_id":"`...)
		b = append(b, c.groupID...)
		b = append(b, `",`...)
	}
	b = appendHead(b, &id, at, k)
	var next person // after a change of phone number
	switch k {
	case kindReactionRemoved:
		b = g.appendReaction(b, c.reacted.bytes(), nil)
		c.reacted = wamid{}
	case kindReaction:
		b = g.appendReaction(b, c.lastOut.bytes(), reactions[g.rng.IntN(len(reactions))])
		c.reacted = c.lastOut
	case kindEdit:
		b = g.appendEdit(b, c, c.lastIn.bytes(), c.saidIn)
	case kindRevoke:
		b = appendOriginal(b, "revoke", c.lastIn.bytes())
		b = append(b, '}')
	case kindSystem:
		b, next = g.appendNumberChange(b, p)
	default:
		b = g.appendContent(b, c, k, words)
	}
	it.json = append(b, '}')
	if k != kindSystem {
		it.contact, it.contacts = p.key(), p.appendContact(it.contacts, true)
	} else {
		next.late = p.late
		*p = next
	}
	c.rememberIn(k, id, words)
}

// rememberIn keeps what a later reply, edit, revoke or reaction is about.
func (c *conversation) rememberIn(k kind, id wamid, words text) {
	switch {
	case k == kindRevoke:
		c.lastIn, c.saidIn = wamid{}, nil
	case k == kindEdit || k == kindReaction || k == kindReactionRemoved || k == kindSystem || k == kindUnsupported:
	case wireTypes[k] == "text":
		c.lastIn, c.saidIn = id, words
	default:
		c.lastIn, c.saidIn = id, nil
	}
}

// echo writes a message that the business sent from its phone, and schedules its receipts.
func (g *Generator) echo(l *lane, c *conversation, k kind, words text, it *item) {
	customer := &c.members[0]
	it.reset(itemEcho, customer.number)
	id := g.ids.next(customer.phone, false)
	at := g.stamp(c)
	g.describe(it, k, id, at, c)

	b := append(it.json, '{')
	b = g.appendContext(b, c, k, c.lastIn.bytes(), customer.shownPhone())
	b = append(b, `"from":"`...)
	b = append(b, g.display[customer.number]...)
	b = append(b, `",`...)
	b = customer.appendParty(b, "to", "to_user_id")
	it.contact, it.contacts = customer.key(), customer.appendContact(it.contacts, true)
	b = appendHead(b, &id, at, k)
	switch k {
	case kindReaction:
		b = g.appendReaction(b, c.lastIn.bytes(), reactions[g.rng.IntN(len(reactions))])
	case kindEdit:
		b = g.appendEdit(b, c, c.lastOut.bytes(), c.saidOut)
	case kindRevoke:
		b = appendOriginal(b, "revoke", c.lastOut.bytes())
		b = append(b, '}')
	default:
		b = g.appendContent(b, c, k, words)
	}
	it.json = append(b, '}')
	switch k {
	case kindReaction, kindEdit:
		return
	case kindRevoke:
		c.saidOut = nil
		return
	}
	c.lastOut, c.saidOut = id, nil
	if wireTypes[k] == "text" {
		c.saidOut = words
	}
	g.expectReceipts(l, c, id, at, k)
}

// unseen is a message sent by the API: nothing of it is seen here but its receipts.
func (g *Generator) unseen(l *lane, c *conversation) {
	id := g.ids.next(c.members[0].phone, false)
	c.lastOut, c.saidOut = id, nil
	g.expectReceipts(l, c, id, g.stamp(c), kindText)
}

// describe notes about an item what is counted and what identifies it.
func (g *Generator) describe(it *item, k kind, id wamid, at int64, c *conversation) {
	it.label, it.late = k, c.isLate()
	if wireTypes[k] == "text" {
		it.language = c.members[0].lang
	}
	if g.cfg.Identities {
		g.identify(it, parley.WAMID(id.bytes()), at)
		it.identity.Type = wireTypes[k]
	}
}

// appendHead appends what every message has.
func appendHead(b []byte, id *wamid, at int64, k kind) []byte {
	b = append(b, `"id":"`...)
	b = append(b, id.bytes()...)
	b = append(b, `","timestamp":"`...)
	b = strconv.AppendInt(b, at, 10)
	b = append(b, `","type":"`...)
	b = append(b, wireTypes[k]...)
	return append(b, `",`...)
}

// appendContext appends what a message answers or where it was taken from. The quick reply of a template
// has none now and then, as in life.
func (g *Generator) appendContext(b []byte, c *conversation, k kind, id, from []byte) []byte {
	switch k {
	case kindForwarded:
		return append(b, `"context":{"forwarded":true},`...)
	case kindFrequentlyForwarded:
		return append(b, `"context":{"frequently_forwarded":true},`...)
	case kindButton:
		if len(id) == 0 || g.rng.IntN(8) == 0 {
			return b
		}
	case kindReply, kindProduct, kindButtonReply, kindListReply, kindFlowReply, kindCallPermission:
	default:
		return b
	}
	b = append(b, `"context":{`...)
	if len(from) > 0 {
		b = append(b, `"from":"`...)
		b = append(b, from...)
		b = append(b, `",`...)
	}
	b = append(b, `"id":"`...)
	b = append(b, id...)
	b = append(b, '"')
	if k == kindProduct {
		b = append(b, `,"referred_product":{"catalog_id":"194800000000001","product_retailer_id":"sku-`...)
		b = strconv.AppendInt(b, g.rng.Int64N(400), 10)
		b = append(b, `"}`...)
	}
	return append(b, `},`...)
}

// appendReferral appends the ad that a customer came from.
func (g *Generator) appendReferral(b []byte) []byte {
	ad := int64(g.rng.IntN(12))
	b = append(b, `"referral":{"source_url":"https:\/\/fb.example\/ad`...)
	b = strconv.AppendInt(b, ad, 10)
	b = append(b, `","source_id":"1202260000000`...)
	b = strconv.AppendInt(b, 10_000+ad, 10)
	b = append(b, `","source_type":"ad","body":"Book this week and save 15 %","headline":"Chat with us","media_type":"image","image_url":"https:\/\/media.example\/ads\/`...)
	b = strconv.AppendInt(b, ad, 10)
	b = append(b, `.jpg","ctwa_clid":"Aff`...)
	b = g.appendRandom(b, base64.RawURLEncoding, 48)
	return append(b, `","welcome_message":{"text":"Hi! How can we help?"}},`...)
}

// appendRandom appends n random bytes, at most 64, in an encoding.
func (g *Generator) appendRandom(b []byte, enc *base64.Encoding, n int) []byte {
	var raw [64]byte
	for i := 0; i < n; i += 8 {
		binary.LittleEndian.PutUint64(raw[i:], g.rng.Uint64())
	}
	return enc.AppendEncode(b, raw[:n])
}

// appendOriginal opens the object of an edit or a revoke.
func appendOriginal(b []byte, name string, id []byte) []byte {
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":{"original_message_id":"`...)
	b = append(b, id...)
	return append(b, '"')
}

// appendEdit says the last words again, with a time added.
func (g *Generator) appendEdit(b []byte, c *conversation, id []byte, said text) []byte {
	b = appendOriginal(b, "edit", id)
	b = append(b, `,"message":{"type":"text","text":{"body":"`...)
	b = said.append(b, &c.values)
	b = append(b, " ("...)
	b = append(b, c.values[slotTime]...)
	return append(b, `)"}}}`...)
}

// reactions are the emoji of reactions, escaped.
var reactions = escapedAll([]string{"👍", "❤️", "🙏", "😂", "😮", "😢", "🎉", "👍🏽"})

// appendReaction appends a reaction; without an emoji it takes one back, which WhatsApp writes in one of
// two ways.
func (g *Generator) appendReaction(b, target, emoji []byte) []byte {
	b = append(b, `"reaction":{"message_id":"`...)
	b = append(b, target...)
	b = append(b, '"')
	if emoji != nil || g.rng.IntN(2) == 0 {
		b = append(b, `,"emoji":"`...)
		b = append(b, emoji...)
		b = append(b, '"')
	}
	return append(b, '}')
}

// appendNumberChange appends a change of phone number and gives the person as they are from now on.
func (g *Generator) appendNumberChange(b []byte, p *person) ([]byte, person) {
	g.people.changed[p.index]++
	next := g.people.get(p.index, g.laneOf(p.number))
	b = append(b, `"system":{"body":"User `...)
	b = append(b, p.first...)
	b = append(b, " changed from "...)
	b = append(b, p.phone[:]...)
	b = append(b, " to "...)
	b = append(b, next.phone[:]...)
	b = append(b, `","wa_id":"`...)
	b = append(b, next.phone[:]...)
	return append(b, `","type":"user_changed_number"}`...), next
}
