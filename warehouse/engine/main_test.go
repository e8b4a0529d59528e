package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the child ("engine"), and be a parent that is killed ("parent").
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "engine":
			log := slog.New(slog.NewTextHandler(os.Stderr, nil))
			if err := Main(context.Background(), ChildConfig{Stdin: os.Stdin, Stdout: os.Stdout, Log: log}); err != nil {
				log.Error("the engine failed", "error", err)
				os.Exit(1)
			}
			os.Exit(0)
		case "parent":
			os.Exit(parent(os.Args[2], os.Args[3]))
		}
	}
	code := m.Run()
	if shared.s != nil {
		shared.s.Stop(context.Background())
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// parent starts an engine, says which process it is, and waits to be killed.
func parent(dir, library string) int {
	s, err := New(Config{Dir: dir, Library: library, Random: rand.Reader}, slog.New(slog.DiscardHandler))
	if err == nil {
		err = s.Start(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(s.PID())
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// library skips the test where there is no engine library.
func libraryPath(t testing.TB) string {
	t.Helper()
	path, err := Locate(os.Getenv("PARLEY_ENGINE_LIB"))
	if err != nil {
		t.Skip("needs the engine library: ", err)
	}
	return path
}

// lines collects what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// started starts an engine of the test's own.
func started(t testing.TB, change func(*Config)) (*Supervisor, *lines) {
	t.Helper()
	log := &lines{}
	c := Config{Dir: t.TempDir(), Library: libraryPath(t), Random: rand.Reader}
	if change != nil {
		change(&c)
	}
	s, err := New(c, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, s.Stop(ctx))
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return s, log
}

// shared is one engine for all tests that do not harm it; TestMain stops it.
var shared struct {
	once sync.Once
	s    *Supervisor
	dir  string
	err  error
}

func sharedEngine(t testing.TB) *Supervisor {
	t.Helper()
	path := libraryPath(t)
	shared.once.Do(func() {
		shared.dir, shared.err = os.MkdirTemp("", "engine")
		if shared.err != nil {
			return
		}
		s, err := New(Config{Dir: filepath.Join(shared.dir, "e"), Library: path, Random: rand.Reader}, slog.New(slog.DiscardHandler))
		if err == nil {
			err = s.Start(context.Background())
		}
		if shared.err = err; err == nil {
			shared.s = s
		}
	})
	require.NoError(t, shared.err)
	return shared.s
}

// connect opens a connection that ends with the test.
func connect(t testing.TB, o *clickhouse.Options) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// database makes a database of the test's own and connects to it.
func database(t testing.TB, s *Supervisor) driver.Conn {
	t.Helper()
	name := "t_" + strings.ToLower(identifierOf(t.Name()))
	require.NoError(t, connect(t, s.Options()).Exec(t.Context(), "CREATE DATABASE IF NOT EXISTS "+name))
	o := s.Options()
	o.Auth.Database = name
	return connect(t, o)
}

func identifierOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
}
