package format

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Bounds of the formats that people read. Machines get whole values.
const (
	maxWidth     = 80   // cells of a column in a table; what is longer is cut and ends in …
	measuredRows = 1000 // rows held to know the widths; later rows may be wider, up to maxWidth
)

const nullText = "NULL"

// table aligns columns with blanks: numbers to the right, everything else to the left.
type table struct {
	w       *bufio.Writer
	columns []column
	widths  []int
	held    [][]string
	flowing bool // the widths are fixed, rows go straight out
}

func (t *table) begin(columns []column) error {
	t.columns, t.widths = columns, make([]int, len(columns))
	for i, c := range columns {
		t.widths[i] = width(cut(c.Name, maxWidth))
	}
	return nil
}

func (t *table) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = cut(oneLine(t.columns[i].typ, v), maxWidth)
	}
	if t.flowing {
		return t.line(cells)
	}
	for i, c := range cells {
		t.widths[i] = max(t.widths[i], width(c))
	}
	if t.held = append(t.held, cells); len(t.held) < measuredRows {
		return nil
	}
	return t.release()
}

func (t *table) end() error {
	if t.flowing {
		return nil
	}
	return t.release()
}

// release writes the head and the rows that were held.
func (t *table) release() error {
	t.flowing = true
	head, rule := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		head[i], rule[i] = cut(c.Name, maxWidth), strings.Repeat("─", t.widths[i])
	}
	for _, cells := range append([][]string{head, rule}, t.held...) {
		if err := t.line(cells); err != nil {
			return err
		}
	}
	t.held = nil
	return nil
}

func (t *table) line(cells []string) error {
	var b strings.Builder
	for i, c := range cells {
		pad := strings.Repeat(" ", max(0, t.widths[i]-width(c)))
		if t.columns[i].typ.numeric {
			c = pad + c
		} else {
			c += pad
		}
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(c)
	}
	_, err := t.w.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	return err
}

// markdown writes a table of GitHub's Markdown.
type markdown struct {
	w       *bufio.Writer
	columns []column
}

var markdownEscaper = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;")

func (m *markdown) begin(columns []column) error {
	m.columns = columns
	var head, rule strings.Builder
	for _, c := range columns {
		head.WriteString("| " + markdownEscaper.Replace(clean(c.Name)) + " ")
		rule.WriteString(map[bool]string{true: "|---:", false: "|---"}[c.typ.numeric])
	}
	_, err := m.w.WriteString(head.String() + "|\n" + rule.String() + "|\n")
	return err
}

func (m *markdown) row(values []any) error {
	for i, v := range values {
		if _, err := m.w.WriteString("| " + markdownEscaper.Replace(oneLine(m.columns[i].typ, v)) + " "); err != nil {
			return err
		}
	}
	_, err := m.w.WriteString("|\n")
	return err
}

func (m *markdown) end() error { return nil }

// vertical writes a line per value, under a heading per row: for rows with long values.
type vertical struct {
	w       *bufio.Writer
	columns []column
	indent  int
	n       int
}

func (v *vertical) begin(columns []column) error {
	v.columns = columns
	for _, c := range columns {
		v.indent = max(v.indent, width(clean(c.Name)))
	}
	return nil
}

func (v *vertical) row(values []any) error {
	v.n++
	if _, err := fmt.Fprintf(v.w, "── row %d ──\n", v.n); err != nil {
		return err
	}
	for i, value := range values {
		name := clean(v.columns[i].Name)
		pad := strings.Repeat(" ", v.indent-width(name))
		if _, err := v.w.WriteString(name + pad + "  " + oneLine(v.columns[i].typ, value) + "\n"); err != nil {
			return err
		}
	}
	return nil
}

func (v *vertical) end() error { return nil }

func oneLine(t typeOf, v any) string {
	s, ok := t.text(v)
	if !ok {
		return nullText
	}
	return clean(s)
}

// clean makes text safe for a terminal and for one line: line breaks are shown, other control characters
// and what is no UTF-8 become replacement characters. A message must not be able to steer the terminal of
// the person who reads it.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return '⏎'
		case r == '\t':
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r) || isSteering(r):
			return utf8.RuneError
		}
		return r
	}, s)
}

// isSteering tells the characters that turn the direction of the text after them.
func isSteering(r rune) bool {
	return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

func width(s string) int { return uniseg.StringWidth(s) }

// cut shortens a text to at most n cells, without parting what is seen as one character.
func cut(s string, n int) string {
	if len(s) <= n || width(s) <= n {
		return s
	}
	var b strings.Builder
	used := 0
	for graphemes := uniseg.NewGraphemes(s); graphemes.Next() && used+graphemes.Width() < n; used += graphemes.Width() {
		b.WriteString(graphemes.Str())
	}
	return b.String() + "…"
}
