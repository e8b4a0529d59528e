package warehouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
)

// ExistingMessages tells which of these messages of one number are stored already. All were sent from the
// first to the last time, inclusive.
func (w *Warehouse) ExistingMessages(ctx context.Context, tenant parley.TenantID, number parley.PhoneNumberID,
	ids []parley.WAMID, first, last time.Time) (map[parley.WAMID]bool, error) {
	wanted := make([]string, len(ids))
	for i, id := range ids {
		wanted[i] = string(id)
	}
	rows, err := w.query(ctx, "look for stored messages", `SELECT DISTINCT wamid FROM messages
		WHERE tenant_id = {tenant:String} AND phone_number_id = {number:String}
			AND sent_at >= {first:DateTime64(6, 'UTC')} AND sent_at <= {last:DateTime64(6, 'UTC')}
			AND wamid IN {ids:Array(String)}`,
		clickhouse.Named("tenant", string(tenant)), clickhouse.Named("number", string(number)),
		bindTime("first", first), bindTime("last", last), clickhouse.Named("ids", wanted))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stored := map[parley.WAMID]bool{}
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, classify("look for stored messages", err)
		}
		stored[parley.WAMID(id)] = true
	}
	return stored, classify("look for stored messages", rows.Err())
}
