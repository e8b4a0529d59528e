package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"log/slog"

	"parley"
	"parley/ingest/simulate"
	"parley/warehouse"
	"parley/warehouse/engine"
)

// The figures of Ingest, in the order in which they are measured.
const (
	AckSingle      = "ack_single"
	AckReceiveOnly = "ack_receive_only"
	VisibleLatency = "visible_latency"
	EndToEnd100    = "e2e_batch100"
	EndToEndSingle = "e2e_single"
	Memory         = "memory"
)

// Figures are the names of all figures. Memory is that of the phases that were run.
var Figures = []string{AckSingle, AckReceiveOnly, VisibleLatency, EndToEnd100, EndToEndSingle, Memory}

// The targets of the figures.
const (
	targetAck        = 10_000 // posts a second
	targetAckRatio   = 0.4    // of the bare handler
	targetBatch100   = 10_000 // messages a second
	targetSingle     = 4_000  // messages a second
	latencyRate      = 1_000  // messages a second
	targetVisible    = 1_000  // ms, p99
	targetMemory     = 1_500  // MB
	defaultDuration  = 20 * time.Second
	quickDuration    = 2 * time.Second
	defaultConnected = 64
)

// Config of a run.
type Config struct {
	Executable  string // this program
	ServeArgs   []string
	Dir         string        // where the folder of the run is made and removed; empty for the system's
	Duration    time.Duration // of each phase; 0 for 20 s, of a quick run 2 s
	Quick       bool
	Connections int      // of the load generator; 0 for 64
	Figures     []string // nil for all
	Version     string   // of this program
	Seed        uint64
	Log         *slog.Logger
	Now         func() time.Time
	Say         func(format string, args ...any) // what happens now, for a person who waits
}

// run is one run of Ingest.
type run struct {
	Config
	dir       string
	server    *server
	warehouse *warehouse.Warehouse // of the server, as a client
	report    Report
	rows      time.Time // from when on the rows of the last end-to-end phase arrived; zero for none
	loads     uint64    // generators made so far
}

// Ingest measures how webhooks are taken in. An error means that the measurement failed, not that a target
// was missed.
func Ingest(ctx context.Context, c Config) (r Report, err error) {
	if c.Duration == 0 {
		c.Duration = defaultDuration
		if c.Quick {
			c.Duration = quickDuration
		}
	}
	if c.Connections == 0 {
		c.Connections = defaultConnected
	}
	if c.Figures == nil {
		c.Figures = Figures
	}
	for _, name := range c.Figures {
		if !slices.Contains(Figures, name) {
			return r, parley.Errorf(parley.Invalid, "cannot measure %q: the figures are %s", name, strings.Join(Figures, ", "))
		}
	}
	dir, err := os.MkdirTemp(c.Dir, "parley-bench-")
	if err != nil {
		return r, parley.Errorf(parley.Internal, "cannot make a folder for the benchmark: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &run{Config: c, dir: dir}
	err = b.measure(ctx)
	return b.report, err
}

func (b *run) wants(name string) bool { return slices.Contains(b.Figures, name) }

func (b *run) measure(ctx context.Context) (err error) {
	b.report = Report{Format: 1, Benchmark: "ingest", StartedAt: b.Now().UTC(), Seconds: b.Duration.Seconds(), Quick: b.Quick,
		Versions: map[string]string{"parley": b.Version, "go": runtime.Version()}}
	b.report.Load[0] = loadAverage()
	if b.report.Hardware, err = readHardware(b.dir, b.Now); err != nil {
		return err
	}
	var ack Figure
	if b.wants(AckSingle) || b.wants(AckReceiveOnly) {
		if ack, err = b.bare(ctx); err != nil {
			return err
		}
	}
	if b.wants(AckReceiveOnly) {
		figure, err := b.receiveOnly(ctx, ack)
		if err != nil {
			return err
		}
		b.report.Figures = append(b.report.Figures, figure)
	}
	b.Say("starting parley serve")
	if b.server, err = startServer(ctx, b.Config, b.dir, b.ServeArgs...); err != nil {
		return err
	}
	stopped := false
	stop := func() error {
		if stopped {
			return nil
		}
		stopped = true
		return b.server.stop()
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := b.connect(ctx); err != nil {
		return err
	}
	defer b.warehouse.Close()
	watched := startSampler(b.server.cmd.Process.Pid)
	err = b.phases(ctx, &ack)
	peak, samples := watched.end()
	if err != nil {
		return err
	}
	if err := b.ceilings(ctx); err != nil {
		return err
	}
	if b.wants(Memory) {
		b.report.Figures = append(b.report.Figures, memoryFigure(peak, samples))
	}
	b.report.Load[1] = loadAverage()
	for i := range b.report.Figures {
		b.report.Figures[i].judge()
	}
	return stop()
}

// phases are what the server is put through.
func (b *run) phases(ctx context.Context, ack *Figure) error {
	for _, phase := range []struct {
		name string
		run  func(context.Context) (Figure, error)
	}{
		{AckSingle, func(ctx context.Context) (Figure, error) { return b.ackSingle(ctx, *ack) }},
		{VisibleLatency, b.visibleLatency},
		{EndToEnd100, func(ctx context.Context) (Figure, error) { return b.endToEnd(ctx, EndToEnd100, 100, targetBatch100) }},
		{EndToEndSingle, func(ctx context.Context) (Figure, error) { return b.endToEnd(ctx, EndToEndSingle, 1, targetSingle) }},
	} {
		if !b.wants(phase.name) {
			continue
		}
		figure, err := phase.run(ctx)
		if err != nil {
			return err
		}
		b.report.Figures = append(b.report.Figures, figure)
	}
	return nil
}

func memoryFigure(peak memory, samples int) Figure {
	const mb = 1e6
	return Figure{Name: Memory, What: "highest resident memory of server and engine together, over all phases", Unit: "MB",
		Value: float64(peak.resident) / mb, Target: Target{Value: targetMemory, AtMost: true},
		Details: map[string]float64{"anonymous_MB": float64(peak.anonymous) / mb, "samples": float64(samples)}}
}

// connect reaches the warehouse of the server, as `parley query` does.
func (b *run) connect(ctx context.Context) error {
	options, err := engine.Attach(ctx, filepath.Join(b.server.dir, "engine"))
	if err != nil {
		return err
	}
	if b.warehouse, err = warehouse.Open(ctx, warehouse.Config{}, options, b.Log); err != nil {
		return err
	}
	var version string
	if err := b.warehouse.Conn().QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		return parley.Errorf(parley.Transient, "cannot ask the engine for its version: %w", err)
	}
	b.report.Versions["engine"] = version
	return nil
}

// load is traffic to be sent.
type load struct {
	url      string
	batch    int     // items in a post; 0 for a realistic mix
	rate     float64 // messages a second; 0 for as fast as answers come
	messages int64   // 0: until ctx ends
}

// send sends traffic. Where it was to go on until ctx ends, that end is no error.
func (b *run) send(ctx context.Context, l load) (simulate.Result, error) {
	b.loads++
	config := simulate.Defaults(b.Seed+b.loads, b.server.key(), l.messages, b.Now)
	config.Batch = l.batch
	generator, err := simulate.New(config)
	if err != nil {
		return simulate.Result{}, err
	}
	sender, err := simulate.NewSender(simulate.SenderConfig{URL: l.url, Rate: l.rate, Connections: b.Connections, Now: b.Now, Seed: b.Seed}, generator)
	if err != nil {
		return simulate.Result{}, err
	}
	result, err := sender.Run(ctx)
	if l.messages == 0 && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = nil
	}
	return result, err
}

// key is the app secret; the bare handler, which checks none, gets along with any.
func (s *server) key() string {
	if s == nil {
		return "none"
	}
	return s.secret
}

// usage is the processor time of a stretch of work.
type usage struct {
	server, engine, load time.Duration
	at                   time.Time
}

func (b *run) usage() usage {
	root := b.server.cmd.Process.Pid
	all := family(root)
	return usage{server: processorTime(all[:1]), engine: processorTime(all[1:]), load: processorTime([]int{os.Getpid()}), at: b.Now()}
}

// cores adds to details how many cores were busy since an earlier usage, and for whom. On a machine that
// others use at the same time, processor time says more than a rate.
func (u usage) cores(now usage, details map[string]float64) {
	wall := now.at.Sub(u.at).Seconds()
	details["cores_server"] = (now.server - u.server).Seconds() / wall
	details["cores_engine"] = (now.engine - u.engine).Seconds() / wall
	details["cores_load_generator"] = (now.load - u.load).Seconds() / wall
}

// each adds to details the processor time that one of n took, in microseconds.
func (u usage) each(now usage, what string, n int64, details map[string]float64) {
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(n, 1)) }
	details["processor_us_per_"+what+"_server"] = each(now.server - u.server)
	details["processor_us_per_"+what+"_engine"] = each(now.engine - u.engine)
}
