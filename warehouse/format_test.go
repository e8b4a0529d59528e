package warehouse

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"parley/warehouse/format"
)

// TestEveryTypeCanBeWritten asks the engine for a value of every kind of type and writes it in every format.
func TestEveryTypeCanBeWritten(t *testing.T) {
	t.Parallel()
	w := open(t)
	f := func(want, expression string) {
		t.Helper()
		for _, name := range format.Formats() {
			rows, err := w.Query(context.Background(), "SELECT "+expression+" AS v", nil, Limits{})
			require.NoError(t, err)
			var b bytes.Buffer
			n, err := format.Write(&b, name, rows.Columns(), rows.Next)
			require.NoError(t, err, name)
			require.Equal(t, 1, n)
			require.NoError(t, rows.Close())
			if name == "tsv" {
				require.Equal(t, "v\n"+want+"\n", b.String(), expression)
			}
		}
	}
	f("-1", "-1::Int8")
	f("18446744073709551615", "toUInt64(18446744073709551615)")
	f("-170141183460469231731687303715884105728", "toInt128('-170141183460469231731687303715884105728')")
	f("1.25", "1.25::Float32")
	f("NaN", "nan")
	f("12.34", "toDecimal64(12.34, 4)")
	f("true", "true")
	f(`a\tb`, `'a\tb'`)
	f("ab", "'ab'::FixedString(2)")
	f("x", "'x'::LowCardinality(Nullable(String))")
	f(`\N`, "NULL")
	f(`\N`, "NULL::Nullable(DateTime('UTC'))")
	f("b", "'b'::Enum8('a' = 1, 'b' = 2)")
	f("2026-03-01", "toDate('2026-03-01')")
	f("1950-03-01", "toDate32('1950-03-01')")
	f("2026-03-01 12:00:00", "toDateTime('2026-03-01 12:00:00', 'UTC')")
	f("2026-03-01 12:00:00.120", "toDateTime64('2026-03-01 12:00:00.12', 3, 'UTC')")
	f("61f0c404-5cb3-11e7-907b-a6006ad3dba0", "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0')")
	f("127.0.0.1", "toIPv4('127.0.0.1')")
	f("::1", "toIPv6('::1')")
	f("[1,2]", "[1, 2]::Array(UInt8)")
	f(`["a",null]`, "['a', NULL]")
	f(`[["2026-03-01"]]`, "[[toDate('2026-03-01')]]")
	f(`{"a":1,"b":2}`, "map('b', 2, 'a', 1)")
	f(`["a",1]`, "('a', 1)")
	f("[1,2]", "(1., 2.)::Point")
	f("4 Days", "toIntervalDay(4)")
}
