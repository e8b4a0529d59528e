package main

import (
	"fmt"

	"parley"
	"parley/service"
)

// migrateCmd changes the tables by hand. The server does `up` by itself at every start.
type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Bring the tables to the newest version."`
	Down   migrateDownCmd   `cmd:"" help:"Take all tables back, and with them all data."`
	Status migrateStatusCmd `cmd:"" help:"Print the version of the tables."`
}

type migrateUpCmd struct{}

func (migrateUpCmd) Run(e *environment) error {
	return withVersion(e, false, func(*node) error { return nil })
}

type migrateStatusCmd struct{}

func (migrateStatusCmd) Run(e *environment) error {
	return withVersion(e, true, func(*node) error { return nil })
}

type migrateDownCmd struct {
	Yes bool `help:"Do it: all facts are deleted."`
}

func (d migrateDownCmd) Run(e *environment) error {
	if !d.Yes {
		return parley.Errorf(parley.Invalid, "cannot take the tables back: this deletes all facts; say --yes")
	}
	return withVersion(e, true, func(n *node) error {
		if n.attached {
			return parley.Errorf(parley.Conflict, "cannot take the tables back: a server runs on them; stop it first")
		}
		return n.warehouse.MigrateDown(e.ctx)
	})
}

// withVersion opens the warehouse, as it is or brought up to date, does fn and prints the version of the tables.
func withVersion(e *environment, asItIs bool, fn func(*node) error) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	n, err := newNode(c, log)
	if err != nil {
		return err
	}
	n.asItIs = asItIs
	return withServices(e, service.NewGroup(log, n.openWarehouse(true)), func() error {
		if err := fn(n); err != nil {
			return err
		}
		version, err := n.warehouse.Version(e.ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "warehouse %s is at version %d\n", n.warehouse.Database(), version)
		return nil
	})
}
