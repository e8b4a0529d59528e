package engine

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

func TestQueryAndInsert(t *testing.T) {
	t.Parallel()
	conn := database(t, sharedEngine(t))
	ctx := t.Context()
	require.NoError(t, conn.Ping(ctx))
	require.NoError(t, conn.Exec(ctx, `CREATE TABLE m (id UInt64, at DateTime64(3), text String, kind LowCardinality(String),
		tags Array(String), n Nullable(Int32), m Map(String, UInt8), c9 UInt8, c10 UInt8) ENGINE = MergeTree ORDER BY id`))
	// Bytes that end a line or a statement must not end the data.
	texts := []string{"", "a\nb", "x;DROP TABLE m;", "\n\n", "\x00\xff'\"`\\", strings.Repeat("long ", 10000), "FORMAT Native"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO m")
	require.NoError(t, err)
	for i := range 5000 {
		require.NoError(t, batch.Append(uint64(i), at, texts[i%len(texts)], "k", []string{"a", "b\n"}, nil, map[string]uint8{"x": 1}, uint8(10), uint8(59)))
	}
	require.NoError(t, batch.Send())
	rows, err := conn.Query(ctx, "SELECT id, at, text, tags FROM m ORDER BY id")
	require.NoError(t, err)
	n := 0
	for ; rows.Next(); n++ {
		var (
			id   uint64
			when time.Time
			text string
			tags []string
		)
		require.NoError(t, rows.Scan(&id, &when, &text, &tags))
		require.EqualValues(t, n, id)
		require.True(t, at.Equal(when))
		require.Equal(t, texts[n%len(texts)], text)
		require.Equal(t, []string{"a", "b\n"}, tags)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 5000, n)
}

func TestDatabaseSQLAndParameters(t *testing.T) {
	t.Parallel()
	db := clickhouse.OpenDB(sharedEngine(t).Options())
	defer db.Close()
	evil := "'; DROP TABLE x; -- \n\\' {x:String}"
	var got string
	require.NoError(t, db.QueryRowContext(clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"v": strings.ReplaceAll(strings.ReplaceAll(evil, `\`, `\\`), "\n", `\n`)})),
		"SELECT {v:String}").Scan(&got))
	require.Equal(t, evil, got)
	var sum uint64
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT sum(number) FROM numbers(?)", 10).Scan(&sum))
	require.EqualValues(t, 45, sum)
}

func TestLargeResultIsStreamed(t *testing.T) {
	t.Parallel()
	conn := connect(t, sharedEngine(t).Options())
	rows, err := conn.Query(t.Context(), "SELECT number, toString(number) FROM numbers(2000000)")
	require.NoError(t, err)
	var n, sum uint64
	for rows.Next() {
		var (
			id   uint64
			text string
		)
		require.NoError(t, rows.Scan(&id, &text))
		n, sum = n+1, sum+id
	}
	require.NoError(t, rows.Err())
	require.EqualValues(t, 2000000, n)
	require.EqualValues(t, 2000000*(2000000-1)/2, sum)
}

func TestErrors(t *testing.T) {
	t.Parallel()
	conn := connect(t, sharedEngine(t).Options())
	f := func(sql string, code int32) {
		t.Helper()
		rows, err := conn.Query(t.Context(), sql)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
		}
		var exception *clickhouse.Exception
		require.ErrorAs(t, err, &exception, sql)
		require.Equal(t, code, exception.Code, sql)
	}
	f("SELECT x FROM nowhere", 60)
	f("SELEC", 62)
	f("SELECT 1; SELECT 2", 62)
	f("SELECT 1; DROP TABLE", 62)
	f("SELECT 1 INTO OUTFILE 'x.csv'", 358)
	f("SELECT throwIf(number = 5000000) FROM numbers(10000000)", 395) // after the first block
	f("CREATE TABLE default.x (", 62)
}

func TestSettingsEndWithTheRequest(t *testing.T) {
	t.Parallel()
	conn := database(t, sharedEngine(t))
	ctx := t.Context()
	require.NoError(t, conn.Exec(ctx, "CREATE TABLE s (a UInt8) ENGINE = Memory"))
	with := func(s clickhouse.Settings) error {
		return conn.Exec(clickhouse.Context(ctx, clickhouse.WithSettings(s)), "INSERT INTO s VALUES (1)")
	}
	var wait sync.WaitGroup
	for range 8 { // more than there are places, so that places are used again
		wait.Go(func() {
			for range 10 {
				var exception *clickhouse.Exception
				if err := with(clickhouse.Settings{"readonly": 1}); !errors.As(err, &exception) || exception.Code != 164 {
					t.Error("readonly did not hold: ", err)
				}
				if err := with(nil); err != nil {
					t.Error("a setting outlived its request: ", err)
				}
				if err := conn.Exec(ctx, "SET readonly = 1"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	var n uint64
	require.NoError(t, conn.QueryRow(ctx, "SELECT count() FROM s").Scan(&n))
	require.EqualValues(t, 80, n)
	var value string
	require.NoError(t, conn.QueryRow(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 77})),
		"SELECT value FROM system.settings WHERE name = 'max_block_size'").Scan(&value))
	require.Equal(t, "77", value)
	require.ErrorContains(t, with(clickhouse.Settings{"no_such_setting": 1}), "UNKNOWN_SETTING")
	require.ErrorContains(t, with(clickhouse.Settings{"path": "/"}), "UNKNOWN_SETTING")
	require.ErrorContains(t, with(clickhouse.Settings{"max_threads": "many"}), "max_threads")
}

func TestConcurrentQueries(t *testing.T) {
	t.Parallel()
	o := sharedEngine(t).Options()
	o.MaxOpenConns = 64
	conn := connect(t, o)
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			var got uint64
			if err := conn.QueryRow(t.Context(), fmt.Sprintf("SELECT sum(number) FROM numbers(%d)", i)).Scan(&got); err != nil {
				t.Error(err)
			}
			if want := uint64(i*(i-1)) / 2; got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
	wait.Wait()
}
