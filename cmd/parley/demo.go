package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"parley"
	"parley/config"
	"parley/ingest/simulate"
	"parley/pipeline"
)

// demoCmd is serve with simulated traffic, in a folder of its own that is removed in the end.
type demoCmd struct {
	Messages int64   `placeholder:"N" help:"Different messages to send; 0 (default) for no end."`
	Rate     float64 `default:"20" placeholder:"R" help:"Messages per second; 0 for as fast as answers come."`
	Seed     uint64  `placeholder:"S" help:"Same seed, same traffic; 0 (default) draws one."`
	Exit     bool    `help:"Stop when all messages are visible to queries."`
	JSON     bool    `name:"json" help:"No live view: print a summary as JSON in the end."`
	Keep     bool    `help:"Keep the folder."`
}

// demoTenant owns the demo's numbers.
const demoTenant parley.TenantID = "demo"

// demoSummary is what a demo did.
type demoSummary struct {
	Sent            simulate.Result `json:"sent"`
	VisibleMessages uint64          `json:"visible_messages"`
	VisibleStatuses uint64          `json:"visible_statuses"`
	VisibleEvents   uint64          `json:"visible_account_events"`
	Duplicates      uint64          `json:"duplicates_skipped"`
	DeadLetters     uint64          `json:"dead_letters"`
	OK              bool            `json:"ok"` // all that was sent is visible, once
	Elapsed         time.Duration   `json:"elapsed_ns"`
}

func (d *demoCmd) Run(e *environment) (err error) {
	dir, err := os.MkdirTemp("", "parley-demo-")
	if err != nil {
		return parley.Errorf(parley.Internal, "cannot make a folder for the demo: %w", err)
	}
	defer func() {
		if d.Keep {
			fmt.Fprintf(e.stderr, "The demo's data is in %s\n", dir)
			return
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}()
	file, c, err := d.configure(dir)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: max(c.Logging.Level, slog.LevelWarn)}))
	s, err := newServer(c, log)
	if err != nil {
		return err
	}
	if err := s.Start(e.ctx); err != nil {
		return err
	}
	begin := time.Now()
	summary, runErr := d.run(e, s, file)
	summary.Elapsed = time.Since(begin)
	err = errors.Join(runErr, s.stop())
	if d.JSON && err == nil {
		err = writeJSON(e.stdout, summary)
	}
	if err == nil && d.Exit && !summary.OK {
		return exitDiffers
	}
	return err
}

// demoFile is the demo's configuration. It is a file, so that other commands can be pointed at the demo.
const demoFile = `# The configuration of a demo; it goes away with the folder.
data_dir: %q
listen: %q
whatsapp: {app_secret: %q, verify_token: demo}
pipeline: {derive_every: 10s}
tenants:
  - {id: %q, phone_number_ids: [%s], waba_ids: [%s]}
`

// configure writes the demo's configuration and loads it. What the environment says about folders and
// servers elsewhere does not hold for a demo.
func (d *demoCmd) configure(dir string) (file string, c config.Config, err error) {
	var key [16]byte
	rand.Read(key[:])
	var numbers []string
	for _, n := range simulate.DemoNumbers() {
		numbers = append(numbers, strconv.Quote(string(n.ID)))
	}
	wabas := []string{strconv.Quote(string(simulate.DemoWABA)), strconv.Quote(string(simulate.DemoOtherWABA))}
	content := fmt.Sprintf(demoFile, dir, demoListen(), hex.EncodeToString(key[:]), demoTenant, strings.Join(numbers, ", "), strings.Join(wabas, ", "))
	file = filepath.Join(dir, config.File)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return "", c, parley.Errorf(parley.Internal, "cannot write the demo's configuration: %w", err)
	}
	var environ []string
	for _, name := range []string{"PARLEY_ENGINE_LIB", "PARLEY_ENGINE_MEMORY", "PARLEY_LISTEN", "PARLEY_LOGGING_LEVEL"} {
		if value, ok := os.LookupEnv(name); ok {
			environ = append(environ, name+"="+value)
		}
	}
	c, err = config.Load(file, environ)
	return file, c, err
}

// demoListen is the usual address, or a free port where something listens there already.
func demoListen() string {
	usual := config.Default().Listen
	l, err := net.Listen("tcp", usual)
	if err != nil {
		return "127.0.0.1:0"
	}
	l.Close()
	return usual
}

// run sends the traffic and shows what becomes of it.
func (d *demoCmd) run(e *environment, s *server, file string) (demoSummary, error) {
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	seed := d.Seed
	if seed == 0 {
		seed = randomSeed()
	}
	generator, err := simulate.New(simulate.Defaults(seed, s.node.config.WhatsApp.AppSecret, d.Messages, time.Now))
	if err != nil {
		return demoSummary{}, err
	}
	config := simulate.SenderConfig{URL: s.url(), Rate: d.Rate, Now: time.Now, Seed: seed}
	view := &liveView{out: e.stdout, node: s.node, url: s.url(), file: file, tenant: demoTenant}
	if !d.JSON {
		config.Progress = view.progress
	}
	sender, err := simulate.NewSender(config, generator)
	if err != nil {
		return demoSummary{}, err
	}
	if !d.JSON {
		stop := view.start(ctx)
		defer stop()
	}
	result, err := sender.Run(ctx)
	if err != nil && e.ctx.Err() == nil {
		return demoSummary{Sent: result}, err
	}
	if err == nil && d.Exit {
		return d.settle(ctx, s, result)
	}
	select { // all was sent: the server goes on until it is told to stop
	case <-e.ctx.Done():
		return demoSummary{Sent: result}, nil
	case err := <-s.Failed():
		return demoSummary{Sent: result}, err
	}
}

// settle waits until everything that was sent is visible, and counts it.
func (d *demoCmd) settle(ctx context.Context, s *server, result simulate.Result) (demoSummary, error) {
	summary := demoSummary{Sent: result}
	usage, err := s.node.queue.Usage(ctx)
	if err != nil {
		return summary, err
	}
	if err := pipeline.WaitDone(ctx, s.node.queue, usage.Last); err != nil {
		return summary, err
	}
	row := s.node.warehouse.Conn().QueryRow(ctx, `SELECT
		(SELECT uniqExact(phone_number_id, wamid) FROM messages),
		(SELECT count() FROM statuses FINAL), (SELECT count() FROM account_events FINAL),
		(SELECT sum(duplicates) FROM ingest_audit FINAL), (SELECT count() FROM dead_letters FINAL)`)
	err = row.Scan(&summary.VisibleMessages, &summary.VisibleStatuses, &summary.VisibleEvents, &summary.Duplicates, &summary.DeadLetters)
	summary.OK = err == nil && summary.VisibleMessages == uint64(result.Messages) && summary.VisibleStatuses == uint64(result.Statuses) && summary.DeadLetters == 0
	return summary, err
}
