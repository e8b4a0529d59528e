package format

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"strings"
)

// csvWriter writes RFC 4180 with a header. Null and the empty text are both an empty field: CSV has no null.
type csvWriter struct {
	w       *csv.Writer
	columns []column
	record  []string
}

func newCSV(w *bufio.Writer) *csvWriter { return &csvWriter{w: csv.NewWriter(w)} }

func (c *csvWriter) begin(columns []column) error {
	c.columns, c.record = columns, make([]string, len(columns))
	for i := range columns {
		c.record[i] = columns[i].Name
	}
	return c.w.Write(c.record)
}

func (c *csvWriter) row(values []any) error {
	for i, v := range values {
		c.record[i], _ = c.columns[i].typ.text(v)
	}
	return c.w.Write(c.record)
}

func (c *csvWriter) end() error {
	c.w.Flush()
	return c.w.Error()
}

// tsv writes ClickHouse's TabSeparatedWithNames: tab, line break and backslash escaped, \N for null.
type tsv struct {
	w       *bufio.Writer
	columns []column
}

var tsvEscaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`, "\b", `\b`, "\f", `\f`)

func (t *tsv) begin(columns []column) error {
	t.columns = columns
	fields := make([]string, len(columns))
	for i, c := range columns {
		fields[i] = tsvEscaper.Replace(c.Name)
	}
	return t.line(fields)
}

func (t *tsv) row(values []any) error {
	fields := make([]string, len(values))
	for i, v := range values {
		if s, ok := t.columns[i].typ.text(v); ok {
			fields[i] = tsvEscaper.Replace(s)
		} else {
			fields[i] = `\N`
		}
	}
	return t.line(fields)
}

func (t *tsv) line(fields []string) error {
	_, err := t.w.WriteString(strings.Join(fields, "\t") + "\n")
	return err
}

func (t *tsv) end() error { return nil }

// jsonLines writes one object per line, members in the order of the columns.
type jsonLines struct {
	w       *bufio.Writer
	columns []column
}

func (j *jsonLines) begin(columns []column) error {
	j.columns = columns
	return nil
}

func (j *jsonLines) row(values []any) error {
	if err := j.object(values); err != nil {
		return err
	}
	return j.w.WriteByte('\n')
}

func (j *jsonLines) end() error { return nil }

func (j *jsonLines) object(values []any) error {
	row := make(object, len(values))
	for i, v := range values {
		row[i] = member{j.columns[i].Name, j.columns[i].typ.jsonValue(v)}
	}
	encoded, err := row.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = j.w.Write(encoded)
	return err
}

// marshal is json.Marshal without escaping <, > and &: the output is not put into a page.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// jsonArray writes one array with an object per line.
type jsonArray struct {
	lines jsonLines
	some  bool
}

func (j *jsonArray) begin(columns []column) error {
	j.lines.columns = columns
	_, err := j.lines.w.WriteString("[")
	return err
}

func (j *jsonArray) row(values []any) error {
	separator := ",\n "
	if !j.some {
		j.some, separator = true, "\n "
	}
	if _, err := j.lines.w.WriteString(separator); err != nil {
		return err
	}
	return j.lines.object(values)
}

func (j *jsonArray) end() error {
	last := "]\n"
	if j.some {
		last = "\n]\n"
	}
	_, err := j.lines.w.WriteString(last)
	return err
}
