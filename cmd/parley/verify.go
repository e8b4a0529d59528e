package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"parley"
	"parley/config"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/verify"
	"parley/service"
	"parley/warehouse"
)

// verifyCmd proves the counts of a stretch of time. It exits with 3 when something differs.
type verifyCmd struct {
	From time.Time `placeholder:"TIME" help:"Arrived at or after this time, RFC 3339 (default: 24 hours ago)."`
	To   time.Time `placeholder:"TIME" help:"Arrived before this time (default: now)."`
	JSON bool      `name:"json" help:"Print the report as JSON."`
	List int       `default:"20" placeholder:"N" help:"Differences of each kind that are listed; all are counted."`
}

// exitDiffers is the exit code of a verification that found differences.
const exitDiffers exitStatus = 3

func (v *verifyCmd) Run(e *environment) error {
	c, log, err := e.config(true)
	if err != nil {
		return err
	}
	if v.To.IsZero() {
		v.To = time.Now()
	}
	if v.From.IsZero() {
		v.From = v.To.Add(-24 * time.Hour)
	}
	return withLog(e, c, log, func(n *node) error {
		verifier, err := n.verifier(v.List)
		if err != nil {
			return err
		}
		report, err := verifier.Run(e.ctx, v.From.UTC(), v.To.UTC())
		if err != nil {
			return err
		}
		if v.JSON {
			err = writeJSON(e.stdout, report)
		} else {
			err = report.WriteText(e.stdout)
		}
		if err == nil && !report.OK() {
			return exitDiffers
		}
		return err
	})
}

// verifier makes a verifier of the node's log and warehouse, which must have started. It lists so many
// differences of each kind.
func (n *node) verifier(list int) (*verify.Verifier, error) {
	decoder, err := n.decoder()
	if err != nil {
		return nil, err
	}
	nobody, err := pipeline.NewTenants(nil)
	if err != nil {
		return nil, err
	}
	unmapped := *decoder
	unmapped.Tenants = nobody
	settings := verify.Defaults()
	settings.MaxDifferences = list
	settings.Dir = filepath.Join(n.config.DataDir, "verify")
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(settings.Dir, 0o700); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot make folder of the verification: %w", err)
	}
	return verify.New(settings, verify.Parts{
		Log: n.queue, Warehouse: n.warehouse, Decode: alone(decoder), Unmapped: alone(&unmapped), Retention: n.retention, Now: time.Now,
	}), nil
}

func alone(d *pipeline.Decoder) verify.Decode {
	return func(r *queue.Record) *warehouse.Batch { return &d.Alone(r).Batch }
}

// dailyVerification makes the service that verifies every day; nil when it is turned off.
func (n *node) dailyVerification() service.Service {
	if n.config.Verify.At == "" {
		return nil
	}
	return &lateService{make: func() (service.Service, error) {
		at, err := time.Parse(config.TimeOfDay, n.config.Verify.At)
		if err != nil {
			return nil, parley.Errorf(parley.Invalid, "verify.at: %w", err)
		}
		verifier, err := n.verifier(verify.Defaults().MaxDifferences)
		if err != nil {
			return nil, fmt.Errorf("cannot make the daily verification: %w", err)
		}
		daily := verify.DefaultDaily()
		daily.At = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		return verify.NewDaily(daily, verifier, n.queue, n.log, time.Now, n.registry), nil
	}}
}
