package simulate

import (
	"encoding/base64"
	"strconv"
)

// appendContent appends the member that a message is named after, for the kinds that refer to no other
// message.
func (g *Generator) appendContent(b []byte, c *conversation, k kind, words text) []byte {
	switch k {
	case kindImage, kindVideo, kindAudio, kindVoice, kindDocument, kindSticker:
		return g.appendMedia(b, c, k, words)
	case kindLocation:
		return g.appendLocation(b)
	case kindContacts:
		return g.appendCards(b, c)
	case kindButtonReply, kindListReply, kindFlowReply, kindCallPermission:
		return g.appendInteractive(b, c, k)
	case kindButton:
		b = append(b, `"button":{"payload":"`...)
		return g.appendAnswer(b, c, `","text":"`, `"}`)
	case kindOrder:
		return g.appendOrder(b)
	case kindUnsupported:
		b = append(b, `"errors":[{"code":131051,"title":"Message type unknown","message":"Message type unknown","error_data":{"details":"Message type is currently not supported."}}]`...)
		if g.rng.IntN(2) == 0 {
			b = append(b, `,"unsupported":{"type":"poll"}`...)
		}
		return b
	default:
		b = append(b, `"text":{"body":"`...)
		b = words.append(b, &c.values)
		return append(b, `"}`...)
	}
}

// media is what differs between the kinds of files.
type media struct{ member, mime, extra string }

var mediaKinds = map[kind]media{
	kindImage:    {"image", `image\/jpeg`, ""},
	kindVideo:    {"video", `video\/mp4`, ""},
	kindAudio:    {"audio", `audio\/mpeg`, `,"voice":false`},
	kindVoice:    {"audio", `audio\/ogg; codecs=opus`, `,"voice":true`},
	kindDocument: {"document", `application\/pdf`, ""},
	kindSticker:  {"sticker", `image\/webp`, `,"animated":false`},
}

func (g *Generator) appendMedia(b []byte, c *conversation, k kind, words text) []byte {
	m := mediaKinds[k]
	b = append(b, '"')
	b = append(b, m.member...)
	b = append(b, `":{`...)
	if k.speaks() { // the line of the dialogue is the caption
		b = append(b, `"caption":"`...)
		b = words.append(b, &c.values)
		b = append(b, `",`...)
	}
	if k == kindDocument {
		b = append(b, `"filename":"`...)
		b = append(b, c.values[slotOrder]...)
		b = append(b, `.pdf",`...)
	}
	b = append(b, `"mime_type":"`...)
	b = append(b, m.mime...)
	b = append(b, `","sha256":"`...)
	from := len(b)
	b = g.appendRandom(b, base64.StdEncoding, 32)
	b = escapeSlashes(b, from)
	serial := g.ids.serial()
	b = append(b, `","id":"`...)
	b = strconv.AppendUint(b, serial, 10)
	b = append(b, '"')
	b = append(b, m.extra...)
	if serial%2 == 0 { // newer webhooks carry the address
		b = append(b, `,"url":"https:\/\/media.example\/attachments\/?mid=`...)
		b = strconv.AppendUint(b, serial, 10)
		b = append(b, `&source=webhook"`...)
	}
	return append(b, '}')
}

// escapeSlashes writes \/ for every / from a position on.
func escapeSlashes(b []byte, from int) []byte {
	for i := from; i < len(b); i++ {
		if b[i] == '/' {
			b = append(b, 0)
			copy(b[i+1:], b[i:])
			b[i] = '\\'
			i++
		}
	}
	return b
}

func (g *Generator) appendLocation(b []byte) []byte {
	b = append(b, `"location":{"latitude":`...)
	b = strconv.AppendFloat(b, float64(g.rng.IntN(120_000_000)-60_000_000)/1e6, 'f', -1, 64)
	b = append(b, `,"longitude":`...)
	b = strconv.AppendFloat(b, float64(g.rng.IntN(360_000_000)-180_000_000)/1e6, 'f', -1, 64)
	if g.rng.IntN(2) == 0 {
		b = append(b, `,"name":"Caf\u00e9 Central","address":"`...)
		b = strconv.AppendInt(b, 1+g.rng.Int64N(200), 10)
		b = append(b, ` Harbour Road","url":"https:\/\/maps.example\/?cid=200"`...)
	}
	return append(b, '}')
}

// appendCards appends one shared contact.
func (g *Generator) appendCards(b []byte, c *conversation) []byte {
	w := &g.people.langs[c.members[0].lang]
	first, last := w.first[g.rng.IntN(len(w.first))], w.last[g.rng.IntN(len(w.last))]
	b = append(b, `"contacts":[{"name":{"first_name":"`...)
	b = append(b, first...)
	b = append(b, `","last_name":"`...)
	b = append(b, last...)
	b = append(b, `","formatted_name":"`...)
	b = append(b, first...)
	b = append(b, ' ')
	b = append(b, last...)
	b = append(b, `"},"org":{"company":"Harbour & Sons"},"phones":[{"phone":"+`...)
	phone := firstPhone - 1_000_000 + uint64(g.rng.IntN(900_000))
	b = strconv.AppendUint(b, phone, 10)
	b = append(b, `","wa_id":"`...)
	b = strconv.AppendUint(b, phone, 10)
	return append(b, `","type":"CELL"}]}]`...)
}

// appendAnswer appends one of two short answers twice: as what a program reads, and as what people read.
func (g *Generator) appendAnswer(b []byte, c *conversation, between, after string) []byte {
	w := &g.people.langs[c.members[0].lang]
	id, title := "confirm", w.yes
	if g.rng.IntN(3) == 0 {
		id, title = "cancel", w.no
	}
	b = append(b, id...)
	b = append(b, between...)
	b = append(b, title...)
	return append(b, after...)
}

func (g *Generator) appendInteractive(b []byte, c *conversation, k kind) []byte {
	w := &g.people.langs[c.members[0].lang]
	switch k {
	case kindButtonReply:
		b = append(b, `"interactive":{"type":"button_reply","button_reply":{"id":"`...)
		return g.appendAnswer(b, c, `","title":"`, `"}}`)
	case kindListReply:
		b = append(b, `"interactive":{"type":"list_reply","list_reply":{"id":"choice_`...)
		b = strconv.AppendInt(b, g.rng.Int64N(10), 10)
		b = append(b, `","title":"`...)
		b = append(b, w.choice...)
		if g.rng.IntN(3) > 0 {
			b = append(b, `","description":"`...)
			b = append(b, w.detail...)
		}
		return append(b, `"}}`...)
	case kindFlowReply:
		b = append(b, `"interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{\"preferred_day\":\"`...)
		b = append(b, c.values[slotTime]...)
		b = append(b, `\",\"rating\":\"`...)
		b = strconv.AppendInt(b, 1+g.rng.Int64N(5), 10)
		b = append(b, `\",\"flow_token\":\"`...)
		b = g.appendRandom(b, base64.RawURLEncoding, 16)
		return append(b, `\"}","body":"Sent","name":"flow"}}`...)
	default:
		b = append(b, `"interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"`...)
		if g.rng.IntN(2) == 0 {
			return append(b, `reject","response_source":"user_action"}}`...)
		}
		b = append(b, `accept","expiration_timestamp":`...)
		b = strconv.AppendInt(b, c.last+7*24*3600, 10)
		return append(b, `,"response_source":"user_action"}}`...)
	}
}

func (g *Generator) appendOrder(b []byte) []byte {
	b = append(b, `"order":{"catalog_id":"194800000000001","text":"","product_items":[`...)
	for i := range 1 + g.rng.IntN(4) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"product_retailer_id":"sku-`...)
		b = strconv.AppendInt(b, g.rng.Int64N(400), 10)
		b = append(b, `","quantity":`...)
		b = strconv.AppendInt(b, 1+g.rng.Int64N(5), 10)
		b = append(b, `,"item_price":`...)
		b = strconv.AppendFloat(b, float64(100+g.rng.IntN(20_000))/100, 'f', -1, 64)
		b = append(b, `,"currency":"USD"}`...)
	}
	return append(b, `]}`...)
}
