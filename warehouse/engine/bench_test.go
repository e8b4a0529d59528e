package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// BenchmarkStart measures a start of the child on an existing folder until it has answered a query.
func BenchmarkStart(b *testing.B) {
	c := Config{Dir: b.TempDir(), Library: libraryPath(b), Random: rand.Reader}
	for b.Loop() {
		s, err := New(c, slog.New(slog.DiscardHandler))
		require.NoError(b, err)
		require.NoError(b, s.Start(context.Background()))
		b.StopTimer()
		b.ReportMetric(float64(residentKiB(b, s.PID()))/1024, "MiB-resident")
		require.NoError(b, s.Stop(context.Background()))
		b.StartTimer()
	}
}

// residentKiB reads how much memory a process holds.
func residentKiB(t testing.TB, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, err := strconv.Atoi(strings.Fields(rest)[0])
	require.NoError(t, err)
	return n
}

func BenchmarkSmallQuery(b *testing.B) {
	conn := connect(b, sharedEngine(b).Options())
	var n uint8
	for b.Loop() {
		require.NoError(b, conn.QueryRow(b.Context(), "SELECT 1").Scan(&n))
	}
}

func BenchmarkConfine(b *testing.B) {
	conn := confined(b, "confine_b")
	for b.Loop() {
		require.NoError(b, Confine(b.Context(), conn, "confine_b",
			"SELECT toStartOfDay(sent) AS day, count(), uniqExactIf(id, kind = 'text') FROM messages GROUP BY day ORDER BY day"))
	}
}

// insertRows is the size of a batch in the insert benchmarks.
const insertRows = 10000

// BenchmarkInsert measures rows of about 200 bytes, in batches, with so many writers, and with parts synced
// to disk before an insert is acknowledged or not. One operation is one row.
func BenchmarkInsert(b *testing.B) {
	for _, writers := range []int{1, 2} {
		for _, sync := range []int{0, 1} {
			b.Run(fmt.Sprintf("writers=%d/fsync=%d", writers, sync), func(b *testing.B) { benchmarkInsert(b, writers, sync) })
		}
	}
}

func benchmarkInsert(b *testing.B, writers, sync int) {
	conn := connect(b, sharedEngine(b).Options())
	ctx := b.Context()
	require.NoError(b, conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS bench"))
	require.NoError(b, conn.Exec(ctx, "DROP TABLE IF EXISTS bench.m SYNC"))
	require.NoError(b, conn.Exec(ctx, fmt.Sprintf(`CREATE TABLE bench.m (tenant LowCardinality(String), id String, at DateTime CODEC(DoubleDelta, ZSTD),
		kind LowCardinality(String), text String CODEC(ZSTD(1)), number UInt64) ENGINE = MergeTree ORDER BY (tenant, at, id)
		PARTITION BY toYYYYMM(at) SETTINGS fsync_after_insert = %d, fsync_part_directory = %d`, sync, sync)))
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	done := make(chan error, writers)
	for w := range writers {
		go func() {
			for left.Add(-insertRows) > -insertRows {
				if err := insertBatch(ctx, conn, w); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		require.NoError(b, <-done)
	}
	b.StopTimer()
	b.ReportMetric(float64((b.N+insertRows-1)/insertRows*insertRows)/b.Elapsed().Seconds(), "rows/s")
}

func insertBatch(ctx context.Context, conn driver.Conn, writer int) error {
	batch, err := conn.PrepareBatch(clickhouse.Context(ctx), "INSERT INTO bench.m")
	if err != nil {
		return err
	}
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range insertRows {
		id := "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI" + strconv.Itoa(writer) + strconv.Itoa(i)
		text := "a message of some words that says what people say: number " + strconv.Itoa(i*7919%insertRows) + ", please call me back tomorrow at ten o'clock"
		if err := batch.Append("tenant", id, at.Add(time.Duration(i)*time.Second), "text", text, uint64(i)); err != nil {
			return err
		}
	}
	return batch.Send()
}
