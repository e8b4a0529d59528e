package main

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley"
	"parley/warehouse"
	"parley/warehouse/format"
)

// deadLettersCmd shows what could not become a fact.
type deadLettersCmd struct {
	List   deadLettersListCmd   `cmd:"" default:"withargs" help:"List dead letters, newest first."`
	Show   deadLettersShowCmd   `cmd:"" help:"Show one, with the body that it holds."`
	Replay deadLettersReplayCmd `cmd:"" help:"Try them again."`
}

// deadLetterChoice chooses dead letters.
type deadLetterChoice struct {
	Tenant string    `placeholder:"ID" help:"Only of this tenant."`
	Since  time.Time `placeholder:"TIME" help:"Only arrived at or after this time (RFC 3339)."`
	Until  time.Time `placeholder:"TIME" help:"Only arrived before this time."`
	Stage  string    `placeholder:"STAGE" help:"Only of this stage: decode or write."`
	Kind   string    `placeholder:"KIND" help:"Only of this kind of error: invalid, internal, too_large, ..."`
}

func (c *deadLetterChoice) filter() warehouse.DeadLetterFilter {
	return warehouse.DeadLetterFilter{Tenant: parley.TenantID(c.Tenant), Since: c.Since, Until: c.Until, Stage: c.Stage, Kind: c.Kind}
}

type deadLettersListCmd struct {
	deadLetterChoice
	Replayed bool   `help:"Also those that have been replayed."`
	Limit    int    `default:"100" placeholder:"N" help:"At most this many."`
	Format   string `short:"f" default:"table" enum:"table,csv,json,jsonl,markdown,tsv,vertical" placeholder:"F" help:"table, csv, json, jsonl, markdown, tsv or vertical."`
}

func (l *deadLettersListCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	return withWarehouse(e, c, log, func(n *node) error {
		filter := l.filter()
		filter.Replayed = l.Replayed
		page, left := []warehouse.StoredDeadLetter(nil), l.Limit
		next := func() ([]any, error) {
			if len(page) == 0 && left > 0 {
				filter.Limit = min(left, 1000)
				var err error
				if page, filter.After, err = n.warehouse.DeadLetters(e.ctx, filter); err != nil {
					return nil, err
				}
				if filter.After.IsZero() {
					left = len(page) // the last page
				}
			}
			if len(page) == 0 || left == 0 {
				return nil, nil
			}
			letter := page[0]
			page, left = page[1:], left-1
			return []any{letter.ReceivedAt, string(letter.Tenant), letter.ID.String(), letter.Stage, letter.Kind.String(), letter.Reason}, nil
		}
		_, err := format.Write(e.stdout, l.Format, deadLetterColumns, next)
		return err
	})
}

var deadLetterColumns = []format.Column{
	{Name: "received_at", Type: "DateTime64(6, 'UTC')"}, {Name: "tenant_id", Type: "String"}, {Name: "dead_letter_id", Type: "String"},
	{Name: "stage", Type: "String"}, {Name: "kind", Type: "String"}, {Name: "reason", Type: "String"},
}

type deadLettersShowCmd struct {
	Tenant string `arg:"" help:"Tenant of the dead letter."`
	ID     string `arg:"" help:"Its id, as the list shows it."`
}

func (s *deadLettersShowCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	id, err := uuid.Parse(s.ID)
	if err != nil {
		return parley.Errorf(parley.Invalid, "cannot show dead letter: id %q is not a UUID", s.ID)
	}
	return withWarehouse(e, c, log, func(n *node) error {
		l, err := n.warehouse.DeadLetter(e.ctx, parley.TenantID(s.Tenant), parley.EventID(id))
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "tenant    %s\nid        %s\nreceived  %s\nraw       %s (change %d, item %d)\napp       %q\nstage     %s\nkind      %s\nreason    %s\n",
			l.Tenant, l.ID, l.ReceivedAt.Format(time.RFC3339Nano), l.Raw, l.Part, l.Item, l.App, l.Stage, l.Kind, l.Reason)
		if !l.ReplayedAt.IsZero() {
			fmt.Fprintf(e.stdout, "replayed  %s\n", l.ReplayedAt.Format(time.RFC3339))
		}
		fmt.Fprintf(e.stdout, "\n%s\n", l.Body)
		return nil
	})
}
