package chatexport

import (
	"bytes"
	"io"
	"math"
	"unicode"
	"unicode/utf8"

	"parley"
)

const (
	maxShapes    = 32  // shapes of stamps counted; an export has one, pasted text a few
	maxColons    = 256 // names with ": " in them
	maxPreamble  = 50  // lines without a stamp before the first with one: more, and it is no export
	maxNameBytes = 200
)

// profile is what the first reading tells about a file.
type profile struct {
	shape      shape
	order      DateOrder
	confidence Confidence
	why        string
	names      map[string]bool // names that hold ": "
}

// readStamps reads the file for the first time.
func readStamps(src *source, opts Options) (profile, error) {
	r, closer, err := src.reader()
	if err != nil {
		return profile{}, err
	}
	defer closer.Close()
	now := int64(math.MaxInt64)
	if !opts.Now.IsZero() {
		now = opts.Now.Unix()/86400 + 1
	}
	lines, shapes := newLineReader(r, opts.LineBytes), map[shape]*evidence{}
	var e *evidence // of the stamp before, which mostly has the same shape
	var last shape
	var stamps stamper
	var head []byte // the first line with anything in it, for the error
	for {
		line, _, err := lines.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return profile{}, err
		}
		if len(head) == 0 {
			head = append(head, trim(line[:min(len(line), 200)])...)
		}
		st, rest, ok := stamps.parse(line)
		if !ok {
			continue
		}
		if e == nil || st.shape != last {
			e, last = shapes[st.shape], st.shape
		}
		if e == nil {
			if len(shapes) == maxShapes {
				continue
			}
			e = &evidence{names: map[string]bool{}}
			shapes[st.shape] = e
		}
		e.add(&st, lines.count, now)
		if name, ok := colonName(rest, st.bracket); ok && len(e.names) < maxColons {
			e.names[name] = true
		}
	}
	return chooseProfile(shapes, lines.count, head, opts.Order)
}

// chooseProfile takes the shape that is seen most; among equals the one seen first.
func chooseProfile(shapes map[shape]*evidence, lines int, head []byte, given DateOrder) (profile, error) {
	var p profile
	var best *evidence
	for s, e := range shapes {
		if best == nil || e.count > best.count || e.count == best.count && e.first < best.first {
			p.shape, best = s, e
		}
	}
	if best == nil || best.first > maxPreamble {
		return p, notAnExport(lines, head)
	}
	p.names = best.names
	if p.order, p.confidence, p.why = best.infer(p.shape); given != Auto {
		if p.shape.year == 'f' != (given == YMD) && p.shape.year != 0 {
			return p, parley.Errorf(parley.Invalid, "cannot read chat export as %s: where the year stands shows that it is not", given.Words())
		}
		p.order, p.confidence, p.why = given, Given, "given"
	}
	for i, order := range orders {
		if order == p.order && best.tallies[i].impossible == best.count {
			return p, parley.Errorf(parley.Invalid, "cannot read chat export: none of its %d dates is possible as %s", best.count, order.Words())
		}
	}
	return p, nil
}

// notAnExport says what was expected and what the first line looks like: letters become a, digits 9.
func notAnExport(lines int, head []byte) error {
	if lines == 0 || len(head) == 0 {
		return parley.Errorf(parley.Invalid, "cannot read chat export: the file is empty")
	}
	var shape []rune
	for _, r := range string(head) {
		switch {
		case unicode.IsDigit(r):
			r = '9'
		case r == utf8.RuneError || !unicode.IsPrint(r):
			r = '?'
		case unicode.IsLetter(r) || r >= 0x80:
			r = 'a'
		}
		if n := len(shape); r == 'a' && n > 0 && shape[n-1] == 'a' { // one a for a word
			continue
		}
		if shape = append(shape, r); len(shape) == 40 {
			break
		}
	}
	return parley.Errorf(parley.Invalid, "cannot read chat export: no line begins like \"31/12/21, 18:05 - Name:\" or"+
		" \"[31/12/21, 18:05:33] Name:\"; the first line looks like %q", string(shape))
}

// colonName finds a name that holds ": ". It shows only where the message is WhatsApp's own placeholder:
// in `Work: Anna: <Media omitted>` the name cannot be Work, because nobody types `Anna: <Media omitted>`.
func colonName(rest []byte, bracket bool) (string, bool) {
	first := bytes.Index(rest, []byte(": "))
	if first < 0 || !bytes.Contains(rest[first+2:], []byte(": ")) {
		return "", false
	}
	end := bytes.LastIndex(rest, []byte(": "))
	if i := bytes.LastIndex(rest, []byte("<")); i > first && i < end { // `Work: Anna: <attached: ...>`
		end = bytes.LastIndex(rest[:i], []byte(": "))
	}
	if end <= first || end > maxNameBytes {
		return "", false
	}
	second, text := rest[first+2:end], rest[end+2:]
	c := classify(text, bracket, true)
	if c.kind != KindMedia && c.kind != KindAttachment || len(c.text) > 0 || len(trim(text)) < 5 {
		return "", false
	}
	if i := skip(second, 0); i == len(second) || second[i] == '[' || second[i] >= '0' && second[i] <= '9' {
		return "", false // a pasted export
	}
	return string(cleanName(rest[:end])), true
}

// cleanName makes a name comparable: no marks, plain spaces and hyphens, and without the ~ in front of a
// name that its owner chose and the phone's address book does not know.
func cleanName(b []byte) []byte {
	name := appendPlain(make([]byte, 0, len(b)), b, false)
	name = bytes.ReplaceAll(name, []byte("\u2011"), []byte("-"))
	name = bytes.TrimLeft(name, "~ ")
	return bytes.ToValidUTF8(bytes.TrimSpace(name), []byte("\ufffd"))
}
