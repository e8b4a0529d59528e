package pipeline_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/nlp"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/warehouse"
	"parley/warehouse/engine"
)

// TestMain lets the test binary be the engine's child process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "engine" {
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		if err := engine.Main(context.Background(), engine.ChildConfig{Stdin: os.Stdin, Stdout: os.Stdout, Log: log}); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var quiet = slog.New(slog.DiscardHandler)

// bundle is a log, an engine and what is needed to run pipelines on them.
type bundle struct {
	t         testing.TB
	dir       string
	now       func() time.Time
	log       *queue.Log
	engine    *engine.Supervisor
	warehouse *warehouse.Warehouse
	writer    *warehouse.Writer
	tenants   *pipeline.Tenants
	config    pipeline.Config

	stopTimeout time.Duration
	stopError   error // of the last stop
}

const (
	acme   parley.TenantID      = "acme"
	number parley.PhoneNumberID = "106540352249999"
	waba   parley.WABAID        = "102290129349999"
)

func setup(t testing.TB, change func(*queue.Config)) *bundle {
	t.Helper()
	library, err := engine.Locate(os.Getenv("PARLEY_ENGINE_LIB"))
	if err != nil {
		t.Skip("the engine library libchdb is absent; run make engine")
	}
	b := &bundle{t: t, dir: t.TempDir(), now: time.Now, stopTimeout: 30 * time.Second}
	b.engine, err = engine.New(engine.Config{Dir: filepath.Join(b.dir, "engine"), Library: library, Database: "parley", Random: rand.Reader}, quiet)
	require.NoError(t, err)
	require.NoError(t, b.engine.Start(t.Context()))
	t.Cleanup(func() { b.engine.Stop(context.Background()) })
	b.warehouse, err = warehouse.Open(t.Context(), warehouse.Config{}, b.engine.Options(), quiet)
	require.NoError(t, err)
	t.Cleanup(func() { b.warehouse.Close() })
	require.NoError(t, b.warehouse.Migrate(t.Context()))
	b.tenants, err = pipeline.NewTenants([]pipeline.Tenant{{ID: acme, Numbers: []parley.PhoneNumberID{number}, WABAs: []parley.WABAID{waba}, RetainMessages: 3650}})
	require.NoError(t, err)
	b.writer, err = warehouse.NewWriter(t.Context(), b.warehouse, warehouse.KeepForever, time.Now)
	require.NoError(t, err)

	config := queue.Defaults(b.dir)
	if change != nil {
		change(&config)
	}
	b.log = queue.New(config, quiet, time.Now)
	require.NoError(t, b.log.Start(t.Context()))
	t.Cleanup(func() { b.log.Stop(context.Background()) })
	b.config = pipeline.Defaults(b.dir)
	b.config.BatchWait = 20 * time.Millisecond
	b.config.RetryMin, b.config.RetryMax = 5*time.Millisecond, 20*time.Millisecond
	return b
}

func (b *bundle) decoder() *pipeline.Decoder {
	identity, err := parley.NewIdentity(make([]byte, parley.MinIdentityKey))
	require.NoError(b.t, err)
	return &pipeline.Decoder{Tenants: b.tenants, Identity: identity, MaxFuture: b.config.MaxFuture}
}

type enricher struct{ *nlp.Analyzer }

func (e enricher) Enrich(ctx context.Context, m *parley.Message) parley.Enrichment {
	return e.Analyzer.Enrich(ctx, m, "")
}

// start runs a pipeline with the given writer until the test ends, or stop is called.
func (b *bundle) start(writer pipeline.Writer) (p *pipeline.Pipeline, stop func()) {
	b.t.Helper()
	analyzer, err := nlp.New(nlp.Config{})
	require.NoError(b.t, err)
	p = pipeline.New(b.config, pipeline.Parts{
		Log: quiet, Now: b.now, NewID: uuid.NewV7, Queue: b.log, Decoder: b.decoder(),
		Enricher: enricher{analyzer}, Writer: writer, Registry: prometheus.NewRegistry(),
	})
	require.NoError(b.t, p.Start(b.t.Context()))
	stopWithin := sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), b.stopTimeout)
		defer cancel()
		b.stopError = p.Stop(ctx)
	})
	b.t.Cleanup(stopWithin)
	return p, stopWithin
}

// post puts a body on the log as the receiver does.
func (b *bundle) post(body string) {
	b.t.Helper()
	b.append(queue.Record{Raw: parley.RawID(uuid.Must(uuid.NewV7())), ReceivedAt: b.now().UTC().Truncate(time.Microsecond), Body: []byte(body)})
}

func (b *bundle) append(r queue.Record) {
	b.t.Helper()
	require.NoError(b.t, b.log.Append(b.t.Context(), r))
}

// settle waits until everything on the log is in the warehouse.
func (b *bundle) settle() {
	b.t.Helper()
	usage, err := b.log.Usage(b.t.Context())
	require.NoError(b.t, err)
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	require.NoError(b.t, pipeline.WaitDone(ctx, b.log, usage.Last))
}

// count asks for one number.
func (b *bundle) count(query string, args ...any) uint64 {
	b.t.Helper()
	var n uint64
	require.NoError(b.t, b.warehouse.Conn().QueryRow(b.t.Context(), query, args...).Scan(&n))
	return n
}
