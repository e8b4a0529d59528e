package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parley"
)

// committer turns the records of many callers into frames, one sync each. While one frame is being synced
// the next callers gather; they travel together in the frame after it.
type committer struct {
	log  *Log
	room int // bytes of a frame of several records

	mu      sync.Mutex
	pending []*pending // waiting for a frame
	bytes   int        // of their bodies
	closed  bool

	wake    chan struct{} // capacity 1: there is something pending, or closed
	stopped chan struct{}

	gauge gauge
	frame []byte   // reused
	batch []Record // reused
}

// pending is one caller of Append.
type pending struct {
	record Record
	done   chan error // capacity 1
}

var pendingPool = sync.Pool{New: func() any { return &pending{done: make(chan error, 1)} }}

func newCommitter(l *Log) *committer {
	room := min(frameTarget, int(l.conn.MaxPayload())-headerRoom, l.config.MaxRecord+frameRoom-headerRoom)
	return &committer{log: l, room: room, wake: make(chan struct{}, 1), stopped: make(chan struct{}), gauge: gauge{log: l}}
}

var errClosed = errors.New("it is closing")

// append waits until the record is synced. It does not leave early when ctx ends: the record is in use
// until then, and the wait is bounded by two syncs.
func (c *committer) append(ctx context.Context, r Record) error {
	if err := ctx.Err(); err != nil {
		return parley.Errorf(parley.Transient, "cannot log body: %w", err)
	}
	p := pendingPool.Get().(*pending)
	p.record = r
	c.mu.Lock()
	switch {
	case c.closed:
		c.mu.Unlock()
		return parley.Errorf(parley.Transient, "cannot log body: %w", errClosed)
	case c.bytes+len(r.Body) > c.log.config.MaxPending:
		c.mu.Unlock()
		return parley.Errorf(parley.Full, "cannot log body: %d bytes wait for the disk already", c.bytes)
	}
	c.pending = append(c.pending, p)
	c.bytes += len(r.Body)
	c.mu.Unlock()
	c.signal()
	err := <-p.done
	p.record = Record{}
	pendingPool.Put(p)
	return err
}

func (c *committer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run is the only goroutine that publishes. It ends after stop, once nothing is pending.
func (c *committer) run() {
	defer close(c.stopped)
	for range c.wake {
		for {
			batch, closed := c.take()
			if len(batch) == 0 {
				if closed {
					return
				}
				break
			}
			err := c.commit(batch)
			for _, p := range batch {
				p.done <- err
			}
		}
	}
}

// take removes as many callers as fit in one frame, at least one if any waits.
func (c *committer) take() (batch []*pending, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size, n := 0, 0
	for n < len(c.pending) {
		next := len(c.pending[n].record.Body) + len(c.pending[n].record.App) + recordOverhead
		if n > 0 && size+next > c.room {
			break
		}
		size += next
		c.bytes -= len(c.pending[n].record.Body)
		n++
	}
	batch = c.pending[:n:n]
	if n == len(c.pending) {
		c.pending = nil
	} else {
		c.pending = append([]*pending(nil), c.pending[n:]...)
	}
	return batch, c.closed
}

// commit writes one frame and waits until it is synced.
func (c *committer) commit(batch []*pending) error {
	ctx, cancel := context.WithTimeout(context.Background(), c.log.config.PublishTimeout)
	defer cancel()
	if err := c.gauge.check(ctx); err != nil {
		return err
	}
	c.batch = c.batch[:0]
	for _, p := range batch {
		c.batch = append(c.batch, p.record)
	}
	c.frame = appendFrame(c.frame[:0], c.batch)
	_, err := c.log.js.Publish(ctx, c.log.subject(), c.frame, jetstream.WithExpectStream(c.log.config.Stream), jetstream.WithRetryAttempts(0))
	if err == nil {
		c.gauge.add(len(c.frame))
		return nil
	}
	c.gauge.stale()
	var api *jetstream.APIError
	if errors.As(err, &api) && fullCodes[api.ErrorCode] {
		return parley.Errorf(parley.Full, "cannot log body: the log is full: %w", err)
	}
	return parley.Errorf(parley.Transient, "cannot log body: %w", err)
}

// fullCodes are JetStream's words for "no room": maximum bytes of the stream, of the account, of the
// server, and a file store that cannot write.
var fullCodes = map[jetstream.ErrorCode]bool{
	10077: true, // JSStreamStoreFailedF: maximum bytes exceeded, and I/O errors
	10002: true, // JSAccountResourcesExceededErr
	10023: true, // JSInsufficientResourcesErr
	10028: true, // JSMemoryResourcesExceededErr
	10047: true, // JSStorageResourcesExceededErr
}

func (c *committer) stop(ctx context.Context) error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.signal()
	select {
	case <-c.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("cannot finish syncing the log: %w", ctx.Err())
	}
}

// gauge knows how full the log is without asking at every frame. It belongs to the committer's goroutine,
// but for changed, which Trim sets.
type gauge struct {
	log     *Log
	changed atomic.Bool // what is known is out of date
	bytes   int64
	free    int64
	checked time.Time
}

// gaugeEvery bounds the age of what the gauge knows.
const gaugeEvery = time.Second

func (g *gauge) add(n int) { g.bytes += int64(n); g.free -= int64(n) }
func (g *gauge) stale()    { g.changed.Store(true) }

// check refuses a frame when the log or its disk is nearly full.
func (g *gauge) check(ctx context.Context) error {
	if now := g.log.now(); g.changed.Swap(false) || now.Sub(g.checked) > gaugeEvery || now.Before(g.checked) {
		usage, err := g.log.Usage(ctx)
		if err != nil {
			g.stale()
			return err
		}
		g.bytes, g.free, g.checked = usage.Bytes, freeBytes(g.log.config), now
	}
	c := g.log.config
	if high := int64(c.HighWater * float64(c.MaxBytes)); g.bytes > high {
		return parley.Errorf(parley.Full, "cannot log body: the log holds %d bytes, its high water is %d", g.bytes, high)
	}
	if g.free < c.MinFree {
		return parley.Errorf(parley.Full, "cannot log body: %d bytes are free on the log's disk, at least %d must stay free", g.free, c.MinFree)
	}
	return nil
}
