package bench

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"time"

	"parley"
	"parley/ingest/simulate"
)

// warmUp goes before what is measured: connections are made, memory is mapped.
const warmUp = time.Second

// bare measures the ceiling of ack_single.
func (b *run) bare(ctx context.Context) (f Figure, err error) {
	b.Say("%v of single posts to a bare handler", b.Duration)
	c, err := startChild(ctx, b.Executable, []string{"bench", "bare"}, serverEnvironment(os.Environ()))
	if err != nil {
		return f, err
	}
	defer func() {
		if stopErr := c.stop(); err == nil {
			err = stopErr
		}
	}()
	result, err := b.sendFor(ctx, c.url)
	f = Figure{Name: AckSingle, What: "posts of one item, each answered 200 after it was synced; the pipeline works meanwhile",
		Unit: "posts/s", Target: Target{Value: targetAck, MinRatio: targetAckRatio},
		Ceiling: &Ceiling{What: "net/http reads the body and answers 200; same load, same connections", Value: result.PostsPerSecond},
		Details: map[string]float64{"bare_latency_p50_ms": millis(result.Latency.P50), "bare_latency_p99_ms": millis(result.Latency.P99)}}
	return f, err
}

// sendFor sends single posts as fast as they are answered, for the duration of a phase.
func (b *run) sendFor(ctx context.Context, url string) (simulate.Result, error) {
	once := func(d time.Duration) (simulate.Result, error) {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return b.send(ctx, load{url: url, batch: 1})
	}
	if _, err := once(min(warmUp, b.Duration)); err != nil {
		return simulate.Result{}, err
	}
	return once(b.Duration)
}

// ackSingle measures the acknowledgement of single posts: receiver and log, while the pipeline works off what
// it can of them.
func (b *run) ackSingle(ctx context.Context, f Figure) (Figure, error) {
	b.Say("%v of single posts to parley serve", b.Duration)
	before, err := b.counts(ctx)
	if err != nil {
		return f, err
	}
	used := b.usage()
	result, err := b.sendFor(ctx, b.server.url)
	if err != nil {
		return f, err
	}
	details := maps.Clone(f.Details)
	used.cores(b.usage(), details)
	f.Details = details
	f.Value = result.PostsPerSecond
	details["latency_p50_ms"], details["latency_p99_ms"] = millis(result.Latency.P50), millis(result.Latency.P99)
	after, err := b.counts(ctx)
	if err != nil {
		return f, err
	}
	seconds := b.Now().Sub(used.at).Seconds()
	details["worked_off_meanwhile_items/s"] = float64(after.sum()-before.sum()) / seconds
	if refused := result.Attempts - result.Posts; refused > 0 {
		f.fault("%d posts were not answered 200 at once", refused)
	}
	b.Say("waiting until the backlog is worked off")
	return f, b.settled(ctx)
}

// receiveOnly measures the receiver and the log alone, in a server that does nothing else: what a node gives that
// leaves the working off to others.
func (b *run) receiveOnly(ctx context.Context, f Figure) (_ Figure, err error) {
	b.Say("%v of single posts to parley serve --only receive", b.Duration)
	dir := filepath.Join(b.dir, "receive")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return f, parley.Errorf(parley.Internal, "cannot make a folder for the server: %w", err)
	}
	if b.server, err = startServer(ctx, b.Config, dir, "--only", "receive"); err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, b.server.stop(), os.RemoveAll(dir)); b.server = nil }()
	used := b.usage()
	result, err := b.sendFor(ctx, b.server.url)
	if err != nil {
		return f, err
	}
	f.Name, f.What = AckReceiveOnly, "posts of one item, each answered 200 after it was synced, by a server that only receives"
	f.Details = maps.Clone(f.Details)
	used.cores(b.usage(), f.Details)
	f.Value = result.PostsPerSecond
	f.Details["latency_p50_ms"], f.Details["latency_p99_ms"] = millis(result.Latency.P50), millis(result.Latency.P99)
	if refused := result.Attempts - result.Posts; refused > 0 {
		f.fault("%d posts were not answered 200 at once", refused)
	}
	return f, nil
}
