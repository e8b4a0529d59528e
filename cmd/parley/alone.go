package main

import (
	"context"
	"time"

	"parley/service"
)

// whenAlone starts a service unless a server on this machine has the log open and works it off. On a log that
// nodes share it starts too: it stands by while one of them works.
type whenAlone struct {
	node    *node
	inner   service.Service
	started bool
}

func (w *whenAlone) Start(ctx context.Context) error {
	if !w.node.queue.Exclusive() && w.node.config.Log.URL == "" {
		return nil
	}
	w.started = true
	return w.inner.Start(ctx)
}

func (w *whenAlone) Stop(ctx context.Context) error {
	if !w.started {
		return nil
	}
	return w.inner.Stop(ctx)
}

// stopContext bounds the stop of a command's own services.
func stopContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 30*time.Second)
}

// lateService is a service that can only be made when those before it have started.
type lateService struct {
	make  func() (service.Service, error)
	inner service.Service
}

func (l *lateService) Start(ctx context.Context) (err error) {
	if l.inner, err = l.make(); err != nil {
		return err
	}
	return l.inner.Start(ctx)
}

func (l *lateService) Stop(ctx context.Context) error { return l.inner.Stop(ctx) }
