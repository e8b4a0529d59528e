package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"
)

// BenchmarkSteadyLoad inserts 40,000 rows a second over 8 tables, each with a materialized view of
// aggregate states, while a reader groups and sorts, and reports the most memory the child ever held. One
// operation is one second.
func BenchmarkSteadyLoad(b *testing.B) {
	const tables, rows = 8, 5000 // per table and second
	s, _ := started(b, nil)
	conn := connect(b, s.Options())
	ctx := b.Context()
	for i := range tables {
		for _, sql := range []string{
			`CREATE TABLE load_%d (tenant LowCardinality(String), id String, at DateTime CODEC(DoubleDelta, ZSTD), kind LowCardinality(String),
			text String CODEC(ZSTD(1)), number UInt64) ENGINE = ReplacingMergeTree ORDER BY (tenant, at, id) PARTITION BY toYYYYMM(at)
			SETTINGS non_replicated_deduplication_window = 1000`,
			`CREATE TABLE sums_%d (tenant LowCardinality(String), id String, first SimpleAggregateFunction(min, DateTime)) ENGINE = AggregatingMergeTree ORDER BY (tenant, id)`,
			`CREATE MATERIALIZED VIEW view_%[1]d TO sums_%[1]d AS SELECT tenant, id, min(at) AS first FROM load_%[1]d GROUP BY tenant, id`,
		} {
			require.NoError(b, conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS load"))
			o := s.Options()
			o.Auth.Database = "load"
			c := connect(b, o)
			require.NoError(b, c.Exec(ctx, fmt.Sprintf(sql, i)))
			c.Close()
		}
	}
	o := s.Options()
	o.Auth.Database = "load"
	conn = connect(b, o)
	peak, inserted, late := 0, 0, 0
	for second := 0; b.Loop(); second++ {
		begin := time.Now()
		var wait sync.WaitGroup
		var mu sync.Mutex
		for i := range tables {
			wait.Go(func() {
				batch, err := conn.PrepareBatch(clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
					"insert_deduplication_token": fmt.Sprintf("%d-%d-%d", i, second, begin.UnixNano())})), fmt.Sprintf("INSERT INTO load_%d", i))
				if err != nil {
					b.Error(err)
					return
				}
				at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(second) * time.Minute)
				for r := range rows {
					id := fmt.Sprintf("wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI%d.%d.%d", i, second, r)
					text := fmt.Sprintf("a message of some words that says what people say: number %d, please call me back tomorrow at ten", r*7919%rows)
					if err := batch.Append("tenant", id, at, "text", text, uint64(r)); err != nil {
						b.Error(err)
						return
					}
				}
				if err := batch.Send(); err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				inserted += rows
				mu.Unlock()
			})
		}
		wait.Go(func() {
			var n uint64
			if err := conn.QueryRow(ctx, "SELECT count() FROM (SELECT id, max(text) AS t FROM load_0 GROUP BY id ORDER BY t)").Scan(&n); err != nil {
				b.Error(err)
			}
		})
		wait.Wait()
		peak = max(peak, residentKiB(b, s.PID()))
		if rest := time.Second - time.Since(begin); rest > 0 {
			wait, cancel := context.WithTimeout(ctx, rest)
			<-wait.Done()
			cancel()
		} else {
			late++
		}
	}
	b.ReportMetric(float64(peak)/1024, "MiB-peak")
	b.ReportMetric(float64(inserted)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(late), "late-seconds")
}
