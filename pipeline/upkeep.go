package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/pipeline/queue"
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

// Rebuilder makes the derived tables of the time since then again. Doing it twice gives the same rows.
type Rebuilder interface {
	RebuildConversations(ctx context.Context, since, now time.Time) error
}

// rebuildBack is how far back derived tables are rebuilt: Meta redelivers for seven days.
const rebuildBack = 8 * 24 * time.Hour

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
			now := u.now().UTC()
			err = u.rebuild.RebuildConversations(ctx, now.Add(-rebuildBack), now)
		}
		if err != nil && ctx.Err() == nil {
			u.log.Warn("upkeep failed, will be tried again", "error", err)
		}
	}
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
