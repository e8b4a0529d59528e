package replay

import (
	"context"
	"sync"
	"time"

	"parley"
	"parley/pipeline/queue"
)

// appender puts records on the log, several under way at a time so that they share syncs, and lets the
// pipeline catch up. It belongs to one goroutine.
type appender struct {
	*Replayer
	summary *Summary
	group   []queue.Record // not yet appended
	bytes   int64          // of the group
	ahead   int64          // appended since the pipeline last caught up
	sent    uint64         // bodies, for the rate
	begin   time.Time
}

// Bounds of what is under way at a time.
const (
	groupRecords = 64
	groupBytes   = 8 << 20
)

func (r *Replayer) appender(s *Summary) *appender {
	return &appender{Replayer: r, summary: s, begin: r.Now()}
}

func (a *appender) append(ctx context.Context, record queue.Record) error {
	a.group = append(a.group, record)
	a.bytes += int64(len(record.Body))
	if len(a.group) < groupRecords && a.bytes < groupBytes && a.bytes < a.config.Ahead {
		return nil
	}
	return a.flush(ctx)
}

// flush appends the group and returns when all of it is synced. It is taken off in the order of its records
// only where they fit in one frame; no fact depends on more.
func (a *appender) flush(ctx context.Context) error {
	if len(a.group) == 0 {
		return nil
	}
	errs := make([]error, len(a.group))
	waits := make([]uint64, len(a.group))
	var wg sync.WaitGroup
	for i := range a.group {
		wg.Go(func() { waits[i], errs[i] = a.one(ctx, a.group[i]) })
	}
	wg.Wait()
	var first error
	for i := range a.group {
		a.summary.Waits += waits[i]
		if errs[i] == nil {
			a.summary.Bodies++
			a.summary.Bytes += uint64(len(a.group[i].Body))
		} else if first == nil {
			first = errs[i]
		}
	}
	a.ahead += a.bytes
	a.sent += uint64(len(a.group))
	a.group, a.bytes = a.group[:0], 0
	if first != nil {
		return first
	}
	if err := a.pace(ctx); err != nil {
		return err
	}
	if a.ahead < a.config.Ahead {
		return nil
	}
	if err := a.mark(ctx); err != nil {
		return err
	}
	a.ahead = 0
	return a.wait(ctx, a.summary.LastSeq)
}

// one appends a record, waiting for room. An append whose outcome is unknown is tried again: a record that
// is on the log twice changes nothing.
func (a *appender) one(ctx context.Context, record queue.Record) (waits uint64, err error) {
	deadline := a.Now().Add(a.config.Stall)
	for pause := a.config.RetryMin; ; pause = min(2*pause, a.config.RetryMax) {
		err = a.Log.Append(ctx, record)
		if err == nil || !parley.KindOf(err).Retriable() || ctx.Err() != nil || a.Now().After(deadline) {
			return waits, err
		}
		waits++
		if err := sleep(ctx, pause); err != nil {
			return waits, err
		}
	}
}

// pace keeps to the rate.
func (a *appender) pace(ctx context.Context) error {
	if a.config.Rate == 0 {
		return nil
	}
	due := a.begin.Add(time.Duration(float64(a.sent) / float64(a.config.Rate) * float64(time.Second)))
	return sleep(ctx, due.Sub(a.Now()))
}

// mark notes the last frame of the log: all that was appended is in it or before.
func (a *appender) mark(ctx context.Context) error {
	usage, err := a.Log.Usage(ctx)
	if err == nil {
		a.summary.LastSeq = usage.Last
	}
	return err
}

// end appends what is left.
func (a *appender) end(ctx context.Context) error {
	if err := a.flush(ctx); err != nil {
		return err
	}
	if a.summary.Bodies == 0 {
		return nil
	}
	return a.mark(ctx)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
