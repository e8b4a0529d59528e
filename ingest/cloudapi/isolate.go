package cloudapi

import "github.com/go-json-experiment/json/jsontext"

// shell is what surrounds a change in its body: the members of the body beside `entry` and those of the
// entry beside `changes`, known and unknown.
type shell struct {
	top   []Member
	entry []Member
}

// maxShell bounds the bytes that every change is given of its surroundings, at the body and at the
// entry each. Real ones have about a hundred; without a bound a small body could be blown up a
// thousandfold.
const maxShell = 4 << 10

// slim drops members that are too large to be repeated, but keeps what identifies the body and the entry.
func slim(members []Member) []Member {
	size := 0
	for _, m := range members {
		size += len(m.Name) + len(m.Value)
	}
	if size <= maxShell {
		return members
	}
	var kept []Member
	for _, name := range [...]string{"object", "id", "time"} {
		for i := len(members) - 1; i >= 0; i-- {
			if members[i].Name == name && len(members[i].Value) <= 256 {
				kept = append(kept, members[i])
				break
			}
		}
	}
	return kept
}

// body writes a webhook body around a piece of one.
func (s *shell) body(raw jsontext.Value, is piece) []byte {
	b := make([]byte, 0, len(raw)+256)
	b = append(b, '{')
	b = appendMembers(b, s.top)
	switch is {
	case anEntry:
		b = appendMember(b, "entry", arrayOf(raw))
	case entries:
		b = appendMember(b, "entry", raw)
	default:
		b = append(appendName(b, "entry"), "[{"...)
		b = appendMembers(b, s.entry)
		if is == aChange {
			raw = arrayOf(raw)
		}
		b = appendMember(b, "changes", raw)
		b = append(b, "}]"...)
	}
	return append(b, '}')
}

func arrayOf(raw jsontext.Value) jsontext.Value {
	b := append(make(jsontext.Value, 0, len(raw)+2), '[')
	return append(append(b, raw...), ']')
}

// Isolate returns the smallest webhook body that holds just one item of the change, with everything
// around it: the same entry, field, metadata and contacts, for a history message also its chunk and
// thread. Decoding it gives one change with one item, except for the item that stands for all beyond
// MaxItems: that is decoded further. An item that is no element of an array is isolated by Raw itself.
func (c *Change) Isolate(item int) []byte {
	if item < 0 || item >= len(c.Items) {
		return nil
	}
	it := &c.Items[item]
	if it.place.name == "" {
		return c.Raw
	}
	raw := it.Raw
	at := it.place
	for ; at.in != nil; at = at.in.place {
		raw = wrap(at.in.around, at, raw)
	}
	value := wrap(c.around, at, raw)
	change := append(make(jsontext.Value, 0, len(value)+64), '{')
	change = appendMembers(change, c.parts)
	change = appendMember(change, "value", value)
	return c.shell.body(append(change, '}'), aChange)
}

// wrap returns an object with the members around an item and one that holds the item. In the place of an
// array a lone element is put back as it came.
func wrap(around []Member, at place, raw jsontext.Value) jsontext.Value {
	b := append(make(jsontext.Value, 0, len(raw)+256), '{')
	b = appendMembers(b, around)
	if at.index >= 0 {
		raw = arrayOf(raw)
	}
	return append(appendMember(b, at.name, raw), '}')
}

func appendMembers(b []byte, members []Member) []byte {
	for _, m := range members {
		b = appendMember(b, m.Name, m.Value)
	}
	return b
}

func appendMember(b []byte, name string, value jsontext.Value) []byte {
	return append(appendName(b, name), value...)
}

func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	b, _ = jsontext.AppendQuote(b, name) // names are valid UTF-8 by now
	return append(b, ':')
}
