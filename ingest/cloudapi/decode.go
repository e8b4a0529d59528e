package cloudapi

import (
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"parley"
)

// MaxItems is how many items of one body are decoded. Meta sends at most 1000 updates in a body, and
// history chunks of some thousands of messages.
const MaxItems = 10_000

// ourObject is the `object` of every webhook of the WhatsApp Business Platform.
const ourObject = "whatsapp_business_account"

// tolerant accepts what RFC 8259 leaves open: a member given twice, and bytes that are not UTF-8.
var tolerant = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

// Decode reads one webhook body, which it keeps and which must not change afterwards. An error (kind
// invalid; it names field and reason, never content) means that the body is not JSON or not ours.
// Everything else is told per change and per item.
func Decode(body []byte) (*Payload, error) {
	if !jsontext.Value(body).IsValid(tolerant...) {
		return nil, syntaxError(body)
	}
	d := decoder{parser: newParser(body)}
	d.space()
	if d.body[d.pos] != '{' {
		return nil, invalid("webhook body", "it is not a JSON object")
	}
	found := d.readTop()
	switch {
	case d.kind != ourObject:
		return nil, invalid("webhook body", "object is not "+ourObject)
	case found == notThere:
		return nil, invalid("webhook body", "entry is missing or empty")
	case found == notList:
		return nil, invalid("webhook body", "entry is not an array")
	}
	d.finish()
	return &Payload{Changes: d.changes}, nil
}

func invalid(what, why string) error {
	return parley.Errorf(parley.Invalid, "cannot decode %s: %s", what, why)
}

// errRest is the error of an item that stands for all that is beyond MaxItems.
var errRest = parley.Errorf(parley.TooLarge, "cannot decode the rest of the body: it holds more than %d items", MaxItems)

// syntaxError says where a body stops being JSON, but not what it found there.
func syntaxError(body []byte) error {
	dec := jsontext.NewDecoder(&reader{body}, tolerant...)
	_, err := dec.ReadValue()
	if err == nil {
		_, err = dec.ReadToken()
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		return parley.Errorf(parley.Invalid, "cannot decode webhook body: not JSON at byte %d of %d", syntactic.ByteOffset, len(body))
	case errors.Is(err, io.EOF):
		return invalid("webhook body", "it is empty")
	}
	return parley.Errorf(parley.Invalid, "cannot decode webhook body: not one JSON value in %d bytes", len(body))
}

// reader hands a body to the JSON decoder; unlike bytes.Buffer it is never written to.
type reader struct{ rest []byte }

func (r *reader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// decoder gathers the changes of one body.
type decoder struct {
	*parser
	kind    string // `object`
	top     []Member
	changes []Change
}

// shape is what stood in the place of an array.
type shape uint8

const (
	notThere shape = iota // missing, null, or an array without elements
	notList
	hasItems
)

func (d *decoder) readTop() shape {
	found := notThere
	d.pos++
	for d.more('}') {
		switch name := d.name(); name {
		case "entry":
			found = max(found, d.each(d.readEntry, d.restOfEntries))
		case "object":
			at := d.pos
			d.kind = d.scalar()
			d.keepTop(name, at)
		default:
			d.keepTop(name, d.pos)
		}
	}
	return found
}

func (d *decoder) keepTop(name string, at int) {
	d.pos, d.odd = at, false
	d.top = append(d.top, Member{Name: name, Value: d.raw()})
}

// each calls read for every element of the array at hand (a lone object counts as one; its index is -1)
// and once rest for the elements that are left when no more items may be decoded.
func (d *decoder) each(read func(index int), rest func(raw jsontext.Value)) shape {
	switch d.body[d.pos] {
	case '{':
		if d.left <= 0 {
			rest(d.raw())
		} else {
			read(-1)
		}
		return hasItems
	case '[':
	case 'n':
		d.skip()
		return notThere
	default:
		d.skip()
		return notList
	}
	start, found := d.pos, notThere
	d.pos++
	for i := 0; d.more(']'); i++ {
		found = hasItems
		if d.left <= 0 {
			from := d.pos
			d.pos = start
			d.skip()
			rest(append(append(make(jsontext.Value, 0, d.pos-from+1), '['), d.body[from:d.pos]...))
			break
		}
		read(i)
	}
	return found
}

// readEntry reads one element of `entry`. An entry without changes becomes a change that says so.
func (d *decoder) readEntry(int) {
	at, first := d.pos, len(d.changes)
	if d.body[d.pos] != '{' {
		d.broken(anEntry, d.raw(), invalid("entry", "it is not an object"))
		return
	}
	shell := &shell{}
	var waba parley.WABAID
	var sent Timestamp
	found := notThere
	d.pos++
	for d.more('}') {
		name, value := d.name(), d.pos
		switch name {
		case "changes":
			found = max(found, d.each(d.readChange, d.restOfChanges))
			continue
		case "id":
			waba = parley.WABAID(d.scalar())
		case "time":
			sent = Timestamp(d.scalar())
		}
		d.pos, d.odd = value, false
		shell.entry = append(shell.entry, Member{Name: name, Value: d.raw()})
	}
	switch {
	case len(d.changes) > first:
	case found == notList:
		d.broken(anEntry, d.body[at:d.pos:d.pos], invalid("entry", "changes is not an array"))
	default:
		d.broken(anEntry, d.body[at:d.pos:d.pos], invalid("entry", "changes is missing or empty"))
	}
	for i := first; i < len(d.changes); i++ {
		c := &d.changes[i]
		c.WABA, c.EntryTime, c.shell = waba, sent.timeOrZero(), shell
	}
}

// broken adds a change that could not be taken apart, or that stands for more than may be.
func (d *decoder) broken(is piece, raw jsontext.Value, err error) {
	d.left--
	d.changes = append(d.changes, Change{raw: raw, is: is, shell: &shell{}, Items: []Item{{Raw: raw, Err: err}}})
}

func (d *decoder) restOfEntries(raw jsontext.Value) { d.broken(entries, raw, errRest) }

func (d *decoder) restOfChanges(raw jsontext.Value) { d.broken(changes, raw, errRest) }

// readChange reads one element of `changes`: first its members, because `field` may follow `value`.
func (d *decoder) readChange(int) {
	at := d.pos
	if d.body[d.pos] != '{' {
		d.broken(aChange, d.raw(), invalid("change", "it is not an object"))
		return
	}
	var c Change
	value := -1
	d.pos++
	for d.more('}') {
		name, start := d.name(), d.pos
		if name == "value" {
			value = start
			d.skip()
			continue
		}
		if name == "field" {
			c.Field = d.scalar()
		}
		d.pos, d.odd = start, false
		c.parts = append(c.parts, Member{Name: name, Value: d.raw()})
	}
	end := d.pos
	c.raw = d.body[at:end:end]
	if value < 0 {
		d.pos = at
	} else {
		d.pos = value
	}
	v := valueReader{decoder: d, c: &c}
	v.readValue(value >= 0)
	d.pos = end
	d.changes = append(d.changes, c)
}

// finish gives every change a body of its own. Surroundings too large to be repeated go to the first
// change of the body and of the entry only.
func (d *decoder) finish() {
	if len(d.changes) == 1 {
		c := &d.changes[0]
		c.Raw, c.shell.top = d.body, d.top
		return
	}
	top := d.top
	for i := range d.changes {
		c := &d.changes[i]
		c.shell.top = top
		c.Raw = c.shell.body(c.raw, c.is)
		top, c.shell.entry = slim(top), slim(c.shell.entry)
	}
}
