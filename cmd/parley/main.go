// Command parley turns a company's WhatsApp Business traffic into facts, tasks and answers.
//
// It is one binary: `parley serve` is the server, the other commands work with a server that runs, or on its
// data when none does. This package only wires: what a command does is in the packages it calls.
//
// Start reading at cli (the commands), node (how the parts are put together) and serveCmd.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones of imported chats and of queries, on machines that have none

	"github.com/alecthomas/kong"

	"parley"
	"parley/config"
)

// cli is the command line.
type cli struct {
	Config string `short:"c" type:"path" placeholder:"FILE" help:"Configuration file (default: parley.yaml, if it is there). The environment (PARLEY_*) wins over it."`

	Serve       serveCmd       `cmd:"" help:"Run the server: receive webhooks, work them off, answer."`
	Demo        demoCmd        `cmd:"" help:"Run a server with simulated traffic in a fresh folder, and watch it."`
	Import      importCmd      `cmd:"" help:"Read a chat that WhatsApp's \"Export chat\" wrote (.txt or .zip)."`
	Query       queryCmd       `cmd:"" help:"Ask the warehouse in SQL, read-only."`
	DeadLetters deadLettersCmd `cmd:"" name:"deadletters" help:"What could not become a fact: list, show, replay."`
	Replay      replayCmd      `cmd:"" help:"Work off what arrived in a period once more."`
	Verify      verifyCmd      `cmd:"" help:"Compare what arrived with the tables and list the differences."`
	Simulate    simulateCmd    `cmd:"" help:"Send realistic, signed WhatsApp traffic to a server."`
	Bench       benchCmd       `cmd:"" help:"Measure this machine, each figure beside its ceiling."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the warehouse's tables up to date, or take them back."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
	Engine      engineCmd      `cmd:"" hidden:""`
}

// environment is what a command gets from outside. Nothing else reads the process' globals.
type environment struct {
	ctx    context.Context // ends with SIGINT or SIGTERM
	file   string          // --config
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// config loads the configuration and makes the log. Commands other than the server log warnings only.
func (e *environment) config(quiet bool) (config.Config, *slog.Logger, error) {
	c, err := config.Load(e.file, os.Environ())
	if err != nil {
		return c, nil, err
	}
	level := c.Logging.Level
	if quiet {
		level = max(level, slog.LevelWarn)
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Logging.Format == "json" {
		return c, slog.New(slog.NewJSONHandler(e.stderr, options)), nil
	}
	return c, slog.New(slog.NewTextHandler(e.stderr, options)), nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: it gives the exit code. 1: the command failed; 2: it was used wrongly.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("parley"), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Description("WhatsApp Business traffic as facts, tasks and answers."),
		kong.Writers(stdout, stderr), kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(stderr, "parley:", err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "parley:", err)
		return 2
	}
	err = parsed.Run(&environment{ctx: ctx, file: c.Config, stdin: stdin, stdout: stdout, stderr: stderr})
	var status exitStatus
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(stderr, "parley:", err)
	if parley.KindOf(err) == parley.Invalid {
		return 2
	}
	return 1
}

// exitStatus ends the program with a code of its own, after the command has said why.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }
