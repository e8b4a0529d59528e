package format

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"parley"
)

var update = flag.Bool("update", false, "write the golden files anew")

func rows(values ...[]any) Next {
	return func() ([]any, error) {
		if len(values) == 0 {
			return nil, nil
		}
		row := values[0]
		values = values[1:]
		return row, nil
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

var sampleColumns = []Column{{"tenant", "LowCardinality(String)"}, {"n", "UInt64"}, {"at", "DateTime64(3, 'Europe/Berlin')"}, {"seen", "Nullable(DateTime('UTC'))"},
	{"words", "Array(Nullable(String))"}, {"price", "Decimal(18, 4)"}, {"text", "String"}}

func sampleRows() Next {
	word, hour := "a,b", noon
	return rows(
		[]any{"acme", uint64(math.MaxUint64), noon, &hour, []*string{&word, nil}, decimal.RequireFromString("12.3400"), "two\nlines\t\"quoted\" | <b>"},
		[]any{"b", uint64(7), noon, (*time.Time)(nil), []*string{}, decimal.Zero, "日本語 👩‍👩‍👧 \x1b[31mred\x1b[0m"},
	)
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, name := range Formats() {
		var b bytes.Buffer
		n, err := Write(&b, name, sampleColumns, sampleRows())
		require.NoError(t, err)
		require.Equal(t, 2, n)
		path := filepath.Join("testdata", name+".golden")
		if *update {
			require.NoError(t, os.WriteFile(path, b.Bytes(), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), b.String(), name)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	f := func(want, typ string, v any) {
		t.Helper()
		got, ok := parseType(typ).text(v)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	f("2026-03-01", "Date", noon)
	f("2026-03-01 12:00:00", "DateTime('UTC')", noon)
	f("2026-03-01 13:00:00.123456", "DateTime64(6, 'Europe/Berlin')", noon)
	f("2026-03-01 12:00:00", "LowCardinality(Nullable(DateTime('UTC')))", &noon)
	f("1.5", "Float32", float32(1.5))
	f("NaN", "Float64", math.NaN())
	f("170141183460469231731687303715884105727", "Int128", new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 127), big.NewInt(1)))
	f("00000000-0000-0000-0000-000000000001", "UUID", uuid.UUID{15: 1})
	f("true", "Bool", true)
	f("-3", "Int8", int8(-3))
	f(`["a","<b>"]`, "Array(String)", []string{"a", "<b>"})
	f(`[1,2]`, "Array(UInt8)", []uint8{1, 2})
	f(`{"a":1,"b":2}`, "Map(String, UInt64)", map[string]uint64{"b": 2, "a": 1})
	f(`["2026-03-01"]`, "Array(Date)", []time.Time{noon})
	f(`[[1],[]]`, "Array(Array(Int32))", [][]int32{{1}, {}})
	_, ok := parseType("Nullable(String)").text((*string)(nil))
	require.False(t, ok)
	_, ok = parseType("String").text(nil)
	require.False(t, ok)
}

func TestAlignment(t *testing.T) {
	t.Parallel()
	f := func(numeric bool, typ string) { t.Helper(); require.Equal(t, numeric, parseType(typ).numeric, typ) }
	f(true, "UInt8")
	f(true, "Nullable(Decimal(10, 2))")
	f(true, "LowCardinality(Int32)")
	f(true, "SimpleAggregateFunction(max, Int32)")
	f(false, "String")
	f(false, "IntervalDay")
	f(false, "Array(UInt8)")
	f(false, "DateTime")
	f(false, strings.Repeat("Nullable(", 100)+"UInt8"+strings.Repeat(")", 100))
}

func TestWideValuesAreCut(t *testing.T) {
	t.Parallel()
	require.Equal(t, "abcd…", cut("abcdefgh", 5))
	require.Equal(t, "abcde", cut("abcde", 5))
	require.Equal(t, "日本…", cut("日本語日本語", 5))
	require.Equal(t, "👩‍👩‍👧…", cut("👩‍👩‍👧👩‍👩‍👧", 3), "what is seen as one character is not parted")
}

func TestManyRowsFlow(t *testing.T) {
	t.Parallel()
	i := 0
	next := func() ([]any, error) {
		if i++; i > 5000 {
			return nil, nil
		}
		return []any{uint64(i)}, nil
	}
	var b bytes.Buffer
	n, err := Write(&b, "table", []Column{{"n", "UInt64"}}, next)
	require.NoError(t, err)
	require.Equal(t, 5000, n)
	require.Equal(t, 5002, strings.Count(b.String(), "\n"))
}

func TestErrors(t *testing.T) {
	t.Parallel()
	_, err := Write(&bytes.Buffer{}, "yaml", nil, rows())
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	require.ErrorContains(t, err, "table, csv")
	_, err = Write(&bytes.Buffer{}, "csv", sampleColumns, rows([]any{1}))
	require.Error(t, err)
	stop := errors.New("stop")
	_, err = Write(&bytes.Buffer{}, "json", nil, func() ([]any, error) { return nil, stop })
	require.ErrorIs(t, err, stop)
}

func FuzzEscaping(f *testing.F) {
	f.Add("a", "b,\"\n\t\\N|", "💬\x1b[0m\x00\r\n")
	f.Add("", "\xff", "\\")
	columns := []Column{{"one", "String"}, {"two", "String"}, {"three", "Nullable(String)"}}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		write := func(format string) string {
			var out bytes.Buffer
			_, err := Write(&out, format, columns, rows([]any{a, b, &c}, []any{"end", "", (*string)(nil)}))
			require.NoError(t, err)
			return out.String()
		}
		normal := strings.ReplaceAll(a, "\r\n", "\n") // as encoding/csv reads
		records, err := csv.NewReader(strings.NewReader(write("csv"))).ReadAll()
		require.NoError(t, err)
		require.Len(t, records, 3)
		require.Equal(t, normal, records[1][0])

		for _, format := range []string{"tsv", "table", "markdown"} {
			require.Equal(t, map[string]int{"tsv": 3, "table": 4, "markdown": 4}[format], strings.Count(write(format), "\n"), format)
		}
		fields := strings.Split(strings.Split(write("tsv"), "\n")[1], "\t")
		require.Len(t, fields, 3)
		for _, r := range write("table") {
			require.False(t, r != '\n' && r < 0x20, "a control character reached the terminal")
		}
		var decoded []map[string]*string
		require.NoError(t, json.Unmarshal([]byte(write("json")), &decoded))
		require.Equal(t, strings.ToValidUTF8(a, "\ufffd") == a, *decoded[0]["one"] == a)
		require.Nil(t, decoded[1]["three"])
		require.Equal(t, 2, strings.Count(write("jsonl"), "\n"))
	})
}
