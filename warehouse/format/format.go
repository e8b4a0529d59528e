// Package format writes answers of the warehouse as text: table, csv, tsv, json, jsonl, markdown and
// vertical.
//
// It promises that every value the driver returns has one text, the same in all formats (times in the
// column's zone and precision, UUIDs, decimals, nested arrays and maps), that rows are written as they come
// (only the first rows of a table are held, to know its widths), and that a value never breaks its format:
// separators, quotes and line breaks in it are escaped.
//
// It knows no warehouse: it takes columns and a function that gives rows. Start reading with Write, then
// value.go.
package format

import (
	"bufio"
	"io"
	"slices"
	"strings"

	"parley"
)

// Column is a column of an answer.
type Column struct {
	Name string
	Type string // as ClickHouse writes it
}

// Next gives the next row, nil after the last. A row has one value per column.
type Next func() ([]any, error)

// Formats are the names that Write takes, the default first.
func Formats() []string {
	return []string{"table", "csv", "json", "jsonl", "markdown", "tsv", "vertical"}
}

// writer is one format: begin is called once, row per row, end once after the last.
type writer interface {
	begin(columns []column) error
	row(values []any) error
	end() error
}

// Write writes all rows and returns how many there were.
func Write(w io.Writer, format string, columns []Column, next Next) (int, error) {
	if format == "" {
		format = Formats()[0]
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	out := newWriter(format, buffered)
	if out == nil {
		return 0, parley.Errorf(parley.Invalid, "cannot write format %q: one of %s", format, strings.Join(Formats(), ", "))
	}
	n, err := pump(out, prepare(columns), next)
	if flushErr := buffered.Flush(); err == nil {
		err = flushErr
	}
	return n, err
}

func pump(out writer, columns []column, next Next) (int, error) {
	if err := out.begin(columns); err != nil {
		return 0, err
	}
	for n := 0; ; n++ {
		values, err := next()
		if err != nil {
			return n, err
		}
		if values == nil {
			return n, out.end()
		}
		if len(values) != len(columns) {
			return n, parley.Errorf(parley.Internal, "cannot write row %d: %d values for %d columns", n, len(values), len(columns))
		}
		if err := out.row(values); err != nil {
			return n, err
		}
	}
}

func newWriter(format string, w *bufio.Writer) writer {
	switch format {
	case "table":
		return &table{w: w}
	case "markdown":
		return &markdown{w: w}
	case "csv":
		return newCSV(w)
	case "tsv":
		return &tsv{w: w}
	case "json":
		return &jsonArray{lines: jsonLines{w: w}}
	case "jsonl":
		return &jsonLines{w: w}
	case "vertical":
		return &vertical{w: w}
	}
	return nil
}

// column is a Column with what its type means for writing it.
type column struct {
	Column
	typ typeOf
}

func prepare(columns []Column) []column {
	out := make([]column, len(columns))
	for i, c := range columns {
		out[i] = column{Column: c, typ: parseType(c.Type)}
	}
	return slices.Clip(out)
}
