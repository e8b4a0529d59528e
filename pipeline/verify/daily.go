package verify

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley"
	"parley/pipeline"
)

// DayKey is the key of the log's state under which the last verified day is kept.
const DayKey = "verify"

const day = 24 * time.Hour

// maxDays bounds how many days are made up for after a long stop; older ones are told and left.
const maxDays = 31

// DailyConfig says when to verify.
type DailyConfig struct {
	// At is how long after midnight UTC the day before is verified, less than 24 hours.
	At time.Duration `koanf:"at"`
	// Retry is the pause after a day that could not be judged.
	Retry time.Duration `koanf:"retry"`
}

// DefaultDaily verifies at two in the morning.
func DefaultDaily() DailyConfig { return DailyConfig{At: 2 * time.Hour, Retry: 15 * time.Minute} }

// Validate reports everything that is wrong with the configuration.
func (c DailyConfig) Validate() error {
	var errs []error
	if c.At < 0 || c.At >= day {
		errs = append(errs, parley.Errorf(parley.Invalid, "verify.at: %v must be from 0 to less than 24h", c.At))
	}
	if c.Retry < time.Second {
		errs = append(errs, parley.Errorf(parley.Invalid, "verify.retry: %v must be at least 1s", c.Retry))
	}
	return errors.Join(errs...)
}

// Runner verifies a stretch of time, see Verifier.Run.
type Runner interface {
	Run(ctx context.Context, from, to time.Time) (*Report, error)
}

// Verified is what is kept of the last verified day.
type Verified struct {
	Day         string    `json:"day"` // for example 2026-03-01, of arrival, UTC
	Differences uint64    `json:"differences"`
	At          time.Time `json:"at"`
}

// Daily verifies every day the day before, and after a stop each day that was missed. It is a
// service.Service. A day is verified once, whatever the outcome; differences are logged as an error and
// stay in the gauge until a day without any. Where several nodes share a log, whoever is first writes the
// day down.
type Daily struct {
	config DailyConfig
	runner Runner
	state  pipeline.State
	log    *slog.Logger
	now    func() time.Time

	differences prometheus.Gauge
	success     prometheus.Gauge

	cancel  context.CancelFunc
	stopped chan struct{}
}

// NewDaily makes the service from a valid configuration.
func NewDaily(config DailyConfig, runner Runner, state pipeline.State, log *slog.Logger, now func() time.Time, registry prometheus.Registerer) *Daily {
	d := &Daily{config: config, runner: runner, state: state, log: log, now: now, stopped: make(chan struct{}),
		differences: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_verify_differences",
			Help: "Differences between what arrived and what is stored, of the last verified day."}),
		success: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_verify_last_success_timestamp_seconds",
			Help: "When a day was last verified without differences."}),
	}
	registry.MustRegister(d.differences, d.success)
	return d
}

// Start begins with the days that are due.
func (d *Daily) Start(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	d.cancel = cancel
	go d.run(ctx)
	return nil
}

// Stop gives up a verification that is under way; the next start begins it anew.
func (d *Daily) Stop(ctx context.Context) error {
	d.cancel()
	select {
	case <-d.stopped:
		return nil
	case <-ctx.Done():
		<-d.stopped // what runs has been told to end
		return nil
	}
}

func (d *Daily) run(ctx context.Context) {
	defer close(d.stopped)
	for ctx.Err() == nil {
		pause := d.config.Retry
		next, err := d.catchUp(ctx)
		switch {
		case err == nil:
			pause = next.Sub(d.now())
		case ctx.Err() == nil:
			d.log.Error("verification could not be done, trying again", "pause", pause, "kind", parley.KindOf(err).String(), "error", err)
		}
		timer := time.NewTimer(max(pause, 0))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// catchUp verifies the days that are due and says when the next is.
func (d *Daily) catchUp(ctx context.Context) (time.Time, error) {
	for {
		last, revision, err := d.last(ctx)
		if err != nil {
			return time.Time{}, err
		}
		due := d.now().UTC().Add(-d.config.At).Truncate(day).Add(-day) // the last day whose time has come
		if !last.Before(due) {
			return last.Add(2*day + d.config.At), nil
		}
		next := last.Add(day)
		switch oldest := due.Add(-(maxDays - 1) * day); {
		case last.IsZero():
			next = due
		case next.Before(oldest):
			d.log.Error("days were not verified: too long ago", "from", next, "to", oldest)
			next = oldest
		}
		if err := d.verify(ctx, next, revision); err != nil {
			return time.Time{}, err
		}
	}
}

// verify verifies one day and writes it down.
func (d *Daily) verify(ctx context.Context, from time.Time, revision uint64) error {
	report, err := d.runner.Run(ctx, from, from.Add(day))
	if err != nil {
		return err
	}
	d.tell(report)
	value, err := json.Marshal(Verified{Day: from.Format(time.DateOnly), Differences: report.Differences(), At: d.now().UTC()})
	if err != nil {
		return err
	}
	_, err = d.state.SetState(ctx, DayKey, value, revision)
	if parley.KindOf(err) == parley.Conflict && err != nil {
		return nil // another node has written it down
	}
	return err
}

// toldDifferences bounds the differences in the log; the report has more.
const toldDifferences = 10

func (d *Daily) tell(r *Report) {
	d.differences.Set(float64(r.Differences()))
	log := d.log.With("day", r.From.Format(time.DateOnly), "source", r.Source, "bodies", r.Bodies, "items", r.Items, "batches", r.Batches, "took", r.Took)
	if r.OK() {
		d.success.Set(float64(d.now().Unix()))
		log.Info("verified: what arrived is what is stored")
		return
	}
	log.Error("verification found differences", "missing", r.MissingTotal, "extra", r.ExtraTotal, "audit", r.AuditTotal)
	told := 0
	for _, list := range [][]Difference{r.Missing, r.Extra, r.Audit} {
		for _, one := range list {
			if told++; told > toldDifferences {
				return
			}
			d.log.Error("difference", "table", one.Table, "tenant", one.Tenant, "id", one.ID, "detail", one.Detail, "raw_id", one.Raw, "why", one.Why)
		}
	}
}

// last gives the last verified day, zero for none.
func (d *Daily) last(ctx context.Context) (time.Time, uint64, error) {
	value, revision, err := d.state.State(ctx, DayKey)
	if err != nil || revision == 0 {
		return time.Time{}, 0, err
	}
	var v Verified
	if err := json.Unmarshal(value, &v); err != nil {
		return time.Time{}, 0, parley.Errorf(parley.Internal, "cannot read the last verified day: %w", err)
	}
	last, err := time.Parse(time.DateOnly, v.Day)
	if err != nil {
		return time.Time{}, 0, parley.Errorf(parley.Internal, "cannot read the last verified day: %w", err)
	}
	return last, revision, nil
}
