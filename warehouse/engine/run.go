package engine

import (
	"context"
	"encoding/binary"
	"io"
	"runtime"
	"time"

	"parley"
)

// pace says how starts follow each other: the wait doubles from first to last, give or take a half; a child
// that has answered for stable counts as healthy again; after failures in a row the supervisor gives up.
type pace struct {
	first, last, stable time.Duration
	failures            int
}

var usualPace = pace{100 * time.Millisecond, 10 * time.Second, time.Minute, 10}

// run is the supervisor's only goroutine besides those of the child's pipes: it starts the child, watches
// it and starts it again until life ends. The first start is bounded by start as well, and first gets
// its outcome.
//
// It keeps its thread: on Linux the kernel ends the child when the thread that started it ends.
func (s *Supervisor) run(life, start context.Context, first chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.stopped)
	err := s.begin(start)
	first <- err
	if err != nil {
		return
	}
	for failures := 0; ; {
		switch s.watch(life) {
		case endedByUs:
			return
		case endedStable:
			failures = 0
		case endedEarly:
		}
		for {
			failures++
			if failures > s.pace.failures {
				s.failed <- parley.Errorf(parley.Internal, "cannot keep the warehouse engine running: it ended %d times in a row", failures)
				return
			}
			if !s.pause(life, failures) {
				return
			}
			s.restarts.Add(1)
			err := s.begin(life)
			if life.Err() != nil && err != nil {
				return
			}
			if err == nil {
				s.log.Info("the warehouse engine was started again", "restarts", s.restarts.Load(), "pid", s.PID())
				break
			}
			s.log.Error("cannot start the warehouse engine again", "error", err, "failures", failures)
		}
	}
}

// begin starts a child, waits until it has answered a query and publishes it.
func (s *Supervisor) begin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	c, err := startChild(ctx, s.config, s.secret, s.log)
	if err != nil {
		return err
	}
	if err := writeRecord(s.config.Dir, record{c.pid(), s.secret, s.config.Database, c.address}); err != nil {
		c.kill()
		return err
	}
	s.setChild(c)
	return nil
}

type ending int

const (
	endedByUs ending = iota
	endedEarly
	endedStable
)

// watch returns when the child has ended, whoever ended it.
func (s *Supervisor) watch(life context.Context) ending {
	c := s.child()
	stable := time.NewTimer(s.pace.stable)
	defer stable.Stop()
	result := endedEarly
	for {
		select {
		case <-stable.C:
			result = endedStable
		case <-c.done:
			s.setChild(nil)
			s.log.Error("the warehouse engine ended", "pid", c.pid(), "why", c.why)
			return result
		case <-life.Done():
			s.setChild(nil)
			c.end()
			return endedByUs
		}
	}
}

// pause waits before the next start; it returns false when life ends first.
func (s *Supervisor) pause(life context.Context, failures int) bool {
	timer := time.NewTimer(s.pace.wait(failures, s.config.Random))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-life.Done():
		return false
	}
}

// wait is the pause before the n-th start in a row, n from 1: between half and one and a half times the
// nominal wait, so that the engines of many machines do not start in step.
func (p pace) wait(n int, random io.Reader) time.Duration {
	wait := min(p.first<<min(n-1, 16), p.last)
	var b [8]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return wait
	}
	part := float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
	return time.Duration(float64(wait) * (0.5 + part))
}
