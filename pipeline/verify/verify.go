package verify

import (
	"context"
	"errors"
	"time"

	"parley"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/verify/arrival"
	"parley/warehouse"
)

// Config of a verification.
type Config struct {
	// Dir is where the set of identities is kept while a verification runs: for every item and every row its
	// ids, its tenant, and 50 bytes. Empty: the system's folder for temporary files.
	Dir string `koanf:"dir"`
	// Memory bounds what the set holds in memory, in bytes; see the package comment for what is beside it.
	Memory int64 `koanf:"memory"`
	// MaxDifferences bounds each list of a report. All are counted.
	MaxDifferences int `koanf:"max_differences"`
	// Settle is how long to wait for a batch that is being written.
	Settle time.Duration `koanf:"settle"`
}

// Defaults of a verification.
func Defaults() Config {
	return Config{Memory: 64 << 20, MaxDifferences: 100, Settle: time.Minute}
}

// Validate reports everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, parley.Errorf(parley.Invalid, format, args...))
		}
	}
	check(c.Memory >= 1<<20 && c.Memory <= 16<<30, "verify.memory: %d must be from 1 MiB to 16 GiB", c.Memory)
	check(c.MaxDifferences >= 1 && c.MaxDifferences <= 100_000, "verify.max_differences: %d must be from 1 to 100,000", c.MaxDifferences)
	check(c.Settle > 0, "verify.settle: %v must be above 0", c.Settle)
	return errors.Join(errs...)
}

// Log is the log as a verification needs it.
type Log interface {
	arrival.Log
	pipeline.State
}

// Decode makes the facts of one record as if it were the first that ever arrived: nothing is left out
// because it is known, and the same record always gives the same. The facts are used until the next call.
type Decode func(*queue.Record) *warehouse.Batch

// Parts are what a verification is made of.
type Parts struct {
	Log       Log
	Warehouse *warehouse.Warehouse
	// Decode is the pipeline's decoder with the configuration of today.
	Decode Decode
	// Unmapped is the same without any tenant's numbers: what traffic was before its number was mapped.
	Unmapped Decode
	// Retention as the writer has it.
	Retention func(parley.TenantID) warehouse.Retention
	Now       func() time.Time
}

// Verifier compares what arrived with what is stored. It is safe for concurrent use.
type Verifier struct {
	config Config
	Parts
}

// New makes a verifier from a valid configuration.
func New(config Config, parts Parts) *Verifier { return &Verifier{config: config, Parts: parts} }

// maxRange bounds one verification.
const maxRange = 366 * 24 * time.Hour

// Run verifies what arrived from from (inclusive) to to (exclusive). An error means that it could not be
// judged; what differs is in the report.
func (v *Verifier) Run(ctx context.Context, from, to time.Time) (*Report, error) {
	if !from.Before(to) || to.Sub(from) > maxRange {
		return nil, parley.Errorf(parley.Invalid, "cannot verify from %v to %v: it must be above nothing and at most a year", from, to)
	}
	source := arrival.Source{Log: v.Log, Warehouse: v.Warehouse, From: from.UTC(), To: to.UTC()}
	kind, err := source.Choose(ctx)
	if err != nil {
		return nil, err
	}
	report, err := v.once(ctx, &source, kind)
	if kind == arrival.FromLog && parley.KindOf(err) == parley.Conflict { // trimmed while it was read
		report, err = v.once(ctx, &source, arrival.FromRawEvents)
	}
	return report, err
}

func (v *Verifier) once(ctx context.Context, source *arrival.Source, kind arrival.Kind) (*Report, error) {
	begin := v.Now()
	set, err := openSet(v.config.Dir, v.config.Memory)
	if err != nil {
		return nil, err
	}
	defer set.close()
	r := &run{Verifier: v, ctx: ctx, source: source, set: set, now: begin,
		report: &Report{From: source.From, To: source.To, Source: kind, Missing: []Difference{}, Extra: []Difference{}, Audit: []Difference{}}}
	for _, step := range []func() error{r.readTables, r.settle, r.readArrivals, r.settle, r.compare} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	r.report.Took = v.Now().Sub(begin)
	return r.report, nil
}

// run is one verification. The order of its steps is what makes it right beside a working pipeline: the
// rows that were seen belong to batches sealed before; those are waited for; then all that explains them is
// on the log and in raw_events. What arrived after is not missing, because it is looked for last.
type run struct {
	*Verifier
	ctx     context.Context
	source  *arrival.Source
	set     *set
	now     time.Time
	done    uint64 // last frame that is judged
	mapped  bool   // rows of unassigned traffic were seen
	report  *Report
	counts  [tableCount]Count
	refused map[parley.EventID]bool // nil until needed
}

// readTables notes the rows of the range.
func (r *run) readTables() error {
	for t := rawEvents; t < bodies; t++ {
		if t == rawEvents && r.report.Source == arrival.FromRawEvents {
			continue // it cannot be compared with itself
		}
		err := streamRows(r.ctx, r.Warehouse, t, arrived, span(r.source.From, r.source.To), func(row *row) error {
			f := row.fact(t)
			r.counts[t].Rows++
			r.mapped = r.mapped || f.tenant == parley.Unassigned
			if t == deadLetters && r.selfExplained(row) {
				if err := r.set.add(explained, &f); err != nil {
					return err
				}
			}
			return r.set.add(stored, &f)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// selfExplained says whether a dead letter needs no arrival that fails today: it was replayed, or it is a
// frame of the log that could not be read and the log is gone.
func (r *run) selfExplained(row *row) bool {
	return row.word == "replayed" || r.report.Source == arrival.FromRawEvents && parley.RawID(row.raw) == parley.RawID{}
}

// settle waits for the batch that is being written, if one is.
func (r *run) settle() error {
	progress, _, err := pipeline.ReadProgress(r.ctx, r.Log)
	if err != nil {
		return err
	}
	if progress.Sealed != nil {
		ctx, cancel := context.WithTimeout(r.ctx, r.config.Settle)
		defer cancel()
		if err := pipeline.WaitDone(ctx, r.Log, progress.Sealed.Last); err != nil {
			return parley.Errorf(parley.Transient, "cannot verify: batch %s is sealed but not written since %v: %w", progress.Sealed.ID, progress.Sealed.SealedAt, err)
		}
		if progress, _, err = pipeline.ReadProgress(r.ctx, r.Log); err != nil {
			return err
		}
	}
	if r.done == 0 {
		r.done = progress.Done
	}
	return nil
}

// readArrivals notes what arrived in the range, and checks the record of batches.
func (r *run) readArrivals() error {
	r.report.Done = r.done
	note := func(d Difference) { r.report.audit(r.config.MaxDifferences, d) }
	if r.report.Source == arrival.FromRawEvents {
		if err := r.source.Bodies(r.ctx, func(record queue.Record) error {
			return r.arrival(r.Decode(&record), &record, false)
		}); err != nil {
			return err
		}
		a := newAuditor(r.Warehouse, r.source.From.Add(2*arrival.Skew), r.source.To, note)
		err := a.contiguous(r.ctx)
		r.report.Batches = a.batches
		return err
	}
	a := newAuditor(r.Warehouse, r.source.From, endOfTime, note)
	err := r.source.Frames(r.ctx, r.done, func(f queue.Frame) error { return r.frame(&f, a) })
	a.end(r.done)
	r.report.Batches = a.batches
	return err
}

// endOfTime is the last time that a table holds.
var endOfTime = time.Date(2105, 1, 1, 0, 0, 0, 0, time.UTC)

func (r *run) frame(f *queue.Frame, a *auditor) error {
	r.report.Frames++
	var found, records uint64
	for i := range f.Records {
		record := &f.Records[i]
		b := r.Decode(record)
		found += items(b)
		records++
		if !r.source.Within(record) {
			continue
		}
		if err := r.arrival(b, record, arrival.Repeats(record)); err != nil {
			return err
		}
	}
	if f.Damaged != nil {
		found++
		if err := r.damaged(f); err != nil {
			return err
		}
	}
	return a.frame(r.ctx, f.Seq, records, found)
}

// damaged expects the dead letter that the pipeline makes of a frame that cannot be read.
func (r *run) damaged(f *queue.Frame) error {
	at := f.At.UTC().Truncate(time.Microsecond)
	if at.Before(r.source.From) || !at.Before(r.source.To) {
		return nil
	}
	id := parley.HashEvent("dead letter", string(parley.Unassigned), "", pipeline.StageDecode, string(f.Damaged))
	letter := eventFact(deadLetters, parley.Unassigned, id, at, parley.RawID{})
	return r.set.add(decoded, &letter)
}

// arrival notes what one record holds.
func (r *run) arrival(b *warehouse.Batch, record *queue.Record, repeats bool) error {
	if repeats {
		r.report.Repeats++
	} else {
		r.report.Bodies++
		r.report.Items += items(b)
	}
	assigned := false
	err := factsOf(b, func(f *fact) error {
		assigned = assigned || f.tenant != parley.Unassigned
		if f.table == rawEvents && r.report.Source == arrival.FromRawEvents {
			return nil
		}
		return r.set.add(decoded, f)
	})
	if err != nil {
		return err
	}
	body := bodyFact("", "", record.Raw, record.ReceivedAt)
	if err := r.set.add(explained, &body); err != nil {
		return err
	}
	if !r.mapped || !assigned {
		return nil
	}
	return factsOf(r.Unmapped(record), func(f *fact) error { return r.set.add(explained, f) })
}
