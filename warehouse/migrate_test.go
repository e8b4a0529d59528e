package warehouse

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

var factTables = []string{"account_events", "audit_log", "contacts", "conversations", "dead_letters", "deliveries", "enrichments",
	"erasures", "ingest_audit", "message_bodies", "messages", "raw_events", "statuses", "task_events"}

var analystViews = []string{"contact_book", "conversation_messages", "conversation_sessions", "daily_traffic", "latest_enrichments",
	"message_deliveries", "message_funnel", "open_dead_letters"}

func TestMigrateUpDownUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := open(t)
	version, err := w.Version(ctx)
	require.NoError(t, err)
	require.Zero(t, version)

	const list = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE {like:String} AND name != 'schema_versions' ORDER BY name"
	check := func() {
		t.Helper()
		version, err := w.Version(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 7, version)
		require.Equal(t, factTables, lines(t, w, list, named("like", "%MergeTree")))
		require.Equal(t, analystViews, lines(t, w, list, named("like", "View")))
	}
	require.NoError(t, w.Migrate(ctx))
	check()
	require.NoError(t, w.Migrate(ctx), "again, with nothing to do")
	check()

	require.NoError(t, w.MigrateDown(ctx))
	require.Empty(t, lines(t, w, list, named("like", "%")))
	version, err = w.Version(ctx)
	require.NoError(t, err)
	require.Zero(t, version)

	require.NoError(t, w.Migrate(ctx))
	check()
}

func TestViewsAnswer(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	for _, v := range analystViews {
		require.Zero(t, number(t, w, "SELECT count() FROM "+v), v)
	}
}

func TestErrorCodesHaveTheServersNames(t *testing.T) {
	t.Parallel()
	w := open(t)
	name := func(code int32) string {
		return lines(t, w, "SELECT errorCodeToName({code:Int32})::String", named("code", code))[0]
	}
	for _, list := range []map[int32]string{transientCodes, rowCodes} {
		for number, want := range list {
			require.Equal(t, want, name(number), number)
		}
	}
	for _, list := range []map[int32]code{configurationCodes, readerCodes} {
		for number, want := range list {
			require.Equal(t, want.name, name(number), number)
		}
	}
}
