package replay

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
	"parley/warehouse"
)

// rowsStand says whether the rows are there that the warehouse refused once. Messages, receipts and events
// have been looked for already; the tables here are those that go with them.
func (r *Replayer) rowsStand(ctx context.Context, facts *warehouse.Batch, letter *warehouse.StoredDeadLetter) (bool, error) {
	table, _, _ := strings.Cut(letter.Reason, ":")
	ids := map[string]bool{}
	var statement string
	switch table {
	case "message_bodies":
		statement = "SELECT uniqExact(wamid) FROM message_bodies WHERE tenant_id = {tenant:String} AND wamid IN {ids:Array(String)}"
		for i := range facts.Messages {
			if m := &facts.Messages[i]; m.Body.Text != "" || m.Body.Name != "" || m.Body.Phone != "" || len(m.Body.Content) > 0 {
				ids[string(m.ID)] = true
			}
		}
	case "contacts":
		statement = "SELECT uniqExact(toString(contact_id)) FROM contacts WHERE tenant_id = {tenant:String} AND toString(contact_id) IN {ids:Array(String)}"
		for i := range facts.Contacts {
			ids[facts.Contacts[i].ID.String()] = true
		}
	case "raw_events":
		statement = "SELECT uniqExact(toString(raw_id)) FROM raw_events WHERE tenant_id = {tenant:String} AND toString(raw_id) IN {ids:Array(String)}"
		ids[letter.Raw.String()] = true
	}
	list := make([]string, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	for len(list) > 0 {
		n := min(len(list), 500)
		var found uint64
		err := r.Warehouse.Conn().QueryRow(ctx, statement, clickhouse.Named("tenant", string(letter.Tenant)), clickhouse.Named("ids", list[:n])).Scan(&found)
		if err != nil {
			return false, parley.Errorf(parley.Transient, "cannot look for rows that were refused: %w", err)
		}
		if found < uint64(n) {
			return false, nil
		}
		list = list[n:]
	}
	return true, nil
}
