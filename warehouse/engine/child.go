package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// ChildConfig is what the child needs besides its orders, which come on the first line of Stdin.
type ChildConfig struct {
	Stdin  io.Reader // the child ends when it ends
	Stdout io.Writer // gets one line: where the child answers
	Log    *slog.Logger
}

// Main is the body of the child process: it reads its orders, opens the engine, announces its address and
// serves until ctx ends, SIGTERM comes or its standard input ends. The last makes sure that it never
// outlives its parent, however that one died.
//
// The engine exists once per process; a second call in the same process fails.
func Main(ctx context.Context, c ChildConfig) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	if err := dieWithParent(); err != nil {
		c.Log.Warn("the kernel will not end the engine with its parent; closing its input still does", "error", err)
	}
	o, err := takeOrders(c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with the process: it owns the standard input
		io.Copy(io.Discard, c.Stdin)
		cancel()
	}()
	server, err := openServer(o)
	if err != nil {
		return err
	}
	defer server.close()
	listener, err := listen(o.Socket)
	if err != nil {
		return err
	}
	return serve(ctx, server, listener, c)
}

func openServer(o orders) (*server, error) {
	lib, err := openLibrary(o.Library)
	if err != nil {
		return nil, err
	}
	return newServer(lib, sessionArgs(o), o.Secret, o.Queries, o.MaxBody)
}

// listen opens the unix socket, for the owner alone, or a free loopback port.
func listen(socket string) (net.Listener, error) {
	if socket == "" {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot remove a socket left behind: %w", err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for queries: %w", err)
	}
	if err := os.Chmod(socket, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot protect the socket: %w", err), listener.Close())
	}
	return listener, nil
}

// serve answers until ctx ends, then lets running queries finish within shutdownTimeout and kills the rest.
func serve(ctx context.Context, handler http.Handler, listener net.Listener, c ChildConfig) error {
	base, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	httpServer := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       10 * time.Minute,
		MaxHeaderBytes:    8 << 20, // parameters of a statement travel in the request line
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(c.Log.Handler(), slog.LevelWarn),
	}
	served := make(chan error, 1)
	go func() { served <- httpServer.Serve(listener) }()
	if err := announce(c.Stdout, listener.Addr()); err != nil {
		return errors.Join(err, httpServer.Close())
	}
	select {
	case err := <-served:
		return fmt.Errorf("cannot serve queries: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(base, shutdownTimeout)
	defer cancel()
	if err := httpServer.Shutdown(drain); err != nil {
		kill()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		return httpServer.Shutdown(last)
	}
	return nil
}

func announce(w io.Writer, a net.Addr) error {
	line, err := json.Marshal(address{a.Network(), a.String()})
	if err != nil {
		return err
	}
	if _, err := w.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot announce the engine's address: %w", err)
	}
	return nil
}
