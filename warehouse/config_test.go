package warehouse

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
)

func TestConfigReportsEveryProblem(t *testing.T) {
	t.Parallel()
	f := func(c Config, want ...string) {
		t.Helper()
		err := c.Validate()
		if len(want) == 0 {
			require.NoError(t, err)
			return
		}
		require.Equal(t, parley.Invalid, parley.KindOf(err))
		for _, w := range want {
			require.ErrorContains(t, err, w)
		}
		require.NotContains(t, err.Error(), "secret")
	}
	f(Config{})
	f(Config{Address: "clickhouse://user:secret@127.0.0.1:9000,127.0.0.2:9000/?secure=true", Cluster: "{cluster}"})
	f(Config{Address: "http://127.0.0.1:8123"})
	f(Config{Cluster: "c"}, "cluster: the embedded engine has none")
	f(Config{Address: "clickhouse://user:secret@ho st", Database: "a b", DialTimeout: -1, ReadTimeout: -1, MaxConnections: -1},
		"address", "database", "dial timeout", "read timeout", "max connections")
}

func TestOpenWithoutAnything(t *testing.T) {
	t.Parallel()
	_, err := Open(context.Background(), Config{}, nil, slog.New(slog.DiscardHandler))
	require.Equal(t, parley.Invalid, parley.KindOf(err))
}

func TestOpenWhereNobodyAnswers(t *testing.T) {
	t.Parallel()
	_, err := Open(context.Background(), Config{Address: "http://user:secret@127.0.0.1:1", DialTimeout: time.Second}, nil, slog.New(slog.DiscardHandler))
	require.Equal(t, parley.Transient, parley.KindOf(err), err)
	require.NotContains(t, err.Error(), "secret")
}

// TestServer runs the whole way against a real server: PARLEY_TEST_CLICKHOUSE is its address, and
// PARLEY_TEST_CLICKHOUSE_CLUSTER its cluster where it has one. The database is made and removed.
func TestServer(t *testing.T) {
	t.Parallel()
	address := os.Getenv("PARLEY_TEST_CLICKHOUSE")
	if address == "" {
		t.Skip("no server: set PARLEY_TEST_CLICKHOUSE to clickhouse://user:password@host:9000")
	}
	ctx := context.Background()
	config := Config{Address: address, Cluster: os.Getenv("PARLEY_TEST_CLICKHOUSE_CLUSTER"), Database: "parley_test_" + uuid.NewString()[:8]}
	w, err := Open(ctx, config, nil, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer w.Close()
	require.NoError(t, w.Migrate(ctx))
	require.NoError(t, w.Migrate(ctx))
	defer func() {
		require.NoError(t, w.MigrateDown(ctx))
		require.NoError(t, w.Conn().Exec(ctx, "DROP DATABASE "+config.Database+" "+map[bool]string{true: "ON CLUSTER '" + config.Cluster + "'"}[config.Cluster != ""]))
	}()
	b := sample(1, 500, 130)
	for range 3 {
		rejections, err := writer(t, w).Write(ctx, b)
		require.NoError(t, err)
		require.Empty(t, rejections)
		got := counts(t, w)
		for _, table := range []string{"raw_events", "messages", "message_bodies", "statuses", "deliveries", "enrichments"} {
			require.EqualValues(t, 500, got[table], table)
		}
	}
	for range 2 {
		require.NoError(t, w.RebuildConversations(ctx, time.Time{}, clock))
		require.EqualValues(t, 500, number(t, w, "SELECT sum(inbound_messages + outbound_messages) FROM conversation_sessions"))
	}
	for _, v := range analystViews {
		number(t, w, "SELECT count() FROM "+v)
	}
	rows, err := w.Query(ctx, "SELECT count() FROM conversation_messages WHERE text = {text:String}", map[string]string{"text": "yes"}, Limits{})
	require.NoError(t, err)
	row, err := rows.Next()
	require.NoError(t, err)
	require.Equal(t, []any{uint64(100)}, row)
	require.NoError(t, rows.Close())
	_, err = Dictionary(ctx, w.Conn())
	require.NoError(t, err)
}
