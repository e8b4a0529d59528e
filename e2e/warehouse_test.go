package e2e

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"

	"parley/config"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/warehouse/engine"
)

// attach connects to the engine of a running server, beside the program.
func (s *server) attach(ctx context.Context) (driver.Conn, error) {
	options, err := engine.Attach(ctx, filepath.Join(s.dir, "engine"))
	if err != nil {
		return nil, err
	}
	options.Auth.Database = "parley"
	return clickhouse.Open(options)
}

// conn is a connection that the test closes.
func (s *server) conn() driver.Conn {
	s.t.Helper()
	conn, err := s.attach(s.t.Context())
	require.NoError(s.t, err)
	s.t.Cleanup(func() { conn.Close() })
	return conn
}

// number asks for one number.
func (s *server) number(conn driver.Conn, statement string, args ...any) uint64 {
	s.t.Helper()
	var n uint64
	require.NoError(s.t, conn.QueryRow(s.t.Context(), statement, args...).Scan(&n), statement)
	return n
}

// column asks for one column of strings.
func column(t testing.TB, conn driver.Conn, statement string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), statement, args...)
	require.NoError(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var v string
		require.NoError(t, rows.Scan(&v))
		all = append(all, v)
	}
	require.NoError(t, rows.Err())
	return all
}

// awaitWorked waits until everything that is on the log now is in the tables.
func (s *server) awaitWorked() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	c, err := config.Load(os.DevNull, s.env)
	require.NoError(s.t, err)
	log := queue.NewAttached(c.Log, slog.New(slog.DiscardHandler), time.Now)
	require.NoError(s.t, log.Start(ctx))
	defer log.Stop(context.WithoutCancel(ctx))
	require.False(s.t, log.Exclusive(), "the server does not run")
	usage, err := log.Usage(ctx)
	require.NoError(s.t, err)
	require.NoError(s.t, pipeline.WaitDone(ctx, log, usage.Last), "the log is not worked off:\n%s", s.logs.tail())
}
