package cloudapi

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Member is a member of a JSON object that the model has no field for, or whose shape is not the one
// documented.
type Member struct {
	Name  string
	Value jsontext.Value
}

// Extra is embedded in every struct of the model and keeps what the struct has no field for.
type Extra struct {
	Unknown []Member
}

// Lookup returns a member kept in Unknown, the last one if there are several, or nil.
func (e *Extra) Lookup(name string) jsontext.Value {
	for i := len(e.Unknown) - 1; i >= 0; i-- {
		if e.Unknown[i].Name == name {
			return e.Unknown[i].Value
		}
	}
	return nil
}

func (e *Extra) rest() *[]Member { return &e.Unknown }

// object is a struct of the model. member reads the value of one member from the parser and reports
// whether it knows the name. It need not consume a value whose shape it cannot use: it sets odd.
type object interface {
	member(p *parser, name string) bool
	rest() *[]Member
}

// parser walks a JSON text that has been validated, so it needs no error paths: every step may rely on
// the grammar. Values of an unexpected shape are told by odd.
type parser struct {
	body []byte
	text string // a copy of body from which strings are cut without an allocation each
	pos  int
	odd  bool // the value at hand has not the expected shape and was not consumed
	utf8 bool // text is valid UTF-8 as a whole

	left   int // items that may still be decoded
	nested int // messages around the one at hand (an edit holds a message)
}

func newParser(body []byte) *parser {
	return &parser{body: body, text: string(body), utf8: utf8.Valid(body), left: MaxItems}
}

func (p *parser) space() {
	for p.pos < len(p.body) && p.body[p.pos] <= ' ' {
		p.pos++
	}
}

// more moves to the next member or element; at the closing bracket it consumes that and reports false.
func (p *parser) more(closing byte) bool {
	p.space()
	if p.body[p.pos] == ',' {
		p.pos++
		p.space()
	}
	if p.body[p.pos] == closing {
		p.pos++
		return false
	}
	return true
}

// name reads a member's name and stops at its value.
func (p *parser) name() string {
	s := p.str()
	p.space()
	p.pos++ // the colon
	p.space()
	return s
}

// closingQuote returns the position of the quote that ends the string which begins at i.
func (p *parser) closingQuote(i int) int {
	for end := i + 1; ; end++ {
		end += strings.IndexByte(p.text[end:], '"')
		first := end
		for p.text[first-1] == '\\' {
			first--
		}
		if (end-first)%2 == 0 {
			return end
		}
	}
}

// str reads a string. Broken UTF-8 becomes U+FFFD here; the raw value keeps it.
func (p *parser) str() string {
	lo, hi := p.pos, p.closingQuote(p.pos)
	p.pos = hi + 1
	s := p.text[lo+1 : hi]
	if strings.IndexByte(s, '\\') < 0 {
		if p.utf8 {
			return s
		}
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	b, _ := jsontext.AppendUnquote(nil, p.text[lo:hi+1])
	return string(b)
}

// skip moves behind the value at hand.
func (p *parser) skip() {
	switch p.body[p.pos] {
	case '"':
		p.pos = p.closingQuote(p.pos) + 1
	case '{', '[':
		p.skipNested()
	default:
		for p.pos < len(p.body) && !delimiter[p.body[p.pos]] {
			p.pos++
		}
	}
}

var delimiter = [256]bool{',': true, ']': true, '}': true, ' ': true, '\t': true, '\n': true, '\r': true}

func (p *parser) skipNested() {
	depth := 0
	for i := p.pos; ; i++ {
		switch p.body[i] {
		case '"':
			i = p.closingQuote(i)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				p.pos = i + 1
				return
			}
		}
	}
}

// raw skips the value at hand and returns it as received. Its capacity is cut, so that appending to it
// cannot reach its neighbour.
func (p *parser) raw() jsontext.Value {
	lo := p.pos
	p.skip()
	return p.body[lo:p.pos:p.pos]
}

// scalar reads a string, a number or a boolean as text, and null as the empty string.
func (p *parser) scalar() string {
	switch p.body[p.pos] {
	case '"':
		return p.str()
	case '{', '[':
		p.odd = true
		return ""
	case 'n':
		p.skip()
		return ""
	}
	lo := p.pos
	p.skip()
	return p.text[lo:p.pos]
}

// boolean reads true and false, also as a string or as 1 and 0.
func (p *parser) boolean() bool {
	switch p.scalar() {
	case "true", "True", "TRUE", "1":
		return true
	case "false", "False", "FALSE", "0", "":
	default:
		p.odd = true
	}
	return false
}

// object reads the object at hand into o. Members that o does not know or cannot use go to its rest.
func (p *parser) object(o object) {
	p.pos++
	for p.more('}') {
		name := p.name()
		at := p.pos
		if o.member(p, name) && !p.odd {
			continue
		}
		p.odd = false
		p.pos = at
		rest := o.rest()
		*rest = append(*rest, Member{Name: name, Value: p.raw()})
	}
}

// read reads an object into a new T; null gives nil, anything else is odd.
func read[T any, P interface {
	*T
	object
}](p *parser) *T {
	switch p.body[p.pos] {
	case '{':
		v := new(T)
		p.object(P(v))
		return v
	case 'n':
		p.skip()
	default:
		p.odd = true
	}
	return nil
}

// list reads an array of objects; a lone object counts as an array of one. Elements that are no objects
// have no place in the list (the raw item keeps them).
func list[T any, P interface {
	*T
	object
}](p *parser) []T {
	switch p.body[p.pos] {
	case '{':
		return []T{*read[T, P](p)}
	case 'n':
		p.skip()
		return nil
	case '[':
	default:
		p.odd = true
		return nil
	}
	var items []T
	p.pos++
	for p.more(']') {
		if p.body[p.pos] != '{' {
			p.skip()
			continue
		}
		items = append(items, *new(T))
		p.object(P(&items[len(items)-1]))
	}
	return items
}
