package warehouse

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
	"parley/warehouse/engine"
)

// TestKilledEngineLosesAndRepeatsNothing kills the engine again and again while batches are written, and
// writes every batch until it is acknowledged.
func TestKilledEngineLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	embedded(t) // skips where there is no library
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	dir, err := os.MkdirTemp("", "crash") // short: a unix socket's path has at most 108 bytes
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	library, err := engine.Locate(os.Getenv("PARLEY_ENGINE_LIB"))
	require.NoError(t, err)
	s, err := engine.New(engine.Config{Dir: filepath.Join(dir, "e"), Library: library, Random: rand.Reader}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, s.Start(ctx))
	t.Cleanup(func() { s.Stop(context.Background()) })
	w, err := Open(ctx, Config{Database: "crash"}, s.Options(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, w.Migrate(ctx))
	for _, table := range writtenTables { // unlike SYSTEM STOP MERGES this outlives a restart
		require.NoError(t, w.Conn().Exec(ctx, "ALTER TABLE "+table+
			" MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1"))
	}
	wr := writer(t, w)

	const batches, kills = 12, 3
	failures := 0
	for i := range batches {
		b := sample(byte(20+i), 400, 3)
		if i%(batches/kills) == 1 {
			before, pid := s.Restarts(), s.PID()
			killed := make(chan struct{})
			go func() {
				defer close(killed)
				var rows uint64
				for rows <= uint64(i*400) && ctx.Err() == nil { // until the batch is half in
					w.Conn().QueryRow(ctx, "SELECT count() FROM raw_events").Scan(&rows)
				}
				syscall.Kill(pid, syscall.SIGKILL)
			}()
			defer func() { <-killed; require.Greater(t, s.Restarts(), before) }()
		}
		for {
			rejections, err := wr.Write(ctx, b)
			if err == nil {
				require.Empty(t, rejections)
				break
			}
			require.Equal(t, parley.Transient, parley.KindOf(err), err)
			require.NoError(t, ctx.Err())
			failures++
		}
	}
	got := map[string]uint64{}
	for _, table := range writtenTables {
		got[table] = number(t, w, "SELECT count() FROM "+table)
	}
	t.Logf("%d writes failed and were repeated, %d restarts", failures, s.Restarts())
	for _, table := range []string{"raw_events", "messages", "message_bodies", "statuses", "deliveries", "enrichments"} {
		require.EqualValues(t, batches*400, got[table], table)
	}
	require.EqualValues(t, batches, got["ingest_audit"])
}
