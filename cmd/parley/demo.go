package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"crypto/rand"

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
	c, _, err := e.config(true)
	if err != nil {
		return err
	}
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
	secret, err := d.configure(&c, dir)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	s, err := newServer(c, log)
	if err != nil {
		return err
	}
	if err := s.Start(e.ctx); err != nil {
		return err
	}
	begin := time.Now()
	summary, runErr := d.run(e, s, secret, dir)
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

// configure points everything to the demo's folder and maps the simulator's numbers to the demo's tenant.
func (d *demoCmd) configure(c *config.Config, dir string) (secret string, err error) {
	var key [16]byte
	rand.Read(key[:])
	secret = hex.EncodeToString(key[:])
	defaults, err := config.Load(os.DevNull, []string{"PARLEY_DATA_DIR=" + dir})
	if err != nil {
		return "", err
	}
	c.DataDir, c.Log.Dir, c.Pipeline.SeenDir = dir, defaults.Log.Dir, defaults.Pipeline.SeenDir
	c.Log.URL, c.Warehouse = "", defaults.Warehouse
	c.WhatsApp.AppSecret, c.WhatsApp.Apps = secret, nil
	if c.WhatsApp.VerifyToken == "" {
		c.WhatsApp.VerifyToken = "demo"
	}
	c.Pipeline.DeriveEvery = 10 * time.Second
	tenant := pipeline.DefaultTenant(demoTenant)
	for _, n := range simulate.DemoNumbers() {
		tenant.Numbers = append(tenant.Numbers, n.ID)
	}
	tenant.WABAs = []parley.WABAID{simulate.DemoWABA, simulate.DemoOtherWABA}
	c.Tenants = []pipeline.Tenant{tenant}
	return secret, nil
}

// run sends the traffic and shows what becomes of it.
func (d *demoCmd) run(e *environment, s *server, secret, dir string) (demoSummary, error) {
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	seed := d.Seed
	if seed == 0 {
		seed = randomSeed()
	}
	generator, err := simulate.New(simulate.Defaults(seed, secret, d.Messages, time.Now))
	if err != nil {
		return demoSummary{}, err
	}
	config := simulate.SenderConfig{URL: s.url(), Rate: d.Rate, Now: time.Now, Seed: seed}
	view := &liveView{out: e.stdout, node: s.node, url: s.url(), dir: dir, tenant: demoTenant}
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
