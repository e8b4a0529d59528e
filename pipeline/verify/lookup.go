package verify

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
	"parley/warehouse"
)

// Bounds of one look into a table. The embedded engine and the HTTP protocol take parameters in the
// request's URL, of which a server reads one MiB.
const (
	lookupFacts = 1000
	lookupBytes = 64 << 10
)

// lookups say how each table is asked for facts by id, whenever they arrived. Time bounds the partitions.
var lookups = [tableCount]string{
	rawEvents:     ` WHERE tenant_id IN {tenants:Array(String)} AND received_at >= {from:DateTime64(6, 'UTC')} AND received_at <= {to:DateTime64(6, 'UTC')} AND raw_id IN {ids:Array(UUID)}`,
	messages:      ` WHERE tenant_id IN {tenants:Array(String)} AND sent_at >= {from:DateTime64(6, 'UTC')} AND sent_at <= {to:DateTime64(6, 'UTC')} AND wamid IN {ids:Array(String)}`,
	statuses:      ` WHERE tenant_id IN {tenants:Array(String)} AND wamid IN {ids:Array(String)}`,
	accountEvents: ` WHERE tenant_id IN {tenants:Array(String)} AND event_id IN {ids:Array(UUID)}`,
	deadLetters:   ` WHERE tenant_id IN {tenants:Array(String)} AND dead_letter_id IN {ids:Array(UUID)}`,
}

// finder gathers facts of one table that were not met and looks for them by id.
type finder struct {
	warehouse *warehouse.Warehouse
	absent    func(*fact) error // what is not in the table at all
	facts     []fact
	bytes     int
}

func (l *finder) add(ctx context.Context, f fact) error {
	if len(l.facts) > 0 && (l.facts[0].table != f.table || len(l.facts) >= lookupFacts || l.bytes+len(f.id) > lookupBytes) {
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	l.facts = append(l.facts, f)
	l.bytes += len(f.id)
	return nil
}

func (l *finder) flush(ctx context.Context) error {
	if len(l.facts) == 0 {
		return nil
	}
	facts := l.facts
	l.facts, l.bytes = l.facts[:0], 0
	found, err := find(ctx, l.warehouse, facts)
	if err != nil {
		return err
	}
	for i := range facts {
		if !found[facts[i].key] {
			if err := l.absent(&facts[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// find says which facts of one table are there.
func find(ctx context.Context, w *warehouse.Warehouse, facts []fact) (map[parley.EventID]bool, error) {
	t := facts[0].table
	var tenants, ids []string
	from, to := facts[0].at, facts[0].at
	for i := range facts {
		f := &facts[i]
		tenants, ids = append(tenants, string(f.tenant)), append(ids, f.id)
		if f.at.Before(from) {
			from = f.at
		}
		if f.at.After(to) {
			to = f.at
		}
	}
	slices.Sort(tenants)
	params := append(span(from, to), clickhouse.Named("tenants", slices.Compact(tenants)), clickhouse.Named("ids", ids))
	found := make(map[parley.EventID]bool, len(facts))
	err := streamRows(ctx, w, t, lookups[t], params, func(r *row) error {
		found[r.fact(t).key] = true
		return nil
	})
	return found, err
}

// Absent gives the facts of a batch that are in no row of their table, whenever they arrived.
func Absent(ctx context.Context, w *warehouse.Warehouse, b *warehouse.Batch) ([]Difference, error) {
	var out []Difference
	look := finder{warehouse: w, absent: func(f *fact) error {
		out = append(out, f.difference("not in the table"))
		return nil
	}}
	if err := factsOf(b, func(f *fact) error { return look.add(ctx, *f) }); err != nil {
		return nil, err
	}
	return out, look.flush(ctx)
}

// expired says whether a fact's retention is over, or will be before long: the server deletes at a time of
// its own choice.
func expired(retention func(parley.TenantID) warehouse.Retention, f *fact, now time.Time) bool {
	r := retention(f.tenant)
	days := [tableCount]uint16{rawEvents: r.Raw, messages: r.Messages, statuses: r.Statuses, accountEvents: r.AccountEvents,
		deadLetters: r.DeadLetters, bodies: r.DeadLetters}[f.table]
	return days > 0 && f.at.Add(time.Duration(days)*24*time.Hour).Before(now)
}
