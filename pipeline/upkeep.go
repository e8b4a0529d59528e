package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley"
	"parley/pipeline/queue"
	"parley/warehouse"
)

// Upkeep does what has to be done now and then: it removes from the log what is worked off and no longer
// wanted there, and has the derived tables rebuilt. It is a service.Service.
type Upkeep struct {
	config  Config
	log     *slog.Logger
	now     func() time.Time
	queue   *queue.Log
	rebuild Rebuilder

	bytes  prometheus.Gauge
	behind prometheus.Gauge
	cancel context.CancelFunc
	done   chan struct{}
}

// Rebuilder is the warehouse as the upkeep needs it: it makes the derived tables of the time since then
// again (doing it twice gives the same rows), and knows what has arrived.
type Rebuilder interface {
	RebuildConversations(ctx context.Context, since, now time.Time) error
	MessageArrivals(ctx context.Context, from, to time.Time) (warehouse.Arrivals, error)
}

const (
	// derivedKey is the key of the log's state that holds how far arrivals are in the derived tables.
	derivedKey = "derived"
	// derivedOverlap is how long before that arrivals are looked at again: batches become visible table by
	// table, and nodes' clocks differ.
	derivedOverlap = 5 * time.Minute
	// derivedBack is how far back is rebuilt in any case: sessions close as time goes by.
	derivedBack = 3 * 24 * time.Hour
)

// NewUpkeep makes the upkeep of a log and a warehouse.
func NewUpkeep(config Config, log *queue.Log, rebuild Rebuilder, logger *slog.Logger, now func() time.Time, registry prometheus.Registerer) *Upkeep {
	u := &Upkeep{
		config: config, log: logger, now: now, queue: log, rebuild: rebuild, done: make(chan struct{}),
		bytes: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_log_bytes", Help: "Bytes the log holds, worked off or not."}),
		behind: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_log_behind_frames",
			Help: "Frames on the log that are not yet in the warehouse."}),
	}
	registry.MustRegister(u.bytes, u.behind)
	return u
}

// Start begins to work in the background.
func (u *Upkeep) Start(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel = cancel
	go u.run(ctx)
	return nil
}

// Stop ends the work at hand.
func (u *Upkeep) Stop(context.Context) error {
	u.cancel()
	<-u.done
	return nil
}

// lookEvery is how often the log is looked at.
const lookEvery = 5 * time.Second

func (u *Upkeep) run(ctx context.Context) {
	defer close(u.done)
	look, derive := time.NewTicker(lookEvery), time.NewTicker(u.config.DeriveEvery)
	defer look.Stop()
	defer derive.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			err = u.Trim(ctx)
		case <-derive.C:
			err = u.Derive(ctx)
		}
		if err != nil && ctx.Err() == nil {
			u.log.Warn("upkeep failed, will be tried again", "error", err)
		}
	}
}

// Derive rebuilds the derived tables from the oldest message on that has arrived since the last time: an
// imported chat, a history or a late delivery may reach years back.
func (u *Upkeep) Derive(ctx context.Context) error {
	value, revision, err := u.queue.State(ctx, derivedKey)
	if err != nil {
		return err
	}
	var last time.Time // zero: never
	if len(value) > 0 {
		if err := last.UnmarshalText(value); err != nil {
			return parley.Errorf(parley.Internal, "cannot read how far the derived tables are: %w", err)
		}
	}
	now := u.now().UTC()
	arrived, err := u.rebuild.MessageArrivals(ctx, last, now.Add(24*time.Hour))
	if err != nil || arrived.Messages == 0 {
		return err
	}
	since := now.Add(-derivedBack)
	if arrived.Oldest.Before(since) {
		since = arrived.Oldest
	}
	if err := u.rebuild.RebuildConversations(ctx, since, now); err != nil {
		return err
	}
	next, err := arrived.Newest.Add(-derivedOverlap).MarshalText()
	if err != nil {
		return err
	}
	_, err = u.queue.SetState(ctx, derivedKey, next, revision)
	if parley.KindOf(err) == parley.Conflict {
		return nil // another node did the same
	}
	return err
}

// Trim removes frames that are worked off and older than KeepLog, and all that are worked off when the log
// is more than half full.
func (u *Upkeep) Trim(ctx context.Context) error {
	progress, _, err := ReadProgress(ctx, u.queue)
	if err != nil {
		return err
	}
	usage, err := u.queue.Usage(ctx)
	if err != nil {
		return err
	}
	u.bytes.Set(float64(usage.Bytes))
	u.behind.Set(float64(usage.Last) - float64(progress.Done))
	if progress.Done > usage.Last {
		return nil // the record is not of this log: nothing of it is known to be done
	}
	to := progress.Done + 1
	if usage.Bytes < usage.MaxBytes/2 {
		keep, err := u.queue.SeqAt(ctx, u.now().Add(-u.config.KeepLog))
		if err != nil {
			return err
		}
		to = min(to, keep)
	}
	if to <= usage.First {
		return nil
	}
	return u.queue.Trim(ctx, to)
}
