package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/pprof"
	"time"

	"github.com/google/uuid"

	"parley"
	"parley/api"
	"parley/config"
	"parley/ingest"
	"parley/pipeline"
	"parley/service"
	"parley/warehouse"
)

// serveCmd runs the server until it is told to stop.
type serveCmd struct {
	Only       string `default:"all" enum:"all,receive" placeholder:"PART" help:"receive: only keep webhooks on the log; another node, or a later start, works it off."`
	CPUProfile string `name:"cpu-profile" type:"path" hidden:"" help:"Write a CPU profile until the server stops."`
}

func (cmd *serveCmd) Run(e *environment) (err error) {
	c, log, err := e.config(false)
	if err != nil {
		return err
	}
	if cmd.CPUProfile != "" {
		stop, profileErr := profile(cmd.CPUProfile)
		if profileErr != nil {
			return profileErr
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	open := newServer
	if cmd.Only == "receive" {
		open = newReceiver
	}
	s, err := open(c, log)
	if err != nil {
		return err
	}
	if err := s.Start(e.ctx); err != nil {
		return err
	}
	log.Info("parley serves", "url", s.url(), "webhooks", s.url()+"/webhooks/whatsapp", "data", c.DataDir)
	return s.wait(e.ctx)
}

// profile writes where the processor's time goes into a file until stop is called.
func profile(name string) (stop func() error, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, parley.Errorf(parley.Invalid, "cannot write profile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(parley.Errorf(parley.Internal, "cannot profile: %w", err), f.Close())
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, nil
}

// server is a node that receives, works off and answers.
type server struct {
	*service.Group
	node *node
	http *api.Server
}

// newServer puts the parts together in the order in which they start: the log first and the endpoint last,
// so that nothing is accepted before it can be kept.
func newServer(c config.Config, log *slog.Logger) (*server, error) {
	n, err := newNode(c, log)
	if err != nil {
		return nil, err
	}
	logService, warehouseService := n.openLog(false), n.openWarehouse(false)
	pipelineService, err := n.openPipeline()
	if err != nil {
		return nil, err
	}
	s := &server{node: n, http: n.endpoint(n.checks())}
	upkeep := pipeline.NewUpkeep(c.Pipeline, n.queue, rebuilder{n}, log, time.Now, n.registry)
	services := []service.Named{logService, warehouseService, pipelineService, {Name: "upkeep", Service: upkeep}}
	if daily := n.dailyVerification(); daily != nil {
		services = append(services, service.Named{Name: "verification", Service: daily})
	}
	s.Group = service.NewGroup(log, append(services, service.Named{Name: "http", Service: s.http})...)
	return s, nil
}

// newReceiver makes a server that keeps webhooks on the log and does nothing else. It needs no warehouse, so
// that webhooks are taken while that one is away, and it has its processors to itself.
func newReceiver(c config.Config, log *slog.Logger) (*server, error) {
	n, err := newNode(c, log)
	if err != nil {
		return nil, err
	}
	logService := n.openLog(false)
	s := &server{node: n, http: n.endpoint(nil)}
	s.Group = service.NewGroup(log, logService, service.Named{Name: "http", Service: s.http})
	return s, nil
}

// endpoint makes the HTTP server with the receiver, which puts webhooks on the log made before.
func (n *node) endpoint(checks []api.Check) *api.Server {
	c := n.config.WhatsApp.Receiver()
	if len(c.Apps) == 0 {
		n.log.Warn("no app secret is set: every webhook will be answered 401 or 404; set PARLEY_WHATSAPP_APP_SECRET")
		c.Apps = []ingest.App{{}}
	}
	newRaw := func() (parley.RawID, error) { id, err := uuid.NewV7(); return parley.RawID(id), err }
	receives := ingest.NewReceiver(c, n.queue, n.log, time.Now, newRaw, n.registry)
	return api.New(api.Config{Listen: n.config.Listen, ReadTimeout: n.config.WhatsApp.BodyTimeout}, n.log, n.registry, checks, receives.Register)
}

// rebuilder is the warehouse that the warehouse service opens when it starts.
type rebuilder struct{ node *node }

func (r rebuilder) RebuildConversations(ctx context.Context, since, now time.Time) error {
	return r.node.warehouse.RebuildConversations(ctx, since, now)
}

func (r rebuilder) MessageArrivals(ctx context.Context, from, to time.Time) (warehouse.Arrivals, error) {
	return r.node.warehouse.MessageArrivals(ctx, from, to)
}

// checks are what /readyz asks.
func (n *node) checks() []api.Check {
	return []api.Check{
		{Name: "warehouse", Ready: func() error {
			if n.engine != nil {
				return n.engine.Ready()
			}
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			return n.warehouse.Ping(ctx)
		}},
		{Name: "pipeline", Ready: n.pipeline.Ready},
	}
}

func (s *server) url() string { return "http://" + s.http.Addr() }

// wait serves until ctx ends or a part fails that cannot recover, then stops everything within the
// configured time.
func (s *server) wait(ctx context.Context) error {
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-s.Failed():
	}
	return errors.Join(failure, s.stop())
}

func (s *server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), s.node.config.StopTimeout)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		return fmt.Errorf("cannot stop cleanly: %w", err)
	}
	s.node.log.Info("parley has stopped")
	return nil
}
