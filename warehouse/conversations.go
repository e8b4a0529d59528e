package warehouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	schema "parley/sql"
)

// RebuildConversations derives the sessions of all conversations that have a message at or after since; now
// becomes the version of what is written. It may be repeated: a session that is found as it was is not
// written again, and one that is no longer found (a late message joined two) is superseded.
//
// since must not be later than the oldest message that arrived after the last rebuild, by the message's own
// time; with the zero time everything is derived anew.
func (w *Warehouse) RebuildConversations(ctx context.Context, since, now time.Time) error {
	statement, err := schema.Query(w.layout, "rebuild_conversations")
	if err != nil {
		return err
	}
	// Nothing turns deduplication off here: every row carries a version above all before it, so that no two
	// rebuilds write the same block.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"join_use_nulls": 0,
		"max_partitions_per_insert_block": 0, "distributed_foreground_insert": 1}))
	err = w.conn.Exec(ctx, statement, clickhouse.Named("since", max(since.Unix(), 0)), clickhouse.Named("version", uint64(now.UnixMicro())))
	return classify("rebuild conversations", err)
}
