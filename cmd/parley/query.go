package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"parley"
	"parley/config"
	"parley/service"
	"parley/warehouse"
	"parley/warehouse/engine"
	"parley/warehouse/format"
)

// queryCmd asks the warehouse. It works while the server runs, and opens the warehouse itself when not.
type queryCmd struct {
	SQL     string            `arg:"" help:"One statement that reads; - takes it from standard input."`
	Format  string            `short:"f" default:"table" enum:"table,csv,json,jsonl,markdown,tsv,vertical" placeholder:"F" help:"table, csv, json, jsonl, markdown, tsv or vertical."`
	Param   map[string]string `short:"p" placeholder:"NAME=VALUE" help:"Value of {NAME:Type} in the statement."`
	Rows    uint64            `default:"100000" placeholder:"N" help:"Rows given out at most."`
	Timeout time.Duration     `default:"1m" placeholder:"D" help:"Time the statement may take."`
}

// maxStatement bounds a statement from standard input, in bytes.
const maxStatement = 1 << 20

func (q *queryCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	statement, err := q.statement(e)
	if err != nil {
		return err
	}
	return withWarehouse(e, c, log, func(n *node) error {
		if err := engine.Confine(warehouse.WithParameters(e.ctx, q.Param), n.warehouse.Conn(), n.warehouse.Database(), statement); err != nil {
			return err
		}
		rows, err := n.warehouse.Query(e.ctx, statement, q.Param, warehouse.Limits{Rows: q.Rows, Time: q.Timeout})
		if err != nil {
			return err
		}
		defer rows.Close()
		if _, err := format.Write(e.stdout, q.Format, rows.Columns(), rows.Next); err != nil {
			return err
		}
		if rows.Truncated() {
			fmt.Fprintf(e.stderr, "parley: the answer has more than %d rows; the rest was not fetched (--rows)\n", q.Rows)
		}
		return nil
	})
}

func (q *queryCmd) statement(e *environment) (string, error) {
	if q.SQL != "-" {
		return strings.TrimRight(strings.TrimSpace(q.SQL), ";"), nil
	}
	b, err := io.ReadAll(io.LimitReader(e.stdin, maxStatement+1))
	if err == nil && len(b) > maxStatement {
		err = parley.Errorf(parley.TooLarge, "cannot read statement: more than %d bytes", maxStatement)
	}
	return strings.TrimRight(strings.TrimSpace(string(b)), ";"), err
}

// withWarehouse runs fn with the warehouse: that of a running server, or its own until fn is done.
func withWarehouse(e *environment, c config.Config, log *slog.Logger, fn func(*node) error) error {
	n, err := newNode(c, log)
	if err != nil {
		return err
	}
	return withServices(e, service.NewGroup(log, n.openWarehouse(true)), func() error { return fn(n) })
}

// withLog runs fn with the log and the warehouse: those of a running server, or its own until fn is done.
// Where no server works the log off, a pipeline of its own does.
func withLog(e *environment, c config.Config, log *slog.Logger, fn func(*node) error) error {
	n, err := newNode(c, log)
	if err != nil {
		return err
	}
	services := []service.Named{n.openLog(true), n.openWarehouse(true)}
	pipeline, err := n.openPipeline()
	if err != nil {
		return err
	}
	services = append(services, service.Named{Name: pipeline.Name, Service: &whenAlone{node: n, inner: pipeline.Service}})
	return withServices(e, service.NewGroup(log, services...), func() error { return fn(n) })
}

func withServices(e *environment, g *service.Group, fn func() error) (err error) {
	if err := g.Start(e.ctx); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := stopContext()
		defer cancel()
		if stopErr := g.Stop(ctx); err == nil {
			err = stopErr
		}
	}()
	return fn()
}
