package bench

import (
	"context"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
)

// counts are the rows that a query sees. Neither table holds a row twice: redeliveries are left out before
// they are written.
type counts struct{ messages, statuses uint64 }

func (c counts) sum() uint64 { return c.messages + c.statuses }

// counts asks for the number of rows, which the engine answers from what it knows of its parts.
func (b *run) counts(ctx context.Context) (c counts, err error) {
	row := b.warehouse.Conn().QueryRow(ctx, "SELECT (SELECT count() FROM messages), (SELECT count() FROM statuses)")
	if err = row.Scan(&c.messages, &c.statuses); err != nil {
		err = parley.Errorf(parley.Transient, "cannot count what is visible: %w", err)
	}
	return c, err
}

// watcher asks again and again how many messages are visible.
type watcher struct {
	base      counts
	sightings []sighting
	err       error
	cancel    context.CancelFunc
	done      sync.WaitGroup
}

// watch begins to ask, so often.
func (b *run) watch(ctx context.Context, every time.Duration) (*watcher, error) {
	base, err := b.counts(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{base: base, cancel: cancel}
	w.done.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			c, err := b.counts(ctx)
			if err != nil {
				if ctx.Err() == nil {
					w.err = err
				}
				return
			}
			w.sightings = append(w.sightings, sighting{at: b.Now(), count: c.messages})
		}
	})
	return w, nil
}

// end stops asking and gives what was seen.
func (w *watcher) end() ([]sighting, error) {
	w.cancel()
	w.done.Wait()
	return w.sightings, w.err
}

const (
	// lookEvery is how often the waits below look.
	lookEvery = 20 * time.Millisecond
	// stalled is after how long without a new row a wait gives up.
	stalled = 30 * time.Second
	// quiet is after how long without a new row a backlog of unknown length is worked off: several batches.
	quiet = 3 * time.Second
)

// settled waits until no more rows appear.
func (b *run) settled(ctx context.Context) error {
	_, _, err := b.await(ctx, quiet, func(counts) bool { return false })
	return err
}

// visible waits until as many rows are visible as were acknowledged, and tells when. It is false when that
// did not happen.
func (b *run) visible(ctx context.Context, want counts) (at time.Time, reached bool, err error) {
	return b.await(ctx, stalled, func(c counts) bool { return c.messages >= want.messages && c.statuses >= want.statuses })
}

func (b *run) await(ctx context.Context, patience time.Duration, enough func(counts) bool) (time.Time, bool, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last, changed := counts{}, b.Now()
	for {
		c, err := b.counts(ctx)
		now := b.Now()
		switch {
		case err != nil:
			return now, false, err
		case enough(c):
			return now, true, nil
		case c != last:
			last, changed = c, now
		case now.Sub(changed) > patience:
			return changed, false, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return now, false, ctx.Err()
		}
	}
}

// arrivals are the times at which the messages since a time arrived, in order.
func (b *run) arrivals(ctx context.Context, since time.Time) ([]time.Time, error) {
	fail := func(err error) ([]time.Time, error) {
		return nil, parley.Errorf(parley.Transient, "cannot read when messages arrived: %w", err)
	}
	rows, err := b.warehouse.Conn().Query(ctx, "SELECT received_at FROM messages WHERE received_at >= {since:DateTime64(6, 'UTC')} ORDER BY received_at",
		clickhouse.DateNamed("since", since, clickhouse.MicroSeconds))
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var times []time.Time
	for rows.Next() {
		var t time.Time
		if err := rows.Scan(&t); err != nil {
			return fail(err)
		}
		times = append(times, t)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return times, nil
}
