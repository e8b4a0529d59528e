package main

import (
	"context"
	"log/slog"

	"parley/warehouse/engine"
)

// engineCmd is the child process in which the engine runs. The server starts it; a person does not.
type engineCmd struct{}

func (engineCmd) Run(e *environment) error {
	// Its end is decided by its parent, not by a Ctrl-C that the terminal sends to both.
	log := slog.New(slog.NewTextHandler(e.stderr, nil))
	return engine.Main(context.WithoutCancel(e.ctx), engine.ChildConfig{Stdin: e.stdin, Stdout: e.stdout, Log: log})
}
