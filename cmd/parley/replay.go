package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley"
	"parley/pipeline"
	"parley/pipeline/replay"
)

// replayCmd works off a stretch of time once more: after a number was mapped, or with a newer decoder.
type replayCmd struct {
	From   time.Time `required:"" placeholder:"TIME" help:"Arrived at or after this time, RFC 3339."`
	To     time.Time `placeholder:"TIME" help:"Arrived before this time (default: now)."`
	Tenant []string  `placeholder:"ID" help:"Only bodies with something of these tenants, by the mapping of today."`
	Rate   int       `placeholder:"N" help:"Bodies per second at most; 0 (default) for no bound. Live traffic has the right of way in any case."`
	JSON   bool      `name:"json" help:"Print the summary as JSON."`
}

func (r *replayCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	if r.To.IsZero() {
		r.To = time.Now()
	}
	var tenants []parley.TenantID
	for _, t := range r.Tenant {
		tenants = append(tenants, parley.TenantID(t))
	}
	return withLog(e, c, log, func(n *node) error {
		replayer, err := n.replayer(r.Rate)
		if err != nil {
			return err
		}
		summary, err := replayer.Range(e.ctx, r.From, r.To, tenants, func(s replay.Summary) {
			if !r.JSON {
				fmt.Fprintf(e.stderr, "\r%d bodies read, %d replayed ", s.Read, s.Bodies)
			}
		})
		if err == nil {
			err = pipeline.WaitDone(e.ctx, n.queue, summary.LastSeq)
		}
		if err == nil {
			err = n.rebuildSince(e.ctx, r.From, r.To)
		}
		if r.JSON {
			if writeErr := writeJSON(e.stdout, summary); err == nil {
				err = writeErr
			}
			return err
		}
		fmt.Fprintf(e.stdout, "%d bodies arrived, read from %s; %d were worked off once more\n", summary.Read, summary.Source, summary.Bodies)
		return err
	})
}

// rebuildSince has the derived tables rebuilt for what arrived in a stretch of time: a replay keeps the times
// of arrival, so the upkeep of the server does not take it for new.
func (n *node) rebuildSince(ctx context.Context, from, to time.Time) error {
	arrived, err := n.warehouse.MessageArrivals(ctx, from, to)
	if err != nil || arrived.Messages == 0 {
		return err
	}
	return n.warehouse.RebuildConversations(ctx, arrived.Oldest, time.Now().UTC())
}

// replayer makes a replayer of the node's log and warehouse, which must have started.
func (n *node) replayer(rate int) (*replay.Replayer, error) {
	decoder, err := n.decoder()
	if err != nil {
		return nil, err
	}
	settings := replay.Defaults()
	settings.MaxBody, settings.Rate = n.config.Log.MaxRecord, rate
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	return replay.New(settings, replay.Parts{Log: n.queue, Warehouse: n.warehouse, Decode: alone(decoder), Now: time.Now}), nil
}

// deadLettersReplayCmd tries dead letters again.
type deadLettersReplayCmd struct {
	deadLetterChoice
	IDs   []string `arg:"" optional:"" name:"id" help:"Ids of dead letters of one tenant (--tenant); none for all that are chosen and open."`
	AsNow bool     `help:"Let them arrive now: for items whose time was in the future when they arrived."`
	Most  int      `placeholder:"N" help:"At most this many (default 10,000)."`
	JSON  bool     `name:"json" help:"Print the summary as JSON."`
}

func (r *deadLettersReplayCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	choice := replay.Choice{Filter: r.filter(), Most: r.Most, AsOfNow: r.AsNow}
	for _, text := range r.IDs {
		id, err := uuid.Parse(text)
		if err != nil {
			return parley.Errorf(parley.Invalid, "cannot replay dead letter: id %q is not a UUID", text)
		}
		choice.IDs = append(choice.IDs, parley.EventID(id))
	}
	if len(r.IDs) > 0 && r.Tenant == "" {
		return parley.Errorf(parley.Invalid, "cannot replay dead letters by id without their tenant: say --tenant")
	}
	return withLog(e, c, log, func(n *node) error {
		replayer, err := n.replayer(0)
		if err != nil {
			return err
		}
		summary, err := replayer.DeadLetters(e.ctx, choice, nil)
		if r.JSON {
			if writeErr := writeJSON(e.stdout, summary); err == nil {
				err = writeErr
			}
			return err
		}
		fmt.Fprintf(e.stdout, "%d replayed: %d have become facts, %d failed again, %d hold nothing to replay\n",
			summary.Replayed, summary.Healed, summary.FailedAgain, summary.Skipped)
		if summary.More {
			fmt.Fprintln(e.stdout, "there are more: run it again")
		}
		return err
	})
}
