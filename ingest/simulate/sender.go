package simulate

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"parley"
)

// Limits and defaults of a Sender.
const (
	MaxConnections     = 10_000
	DefaultTimeout     = 30 * time.Second
	DefaultConnections = 16

	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 5 * time.Second

	// maxBehind is how much a Sender that was held up may catch up at once: more would be a burst that no
	// rate asked for.
	maxBehind = time.Second

	progressEvery = time.Second
)

// SenderConfig says where to send, and how fast.
type SenderConfig struct {
	// URL is http://host:port or https://host:port, with the webhook path or without; the app's name is
	// added to the path where it has one.
	URL string

	Rate        float64          // messages per second; 0 for as fast as answers come
	Connections int              // kept-alive connections, each with one request at a time; 0 for DefaultConnections
	Timeout     time.Duration    // of one attempt; 0 for DefaultTimeout
	Now         func() time.Time // the clock: of pacing, time-outs and latencies
	Seed        uint64           // of the jitter of retries

	// Ledger keeps what was acknowledged; the Generator must be configured for Identities. nil for none.
	Ledger *Ledger

	// Progress is called about once a second, from one goroutine of Run. nil for none.
	Progress func(Progress)
}

// Progress is a live view of a run.
type Progress struct {
	Elapsed   time.Duration
	Messages  int64 // acknowledged for the first time
	Statuses  int64
	Events    int64
	Posts     int64
	Retries   int64
	PerSecond float64 // messages, since the last Progress
	Waiting   int     // connections that wait to try again
}

// Sender posts the bodies of a Generator as Meta does: many at a time, and again until they are taken.
type Sender struct {
	cfg    SenderConfig
	target *target
	gen    *Generator

	turn sync.Mutex // held by the worker that waits for its time and takes the next body
	next time.Time  // when the next body is due; under turn
	over bool       // the generator has ended; under turn

	mu    sync.Mutex
	tally tally
	fatal error
}

// NewSender checks the configuration. The Sender owns the Generator from here on.
func NewSender(cfg SenderConfig, gen *Generator) (*Sender, error) {
	target, err := newTarget(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Connections == 0 {
		cfg.Connections = DefaultConnections
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	invalid := func(format string, args ...any) (*Sender, error) {
		return nil, parley.Errorf(parley.Invalid, "cannot send traffic: "+format, args...)
	}
	switch {
	case gen == nil || cfg.Now == nil:
		return invalid("a generator and a clock are needed")
	case cfg.Connections < 0 || cfg.Connections > MaxConnections:
		return invalid("connections is %d, it must be between 1 and %d", cfg.Connections, MaxConnections)
	case !(cfg.Rate >= 0 && cfg.Rate <= 1e9):
		return invalid("rate is %v, it must be between 0 and 1e9", cfg.Rate)
	case cfg.Timeout < 0:
		return invalid("timeout is %v, it must not be negative", cfg.Timeout)
	case cfg.Ledger != nil && !gen.cfg.Identities:
		return invalid("a ledger needs a generator with identities")
	}
	return &Sender{cfg: cfg, target: target, gen: gen}, nil
}

// Run sends everything. It ends when the generator has ended and every body was answered with 200, when
// the server refuses one for good, or when ctx ends; the Result tells what was reached in every case. It
// is called once.
func (s *Sender) Run(ctx context.Context) (Result, error) {
	begin := s.cfg.Now()
	s.next = begin
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var workers, watcher sync.WaitGroup
	for i := range s.cfg.Connections {
		workers.Go(func() {
			if err := s.work(ctx, uint64(i)); err != nil {
				s.fail(err, stop)
			}
		})
	}
	done := make(chan struct{})
	if s.cfg.Progress != nil {
		watcher.Go(func() { s.watch(begin, done) })
	}
	workers.Wait()
	close(done)
	watcher.Wait()
	result := s.result(begin)
	if s.cfg.Ledger != nil {
		if err := s.cfg.Ledger.Flush(); err != nil {
			s.fail(err, stop)
		}
	}
	return result, s.fatal
}

// fail keeps the first error and stops everybody.
func (s *Sender) fail(err error, stop func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fatal == nil {
		s.fatal = err
	}
	stop()
}

// worker is one connection and what it needs.
type worker struct {
	client  client
	rng     *rand.Rand
	request []byte
}

func (s *Sender) work(ctx context.Context, index uint64) error {
	w := &worker{
		client: client{target: s.target, timeout: s.cfg.Timeout, now: s.cfg.Now},
		rng:    rand.New(rand.NewPCG(s.cfg.Seed, index)),
	}
	defer w.client.close()
	for {
		r, ok, err := s.take(ctx, w)
		if err != nil || !ok {
			return err
		}
		if err := s.deliver(ctx, w, &r); err != nil {
			return err
		}
	}
}

// take waits until a body is due and writes it as a request. One worker waits; the others wait for it.
func (s *Sender) take(ctx context.Context, w *worker) (Request, bool, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.over {
		return Request{}, false, nil
	}
	if err := ctx.Err(); err != nil {
		return Request{}, false, stopped(err)
	}
	if s.cfg.Rate > 0 {
		now := s.cfg.Now()
		if err := wait(ctx, s.next.Sub(now)); err != nil {
			return Request{}, false, stopped(err)
		}
		if earliest := now.Add(-maxBehind); s.next.Before(earliest) {
			s.next = earliest
		}
	}
	r, ok := s.gen.Next()
	if !ok {
		s.over = true
		return r, false, nil
	}
	if s.cfg.Rate > 0 {
		s.next = s.next.Add(time.Duration(float64(r.Messages) / s.cfg.Rate * float64(time.Second)))
	}
	w.request = s.target.appendRequest(w.request[:0], &r)
	return r, true, nil
}

func stopped(err error) error {
	return parley.Errorf(parley.Transient, "cannot send everything: %w", err)
}

// wait sleeps, unless the context ends before.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// deliver posts one body until it is taken.
func (s *Sender) deliver(ctx context.Context, w *worker, r *Request) error {
	maybeTaken := false
	for attempt := 0; ; attempt++ {
		if maybeTaken {
			s.count(func(t *tally) { t.redelivered++ })
		}
		begin := s.cfg.Now()
		code, sent, err := w.client.roundTrip(ctx, w.request)
		took := s.cfg.Now().Sub(begin)
		if err == nil && code == 200 {
			s.count(func(t *tally) { t.acknowledge(r, took) })
			if s.cfg.Ledger != nil {
				return s.cfg.Ledger.Record(r.Items)
			}
			return nil
		}
		if ctx.Err() != nil {
			return stopped(ctx.Err())
		}
		if err == nil && code < 500 && code != 429 {
			return refused(code, r.App)
		}
		maybeTaken = maybeTaken || err != nil && sent
		s.count(func(t *tally) { t.retry(code, sent, err); t.waiting++ })
		err = wait(ctx, backoff(attempt, w.rng))
		s.count(func(t *tally) { t.waiting-- })
		if err != nil {
			return stopped(err)
		}
	}
}

// backoff is the pause before the next attempt: twice as long each time, half of it by chance.
func backoff(attempt int, rng *rand.Rand) time.Duration {
	pause := min(maxBackoff, firstBackoff<<min(attempt, 10))
	return pause/2 + time.Duration(rng.Int64N(int64(pause/2)))
}

// refused explains an answer that trying again will not change.
func refused(code int, app parley.AppID) error {
	switch code {
	case 401, 403:
		return parley.Errorf(parley.Denied, "cannot send traffic: the server answered %d to app %q: its app secret differs from the one that signed the body", code, app)
	case 404:
		return parley.Errorf(parley.NotFound, "cannot send traffic: the server answered 404 to app %q: there is no webhook at this path", app)
	case 413:
		return parley.Errorf(parley.TooLarge, "cannot send traffic: the server answered 413: its bound for bodies is below what Meta may send")
	}
	return parley.Errorf(parley.Invalid, "cannot send traffic: the server answered %d, which is neither 200 nor a reason to try again", code)
}
