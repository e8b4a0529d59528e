package cloudapi

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"parley"
)

// valueReader reads the value of one change into items.
type valueReader struct {
	*decoder
	c *Change
}

// readValue reads the value at hand. What holds no items is one event: the value, or the change where it
// has no value.
func (v *valueReader) readValue(isValue bool) {
	at := v.pos
	if isValue && v.body[at] == '{' {
		v.pos++
		for v.more('}') {
			v.readMember(v.name())
		}
	}
	if len(v.c.Items) == 0 {
		v.pos = at
		e := readEvent(v.parser, "")
		v.add(Item{Kind: KindEvent, Event: e, Raw: e.Raw})
	}
	for i := range v.c.Items {
		if e := v.c.Items[i].Event; e != nil {
			e.findPerson(v.c.DisplayPhone)
		}
	}
}

func (v *valueReader) readMember(name string) {
	at := v.pos
	switch name {
	case "metadata":
		if m := read[metadata](v.parser); m != nil {
			v.c.Number, v.c.DisplayPhone = parley.PhoneNumberID(m.number), digits(m.display)
		}
	case "display_phone_number":
		v.c.DisplayPhone = digits(v.scalar())
	case "phone_number_id":
		v.c.Number = parley.PhoneNumberID(v.scalar())
	case "contacts":
		contacts := list[Contact](v.parser)
		for i := range contacts {
			contacts[i].tidy()
		}
		v.c.Contacts = append(v.c.Contacts, contacts...)
	default:
		if isItemArray(name, v.c.Field) {
			v.readItems(name)
			return
		}
		v.skip()
	}
	if v.odd {
		v.pos, v.odd = at, false
		v.skip()
	}
	if v.c.around == nil {
		v.c.around = make([]Member, 0, 3) // messaging_product, metadata, contacts
	}
	v.c.around = append(v.c.around, Member{Name: name, Value: v.body[at:v.pos:v.pos]})
}

type metadata struct {
	Extra
	number, display string
}

func (m *metadata) member(p *parser, name string) bool {
	switch name {
	case "phone_number_id":
		m.number = p.scalar()
	case "display_phone_number":
		m.display = p.scalar()
	default:
		return false
	}
	return true
}

// readItems reads one item array of the value. In the place of the array, anything but null counts as
// its only element.
func (v *valueReader) readItems(name string) {
	read := func(i int) { v.readItem(place{name: name, index: i}) }
	at := v.pos
	if v.each(read, v.restOf(place{name: name, index: -1})) == notList {
		v.pos = at
		read(-1)
	}
}

// restOf makes the item that stands for the elements beyond MaxItems.
func (v *valueReader) restOf(at place) func(jsontext.Value) {
	return func(raw jsontext.Value) {
		v.add(Item{Kind: v.kindOf(at.name), Raw: raw, Err: errRest, place: at})
	}
}

func (v *valueReader) add(it Item) {
	v.left--
	v.c.Items = append(v.c.Items, it)
}

// kindOf is the kind of the elements of an item array.
func (v *valueReader) kindOf(array string) ItemKind {
	switch {
	case array == "messages" && v.c.Field == FieldHistory, array == "history", array == "threads":
		return KindHistory
	case array == "messages":
		return KindMessage
	case array == "message_echoes":
		return KindEcho
	case array == "statuses" && v.c.Field != FieldCalls:
		return KindStatus
	}
	return KindEvent
}

func (v *valueReader) readItem(at place) {
	kind := v.kindOf(at.name)
	switch {
	case kind == KindEvent:
		v.readEvent(at)
	case v.body[v.pos] != '{':
		v.add(Item{Kind: kind, Raw: v.raw(), Err: invalid(kind.String(), "it is not an object"), place: at})
	case kind == KindStatus:
		v.readStatus(at)
	case at.name == "history":
		v.readChunk(at)
	default:
		v.readMessage(kind, at, nil)
	}
}

func (v *valueReader) readEvent(at place) {
	e := readEvent(v.parser, at.name)
	v.add(Item{Kind: KindEvent, Event: e, Raw: e.Raw, place: at})
}

func (v *valueReader) readMessage(kind ItemKind, at place, history *History) {
	start := v.pos
	m := &Message{History: history}
	v.object(m)
	it := Item{Kind: kind, Raw: v.body[start:v.pos:v.pos], place: at}
	if it.Err = m.check(); it.Err == nil {
		it.Message = m
	}
	v.add(it)
}

// readStatus reads a receipt; the state of a call, which looks like one, is an event.
func (v *valueReader) readStatus(at place) {
	start := v.pos
	s := &Status{}
	v.object(s)
	if s.Type == "call" || strings.HasPrefix(s.ID, "wacid.") {
		v.pos = start
		v.readEvent(at)
		return
	}
	it := Item{Kind: KindStatus, Raw: v.body[start:v.pos:v.pos], place: at}
	if it.Err = s.check(); it.Err == nil {
		it.Status = s
	}
	v.add(it)
}
