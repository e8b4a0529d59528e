package bench

import (
	"context"
	"errors"
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

// watcher asks again and again what is visible. Every question costs the engine about a millisecond of
// processor time, so that there is one watcher at a time and it asks no oftener than its figure needs.
type watcher struct {
	base   counts
	cancel context.CancelFunc
	done   chan struct{} // closed when it has ended
	seen   chan counts   // capacity 1: the newest, until somebody takes it

	sightings []sighting // read after done
	err       error      // read after done
}

// watch begins to ask, so often.
func (b *run) watch(ctx context.Context, every time.Duration) (*watcher, error) {
	base, err := b.counts(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{base: base, cancel: cancel, done: make(chan struct{}), seen: make(chan counts, 1)}
	go func() {
		defer close(w.done)
		if err := b.look(ctx, w, every); ctx.Err() == nil {
			w.err = err
		}
	}()
	return w, nil
}

// look takes note of what is visible until ctx ends.
func (b *run) look(ctx context.Context, w *watcher, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		c, err := b.counts(ctx)
		if err != nil {
			return err
		}
		w.sightings = append(w.sightings, sighting{at: b.Now(), count: c.messages})
		select {
		case <-w.seen:
		default:
		}
		w.seen <- c
	}
}

// await waits until enough is visible, and tells when that was seen. It gives up, without an error, after
// patience without a new row; then it tells when the last one was seen.
func (w *watcher) await(ctx context.Context, now func() time.Time, patience time.Duration, enough func(counts) bool) (at time.Time, reached bool, err error) {
	last, changed := counts{}, now()
	for {
		select {
		case c := <-w.seen:
			if c != last {
				last, changed = c, now()
			}
			if enough(c) {
				return changed, true, nil
			}
			if now().Sub(changed) > patience {
				return changed, false, nil
			}
		case <-w.done:
			return changed, false, w.err
		case <-ctx.Done():
			return changed, false, ctx.Err()
		}
	}
}

// end stops asking and gives what was seen.
func (w *watcher) end() ([]sighting, error) {
	w.cancel()
	<-w.done
	return w.sightings, w.err
}

const (
	// stalled is after how long without a new row a wait gives up.
	stalled = 30 * time.Second
	// quiet is after how long without a new row a backlog of unknown length is worked off: several batches.
	quiet = 3 * time.Second
)

// settled waits until no more rows appear.
func (b *run) settled(ctx context.Context) error {
	w, err := b.watch(ctx, watchBacklog)
	if err != nil {
		return err
	}
	_, _, err = w.await(ctx, b.Now, quiet, func(counts) bool { return false })
	_, watchErr := w.end()
	return errors.Join(err, watchErr)
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
