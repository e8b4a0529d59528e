// Package service is the contract of everything in Parley that runs in the background: who starts it,
// who stops it, and by when it is done.
//
// It promises that every goroutine has an owner: Start returns once the service works (or failed to),
// Stop returns once nothing of it runs any more. A Group starts services in order and stops them in the
// reverse order, so that what is depended on outlives what depends on it.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Service is a part of the program with a life of its own.
//
// Start is called once. It returns nil when the service is ready for use; ctx bounds the start only, not
// the life. After an error nothing runs and Stop is not called.
//
// Stop is called at most once, after a successful Start. It finishes what was begun (drains) until ctx
// ends, then gives up; when it returns no goroutine of the service is left.
type Service interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Failer is a Service that can fail while it runs. The channel delivers at most one error, and only one
// that the service cannot recover from by itself; the program then stops.
type Failer interface {
	Failed() <-chan error
}

// Named is a service and the name it has in logs.
type Named struct {
	Name string
	Service
}

// Group is an ordered list of services that live and die together.
type Group struct {
	log      *slog.Logger
	services []Named
	started  int
	failed   chan error
	done     chan struct{}
	watches  sync.WaitGroup
}

// NewGroup makes a group of services in the order in which they start.
func NewGroup(log *slog.Logger, services ...Named) *Group {
	return &Group{log: log, services: services, failed: make(chan error, len(services)), done: make(chan struct{})}
}

// Start starts every service in order. When one fails, those already started are stopped again and the
// error names the service.
func (g *Group) Start(ctx context.Context) error {
	for _, s := range g.services {
		begin := time.Now()
		if err := s.Start(ctx); err != nil {
			stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			return errors.Join(fmt.Errorf("cannot start %s: %w", s.Name, err), g.Stop(stopCtx))
		}
		g.started++
		g.log.Debug("started", "service", s.Name, "took", time.Since(begin))
		if f, ok := s.Service.(Failer); ok {
			g.watches.Go(func() { g.watch(s.Name, f) })
		}
	}
	return nil
}

// watch passes on the failure of one service; it ends with Stop.
func (g *Group) watch(name string, f Failer) {
	select {
	case err := <-f.Failed():
		if err != nil {
			g.failed <- fmt.Errorf("%s failed: %w", name, err)
		}
	case <-g.done:
	}
}

// Failed delivers the failures of services that cannot recover by themselves.
func (g *Group) Failed() <-chan error { return g.failed }

// Stop stops what was started, last first, all within the deadline of ctx.
func (g *Group) Stop(ctx context.Context) error {
	var errs []error
	select {
	case <-g.done:
		return nil
	default:
		close(g.done)
	}
	for i := g.started - 1; i >= 0; i-- {
		s := g.services[i]
		begin := time.Now()
		if err := s.Stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("cannot stop %s: %w", s.Name, err))
		}
		g.log.Debug("stopped", "service", s.Name, "took", time.Since(begin))
	}
	g.started = 0
	g.watches.Wait()
	return errors.Join(errs...)
}
