package main

import (
	"fmt"

	"parley"
)

// migrateCmd changes the tables by hand. The server does `up` by itself at every start.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the tables to the newest version."`
	Down   migrateDownCmd   `cmd:"" help:"Take all tables back, and with them all data."`
	Status migrateStatusCmd `cmd:"" help:"Print the version of the tables."`
}

type migrateUpCmd struct{}

func (migrateUpCmd) Run(e *environment) error { return printVersion(e, nil) }

type migrateStatusCmd struct{}

func (migrateStatusCmd) Run(e *environment) error { return printVersion(e, nil) }

type migrateDownCmd struct {
	Yes bool `help:"Do it: all facts are deleted."`
}

func (d migrateDownCmd) Run(e *environment) error {
	if !d.Yes {
		return parley.Errorf(parley.Invalid, "cannot take the tables back: this deletes all facts; say --yes")
	}
	return printVersion(e, func(n *node) error { return n.warehouse.MigrateDown(e.ctx) })
}

// printVersion opens the warehouse of a server that does not run, which migrates it, then does fn.
func printVersion(e *environment, fn func(*node) error) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	return withWarehouse(e, c, log, func(n *node) error {
		if fn != nil {
			if err := fn(n); err != nil {
				return err
			}
		}
		version, err := n.warehouse.Version(e.ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "warehouse %s is at version %d\n", n.warehouse.Database(), version)
		return nil
	})
}
