package warehouse

import (
	"context"
	"time"
)

// Arrivals is what is known of the messages that arrived in a stretch of time.
type Arrivals struct {
	Messages uint64
	Oldest   time.Time // least sent_at among them
	Newest   time.Time // greatest received_at among them
}

// MessageArrivals looks at the messages that arrived from from (inclusive) to to (exclusive), of all tenants.
func (w *Warehouse) MessageArrivals(ctx context.Context, from, to time.Time) (Arrivals, error) {
	var a Arrivals
	err := w.conn.QueryRow(ctx, `SELECT count(), min(sent_at), max(received_at) FROM messages
		WHERE received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')}`,
		bindTime("from", from), bindTime("to", to)).Scan(&a.Messages, &a.Oldest, &a.Newest)
	if err != nil {
		return Arrivals{}, classify("look at arrivals", err)
	}
	if a.Messages == 0 {
		return Arrivals{}, nil
	}
	a.Oldest, a.Newest = a.Oldest.UTC(), a.Newest.UTC()
	return a, nil
}
