package replay_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
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
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/replay"
	"parley/pipeline/verify"
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

const (
	acme   parley.TenantID      = "acme"
	number parley.PhoneNumberID = "106540352249999"
	waba   parley.WABAID        = "102290129349999"
)

// bundle is a log, an engine, a pipeline between them, and a replayer and a verifier beside them.
type bundle struct {
	t         testing.TB
	dir       string
	log       *queue.Log
	warehouse *warehouse.Warehouse
	tenants   *pipeline.Tenants
	config    pipeline.Config
	verify    verify.Config
	retention func(parley.TenantID) warehouse.Retention
	begun     time.Time
	replay    replay.Config
	now       func() time.Time
	around    func(*queue.Log) replay.Log // what the replayer takes for the log
}

func setup(t testing.TB) *bundle {
	t.Helper()
	library, err := engine.Locate(os.Getenv("PARLEY_ENGINE_LIB"))
	if err != nil {
		t.Skip("the engine library libchdb is absent; run make engine")
	}
	b := &bundle{t: t, dir: t.TempDir(), begun: time.Now(), retention: warehouse.KeepForever, verify: verify.Defaults(), replay: replay.Defaults(), now: time.Now,
		around: func(l *queue.Log) replay.Log { return l }}
	b.verify.Dir = t.TempDir()
	child, err := engine.New(engine.Config{Dir: filepath.Join(b.dir, "engine"), Library: library, Database: "parley", Random: rand.Reader}, quiet)
	require.NoError(t, err)
	require.NoError(t, child.Start(t.Context()))
	t.Cleanup(func() { child.Stop(context.Background()) })
	b.warehouse, err = warehouse.Open(t.Context(), warehouse.Config{}, child.Options(), quiet)
	require.NoError(t, err)
	t.Cleanup(func() { b.warehouse.Close() })
	require.NoError(t, b.warehouse.Migrate(t.Context()))
	b.tenants = b.mapped(pipeline.Tenant{ID: acme, Numbers: []parley.PhoneNumberID{number}, WABAs: []parley.WABAID{waba}, RetainMessages: 3650})
	b.log = queue.New(queue.Defaults(b.dir), quiet, time.Now)
	require.NoError(t, b.log.Start(t.Context()))
	t.Cleanup(func() { b.log.Stop(context.Background()) })
	b.config = pipeline.Defaults(b.dir)
	b.config.BatchWait = 20 * time.Millisecond
	return b
}

func (b *bundle) mapped(tenants ...pipeline.Tenant) *pipeline.Tenants {
	t, err := pipeline.NewTenants(tenants)
	require.NoError(b.t, err)
	return t
}

func (b *bundle) decoder(tenants *pipeline.Tenants) *pipeline.Decoder {
	identity, err := parley.NewIdentity(make([]byte, parley.MinIdentityKey))
	require.NoError(b.t, err)
	return &pipeline.Decoder{Tenants: tenants, Identity: identity, MaxFuture: b.config.MaxFuture}
}

func decode(d *pipeline.Decoder) verify.Decode {
	return func(r *queue.Record) *warehouse.Batch { return &d.Alone(r).Batch }
}

// start runs a pipeline until the test ends, or stop is called.
func (b *bundle) start() (stop func()) {
	b.t.Helper()
	writer, err := warehouse.NewWriter(b.t.Context(), b.warehouse, b.retention, time.Now)
	require.NoError(b.t, err)
	p := pipeline.New(b.config, pipeline.Parts{Log: quiet, Now: time.Now, NewID: uuid.NewV7, Queue: b.log,
		Decoder: b.decoder(b.tenants), Writer: writer, Registry: prometheus.NewRegistry()})
	require.NoError(b.t, p.Start(b.t.Context()))
	stop = sync.OnceFunc(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(b.t, p.Stop(ctx))
	})
	b.t.Cleanup(stop)
	return stop
}

func (b *bundle) record(body string) queue.Record {
	return queue.Record{Raw: parley.RawID(uuid.Must(uuid.NewV7())), ReceivedAt: time.Now().UTC().Truncate(time.Microsecond), Body: []byte(body)}
}

func (b *bundle) post(body string) queue.Record {
	b.t.Helper()
	r := b.record(body)
	b.append(r)
	return r
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

func (b *bundle) verifier() *verify.Verifier {
	return verify.New(b.verify, verify.Parts{Log: b.log, Warehouse: b.warehouse, Decode: decode(b.decoder(b.tenants)),
		Unmapped: decode(b.decoder(b.mapped())), Retention: b.retention, Now: time.Now})
}

func (b *bundle) replayer() *replay.Replayer {
	return replay.New(b.replay, replay.Parts{Log: b.around(b.log), Warehouse: b.warehouse, Decode: decode(b.decoder(b.tenants)), Now: b.now})
}

// again replays everything that has arrived so far and waits until it is worked off.
func (b *bundle) again(tenants ...parley.TenantID) replay.Summary {
	b.t.Helper()
	s, err := b.replayer().Range(b.t.Context(), b.begun.Add(-time.Hour), time.Now(), tenants, nil)
	require.NoError(b.t, err)
	require.NoError(b.t, pipeline.WaitDone(b.t.Context(), b.log, s.LastSeq))
	return s
}

// count asks for one number.
func (b *bundle) count(query string) uint64 {
	b.t.Helper()
	var n uint64
	require.NoError(b.t, b.warehouse.Conn().QueryRow(b.t.Context(), query).Scan(&n))
	return n
}

// run verifies everything that has arrived so far.
func (b *bundle) run() *verify.Report {
	b.t.Helper()
	report, err := b.verifier().Run(b.t.Context(), b.begun.Add(-time.Hour), time.Now().Add(time.Second))
	require.NoError(b.t, err)
	return report
}

// ok verifies and wants no difference.
func (b *bundle) ok() *verify.Report {
	b.t.Helper()
	report := b.run()
	require.True(b.t, report.OK(), "%s", text(b.t, report))
	return report
}

func text(t testing.TB, r *verify.Report) string {
	t.Helper()
	b, err := json.MarshalIndent(r, "", " ")
	require.NoError(t, err)
	return string(b)
}

func (b *bundle) exec(statement string) {
	b.t.Helper()
	require.NoError(b.t, b.warehouse.Conn().Exec(b.t.Context(), statement))
}

// forgetLog makes the log forget everything that is worked off, and more than that: it begins later than
// any range of a test.
func (b *bundle) forgetLog() {
	b.t.Helper()
	usage, err := b.log.Usage(b.t.Context())
	require.NoError(b.t, err)
	require.NoError(b.t, b.log.Trim(b.t.Context(), usage.Last+1))
}

// value is one change of the field messages.
func value(number parley.PhoneNumberID, waba parley.WABAID, inner string) string {
	return fmt.Sprintf(`{"id":%q,"changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550009999","phone_number_id":%q},%s}}]}`, waba, number, inner)
}

func webhook(inner string) string { return entries(value(number, waba, inner)) }

func entries(list ...string) string {
	s := ""
	for i, e := range list {
		if i > 0 {
			s += ","
		}
		s += e
	}
	return `{"object":"whatsapp_business_account","entry":[` + s + `]}`
}

func message(id string, at int64) string {
	return fmt.Sprintf(`{"from":"15550008888","id":%q,"timestamp":"%d","type":"text","text":{"body":"secret words"}}`, id, at)
}

func messagesOf(list ...string) string {
	s := ""
	for i, e := range list {
		if i > 0 {
			s += ","
		}
		s += e
	}
	return `"messages":[` + s + `]`
}
