package main

import (
	"fmt"
	"os"
	"time"

	"parley"
	"parley/bench"
)

// benchCmd measures. Its exit status is 0 also where a target is missed: it reports, people judge.
type benchCmd struct {
	Ingest benchIngestCmd `cmd:"" help:"Webhooks: acknowledged, visible to queries, how soon, in how much memory."`
	Bare   benchBareCmd   `cmd:"" hidden:""`
}

type benchIngestCmd struct {
	JSON        bool     `name:"json" help:"Print the report as JSON."`
	Seconds     int      `placeholder:"N" help:"Length of each phase (default 20)."`
	Quick       bool     `help:"Phases of 2 seconds: shows that the benchmark works, its figures mean nothing."`
	Connections int      `placeholder:"N" help:"Connections of the load generator (default 64)."`
	Only        []string `placeholder:"FIGURE,..." help:"Only these: ack_single, ack_receive_only, visible_latency, e2e_batch100, e2e_single, memory."`
	Dir         string   `type:"existingdir" placeholder:"DIR" help:"Put the data of the run here, to measure another disk."`
	Profile     string   `type:"path" placeholder:"FILE" help:"Write a CPU profile of the server."`
}

func (b *benchIngestCmd) Run(e *environment) error {
	if b.Seconds < 0 || b.Seconds > 3600 {
		return parley.Errorf(parley.Invalid, "cannot measure for %d seconds a phase: between 1 and 3600", b.Seconds)
	}
	_, log, err := e.config(true)
	if err != nil {
		return err
	}
	executable, err := os.Executable()
	if err != nil {
		return parley.Errorf(parley.Internal, "cannot find this program: %w", err)
	}
	config := bench.Config{
		Executable: executable, Dir: b.Dir, Duration: time.Duration(b.Seconds) * time.Second, Quick: b.Quick,
		Connections: b.Connections, Figures: b.Only, Version: versionText(), Seed: randomSeed(), Log: log, Now: time.Now,
		Say: func(format string, args ...any) { fmt.Fprintf(e.stderr, format+"\n", args...) },
	}
	if b.Profile != "" {
		config.ServeArgs = []string{"--cpu-profile", b.Profile}
	}
	report, err := bench.Ingest(e.ctx, config)
	if err != nil {
		return err
	}
	if b.JSON {
		return writeJSON(e.stdout, report)
	}
	return report.Write(e.stdout)
}

// benchBareCmd is the bare handler that the receiver is compared with. `parley bench` starts it.
type benchBareCmd struct{}

func (benchBareCmd) Run(e *environment) error { return bench.ServeBare(e.ctx, e.stderr) }
