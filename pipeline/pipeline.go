package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"parley"
	"parley/pipeline/queue"
	"parley/warehouse"
)

// Log is the log as the pipeline needs it.
type Log interface {
	State
	NewReader(ctx context.Context, from uint64) (*queue.Reader, error)
	Usage(ctx context.Context) (queue.Usage, error)
	// Exclusive reports whether no other process can work this log.
	Exclusive() bool
}

// Writer puts a batch into the warehouse. Writing the same batch again changes nothing. Rows that the
// warehouse will never take are dead letters when it returns; an error means that the batch is not in, and
// its kind says whether trying again may help.
type Writer interface {
	Write(ctx context.Context, b *warehouse.Batch) (warehouse.Rejections, error)
}

// Pipeline works off the log. It is a service.Service.
type Pipeline struct {
	config   Config
	log      *slog.Logger
	now      func() time.Time
	newID    func() (uuid.UUID, error)
	queue    Log
	decoder  *Decoder
	enricher Enricher
	writer   Writer
	metrics  *metrics

	seen    *Seen
	ledger  *ledger
	healthy atomic.Bool

	drain   context.Context // done: finish the batch at hand and end
	endWork context.CancelFunc
	cancel  context.CancelFunc // gives up the batch at hand too
	stopped chan struct{}
}

// Parts are what a pipeline is made of.
type Parts struct {
	Log      *slog.Logger
	Now      func() time.Time
	NewID    func() (uuid.UUID, error)
	Queue    Log
	Decoder  *Decoder
	Enricher Enricher // nil: messages are not enriched
	Writer   Writer
	Registry prometheus.Registerer
}

// New makes a pipeline from a valid configuration.
func New(config Config, parts Parts) *Pipeline {
	drain, endWork := context.WithCancel(context.Background())
	return &Pipeline{
		config: config, log: parts.Log, now: parts.Now, newID: parts.NewID, queue: parts.Queue,
		decoder: parts.Decoder, enricher: parts.Enricher, writer: parts.Writer, metrics: newMetrics(parts.Registry),
		drain: drain, endWork: endWork, stopped: make(chan struct{}),
	}
}

// Start opens the seen set and begins to work off the log.
func (p *Pipeline) Start(context.Context) error {
	seen, err := OpenSeen(p.config.SeenDir, p.config.SeenDays, p.config.SeenMemory)
	if err != nil {
		return err
	}
	owner, err := p.newID()
	if err != nil {
		return errors.Join(fmt.Errorf("cannot make an id: %w", err), seen.Close())
	}
	p.seen = seen
	p.ledger = &ledger{state: p.queue, owner: owner, now: p.now}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go p.run(ctx)
	return nil
}

// Stop finishes the batch at hand. What is left on the log stays there for the next start.
func (p *Pipeline) Stop(ctx context.Context) error {
	p.endWork()
	var err error
	select {
	case <-p.stopped:
	case <-ctx.Done():
		err = fmt.Errorf("cannot finish the batch at hand: %w", ctx.Err())
		p.cancel()
		<-p.stopped
	}
	p.cancel()
	return errors.Join(err, p.seen.Close())
}

// Ready reports whether the pipeline works or stands by: its last attempt to write did not fail.
func (p *Pipeline) Ready() error {
	if !p.healthy.Load() {
		return parley.Errorf(parley.Transient, "the pipeline cannot write to the warehouse at the moment")
	}
	return nil
}

// run works until it is stopped. Whatever goes wrong, it starts again from what is recorded: nothing in
// memory outlives a failure.
func (p *Pipeline) run(ctx context.Context) {
	defer close(p.stopped)
	pause := p.config.RetryMin
	for ctx.Err() == nil && !p.draining() {
		done := p.ledger.progress.Done
		err := p.work(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		p.healthy.Store(false)
		p.metrics.restarts.Inc()
		p.log.Error("pipeline starts again from its record", "kind", parley.KindOf(err).String(), "error", err)
		if p.ledger.progress.Done > done {
			pause = p.config.RetryMin // it had come on
		}
		p.sleep(ctx, pause)
		pause = min(2*pause, p.config.RetryMax)
	}
}

// work takes over the log and works it off until the drain or an error.
func (p *Pipeline) work(ctx context.Context) error {
	if err := p.takeOver(ctx); err != nil {
		return err
	}
	if p.draining() {
		return nil
	}
	if err := p.checkLog(ctx); err != nil {
		return err
	}
	reader, err := p.queue.NewReader(ctx, p.ledger.progress.Done+1)
	if err != nil {
		return err
	}
	defer reader.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan *Facts)
	gathered := make(chan error, 1)
	g := &gatherer{p: p, reader: reader, drain: p.drain, recent: newRecent(recentKeys)}
	sealed := p.ledger.progress.Sealed
	go func() { gathered <- g.run(ctx, sealed, batches) }()
	p.healthy.Store(true)
	err = p.writeAll(ctx, batches)
	cancel()
	return errors.Join(err, ignoreCancelled(<-gathered, err))
}

// checkLog refuses to work a log that ends before the record says it was worked off to: the log was made
// anew or restored, and its frames would be taken for done.
func (p *Pipeline) checkLog(ctx context.Context) error {
	usage, err := p.queue.Usage(ctx)
	if err != nil {
		return err
	}
	if done := p.ledger.progress.Done; usage.Last < done {
		return parley.Errorf(parley.Internal, "cannot work the log: it ends at frame %d, but its record says that %d is done; the log was made anew or restored from a copy: remove the key %q of its state to work it from its beginning", usage.Last, done, StateKey)
	}
	return nil
}

// ignoreCancelled drops the error of the gatherer that only says that the writer had failed before it.
func ignoreCancelled(err, cause error) error {
	if cause != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// takeOver waits until no other pipeline works this log. On a log of its own it does not wait.
// Whether another one works is told by the record changing, as seen by this process' own clock: those of two
// machines may differ.
func (p *Pipeline) takeOver(ctx context.Context) error {
	var revision uint64
	var unchanged time.Time // since when, zero before the first look
	for {
		if err := p.ledger.load(ctx); err != nil {
			return err
		}
		if now := p.now(); unchanged.IsZero() || revision != p.ledger.revision {
			revision, unchanged = p.ledger.revision, now
		}
		owner := p.ledger.progress.Owner
		if p.queue.Exclusive() || owner == uuid.Nil || owner == p.ledger.owner || p.now().Sub(unchanged) > p.config.TakeOver {
			return p.ledger.renew(ctx)
		}
		p.healthy.Store(true)
		p.metrics.standby.Set(1)
		p.sleep(ctx, p.config.TakeOver/3)
		p.metrics.standby.Set(0)
		if ctx.Err() != nil || p.draining() {
			return ctx.Err()
		}
	}
}

// writeAll writes batches as they come and gives a sign of life while none do.
func (p *Pipeline) writeAll(ctx context.Context, batches <-chan *Facts) error {
	renew := time.NewTicker(p.config.TakeOver / 3)
	defer renew.Stop()
	for {
		select {
		case facts, more := <-batches:
			if !more {
				return nil
			}
			if err := p.write(ctx, facts); err != nil {
				return err
			}
		case <-renew.C:
			if p.queue.Exclusive() {
				continue // nobody waits for a sign
			}
			if err := p.ledger.renew(ctx); err != nil {
				return err
			}
		}
	}
}

// write seals a batch, puts it into the warehouse, marks its items as seen and records it as done, in this
// order. Each step may be repeated after a crash.
func (p *Pipeline) write(ctx context.Context, facts *Facts) error {
	begin := p.now()
	if again := p.ledger.progress.Sealed; again == nil || again.ID != facts.ID {
		seal := Seal{ID: facts.ID, First: p.ledger.progress.Done + 1, Last: facts.LastSeq, SealedAt: facts.SealedAt}
		if err := p.ledger.seal(ctx, seal); err != nil {
			return err
		}
	}
	facts.FirstSeq = p.ledger.progress.Sealed.First
	rejected, err := p.store(ctx, &facts.Batch)
	if err != nil {
		return err
	}
	if err := p.seen.Mark(facts.ID, facts.stored(rejected), p.now()); err != nil {
		return err
	}
	if err := p.ledger.done(ctx, facts.LastSeq); err != nil {
		return err
	}
	p.metrics.batch(facts, rejected, begin, p.now())
	return nil
}

// store writes until the batch is in. Only what can heal by itself is tried again at once; anything else
// is an error, is told, and is tried again from the record.
func (p *Pipeline) store(ctx context.Context, b *warehouse.Batch) (warehouse.Rejections, error) {
	pause := p.config.RetryMin
	for {
		rejected, err := p.attempt(ctx, b)
		if err == nil {
			p.healthy.Store(true)
			return rejected, nil
		}
		if ctx.Err() != nil || !parley.KindOf(err).Retriable() {
			return rejected, err
		}
		p.healthy.Store(false)
		p.metrics.retries.Inc()
		p.log.Warn("batch not written, trying again", "batch", b.ID, "pause", pause, "error", err)
		p.sleep(ctx, pause)
		pause = min(2*pause, p.config.RetryMax)
		if p.draining() && ctx.Err() == nil && pause >= p.config.RetryMax {
			return rejected, err
		}
	}
}

// attempt writes once and meanwhile keeps the log: a write that takes long must not look like a pipeline that
// is gone. When another one has taken the log all the same, the write is given up.
func (p *Pipeline) attempt(ctx context.Context, b *warehouse.Batch) (rejected warehouse.Rejections, err error) {
	if p.queue.Exclusive() {
		return p.writer.Write(ctx, b)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan struct{})
	go func() { // awaited below
		defer close(done)
		rejected, err = p.writer.Write(ctx, b)
	}()
	ticker := time.NewTicker(p.config.TakeOver / 3)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return rejected, err
		case <-ticker.C:
			if lost := p.ledger.renew(ctx); parley.KindOf(lost) == parley.Conflict {
				cancel()
				<-done
				return nil, lost
			}
		}
	}
}

func (p *Pipeline) draining() bool { return p.drain.Err() != nil }

// sleep waits for d, spread by up to half, or until ctx ends.
func (p *Pipeline) sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d/2 + rand.N(d/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
