// Package api is the HTTP side of Parley: one server, its bounds, and the endpoints that every part of the
// program shares: /metrics (Prometheus), /healthz (the process answers) and /readyz (it can do its work).
//
// It promises that every request is bounded in headers, time and connections, and that a stop lets requests
// under way finish. What is served besides is registered by its owner (package ingest for webhooks).
//
// Start reading at Server.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley"
)

// Config of the server.
type Config struct {
	Listen      string        // address, "127.0.0.1:8080"; port 0 takes a free one
	ReadTimeout time.Duration // for one request to arrive, body included
}

// Check says why a part of the program cannot work at the moment, nil when it can.
type Check struct {
	Name  string
	Ready func() error
}

// Server is the HTTP server. It is a service.Service.
type Server struct {
	config   Config
	log      *slog.Logger
	server   *http.Server
	listener net.Listener
	failed   chan error
	stopped  chan struct{}
}

// Bounds of the server.
const (
	maxHeader   = 64 << 10
	idleTimeout = 2 * time.Minute
)

// New makes a server. register adds the endpoints of other packages.
func New(config Config, log *slog.Logger, metrics prometheus.Gatherer, checks []Check, register ...func(*http.ServeMux)) *Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", readiness(checks))
	for _, add := range register {
		add(mux)
	}
	return &Server{
		config: config, log: log, failed: make(chan error, 1), stopped: make(chan struct{}),
		server: &http.Server{
			Handler: mux, ReadTimeout: config.ReadTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}
}

// readiness answers 200 when every part can work, else 503 with a line for each that cannot.
func readiness(checks []Check) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		var not []string
		for _, c := range checks {
			if err := c.Ready(); err != nil {
				not = append(not, c.Name+": "+err.Error())
			}
		}
		if len(not) > 0 {
			http.Error(w, strings.Join(not, "\n"), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	}
}

// Start listens and serves.
func (s *Server) Start(ctx context.Context) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return parley.Errorf(parley.Invalid, "cannot listen on %s: %w", s.config.Listen, err)
	}
	s.listener = listener
	go func() {
		defer close(s.stopped)
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	}()
	return nil
}

// Addr is the address it listens on, once started.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Failed delivers the error of a server that cannot go on.
func (s *Server) Failed() <-chan error { return s.failed }

// Stop lets requests under way finish until ctx ends, then closes their connections.
func (s *Server) Stop(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	<-s.stopped
	return err
}
