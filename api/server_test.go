package api_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"parley/api"
)

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

func TestServer(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	inside, leave := make(chan struct{}), make(chan struct{})
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_test_total", Help: "A test."}))
	checks := []api.Check{{Name: "pipeline", Ready: func() error {
		if down.Load() {
			return errors.New("cannot write")
		}
		return nil
	}}}
	s := api.New(api.Config{Listen: "127.0.0.1:0", ReadTimeout: time.Second}, slog.New(slog.NewTextHandler(io.Discard, nil)), registry, checks,
		func(mux *http.ServeMux) {
			mux.HandleFunc("GET /slow", func(w http.ResponseWriter, _ *http.Request) {
				close(inside)
				<-leave
				io.WriteString(w, "finished")
			})
		})
	require.NoError(t, s.Start(t.Context()))
	base := "http://" + s.Addr()

	status, _ := get(t, base+"/healthz")
	require.Equal(t, 200, status)
	status, _ = get(t, base+"/readyz")
	require.Equal(t, 200, status)
	down.Store(true)
	status, body := get(t, base+"/readyz")
	require.Equal(t, 503, status)
	require.Contains(t, body, "pipeline: cannot write")
	_, body = get(t, base+"/metrics")
	require.Contains(t, body, "parley_test_total 0")

	slow := make(chan string)
	go func() {
		_, body := get(t, base+"/slow")
		slow <- body
	}()
	<-inside
	stopped := make(chan error)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		stopped <- s.Stop(ctx)
	}()
	close(leave)
	require.Equal(t, "finished", <-slow, "a stop lets a request finish")
	require.NoError(t, <-stopped)
}
