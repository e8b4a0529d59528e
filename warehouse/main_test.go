package warehouse

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"parley/warehouse/engine"
)

// TestMain lets the test binary be the engine's child process, and stops the engine that tests share.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		if err := engine.Main(context.Background(), engine.ChildConfig{Stdin: os.Stdin, Stdout: os.Stdout, Log: log}); err != nil {
			log.Error("the engine failed", "error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if shared.supervisor != nil {
		shared.supervisor.Stop(context.Background())
	}
	if shared.dir != "" {
		os.RemoveAll(shared.dir)
	}
	os.Exit(code)
}

// shared is one engine for all tests; each has a database of its own in it.
var shared struct {
	once       sync.Once
	supervisor *engine.Supervisor
	dir        string
	err        error
}

func startShared() {
	library, err := engine.Locate(os.Getenv("PARLEY_ENGINE_LIB"))
	if err != nil {
		shared.err = err
		return
	}
	if shared.dir, shared.err = os.MkdirTemp("", "warehouse"); shared.err != nil {
		return
	}
	s, err := engine.New(engine.Config{Dir: filepath.Join(shared.dir, "engine"), Library: library, Random: rand.Reader}, slog.New(slog.DiscardHandler))
	if err == nil {
		err = s.Start(context.Background())
	}
	if shared.err = err; err == nil {
		shared.supervisor = s
	}
}

// embedded gives the options of the shared engine; it skips the test where the library is absent.
func embedded(t testing.TB) *clickhouse.Options {
	t.Helper()
	if _, err := engine.Locate(os.Getenv("PARLEY_ENGINE_LIB")); err != nil {
		t.Skip("the engine library libchdb is absent; set PARLEY_ENGINE_LIB")
	}
	shared.once.Do(startShared)
	require.NoError(t, shared.err)
	return shared.supervisor.Options()
}

var databases atomic.Int64

// open gives a warehouse with a database of its own, not migrated.
func open(t testing.TB) *Warehouse {
	t.Helper()
	options := embedded(t)
	name := fmt.Sprintf("t%d_%s", databases.Add(1), strings.ToLower(strings.Map(letters, t.Name())))
	w, err := Open(context.Background(), Config{Database: name[:min(len(name), 60)]}, options, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
		return r
	}
	return '_'
}

// migrated gives a warehouse with all tables and views.
func migrated(t testing.TB) *Warehouse {
	t.Helper()
	w := open(t)
	require.NoError(t, w.Migrate(context.Background()))
	return w
}

var clock = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func writer(t testing.TB, w *Warehouse) *Writer {
	t.Helper()
	wr, err := NewWriter(context.Background(), w, KeepForever, func() time.Time { return clock })
	require.NoError(t, err)
	return wr
}

// number runs a query that gives one number.
func number(t testing.TB, w *Warehouse, query string, args ...any) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, w.Conn().QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

// lines runs a query and gives its rows as tab separated text.
func lines(t testing.TB, w *Warehouse, query string, args ...any) []string {
	t.Helper()
	rows, err := w.Conn().Query(context.Background(), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	out := []string{}
	for rows.Next() {
		var s string
		require.NoError(t, rows.Scan(&s))
		out = append(out, s)
	}
	require.NoError(t, rows.Err())
	return out
}
