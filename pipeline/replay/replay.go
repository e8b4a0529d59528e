package replay

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/verify"
	"parley/pipeline/verify/arrival"
	"parley/warehouse"
)

// Config of a replay.
type Config struct {
	// Ahead is how many bytes may be on the log and not yet worked off because of a replay.
	Ahead int64 `koanf:"ahead"`
	// MaxBody is the largest body that the log takes (log.max_record). A body that is put together again from
	// its changes may be larger than it was; beyond this its changes are worked one at a time.
	MaxBody int `koanf:"max_body"`
	// Rate bounds the bodies per second; 0 for no bound.
	Rate int `koanf:"rate"`
	// RetryMin and RetryMax bound the pause when the log is full; it doubles in between.
	RetryMin time.Duration `koanf:"retry_min"`
	RetryMax time.Duration `koanf:"retry_max"`
	// Stall is how long to wait for a full log, or for a pipeline that does not come on, before giving up.
	Stall time.Duration `koanf:"stall"`
}

// Defaults of a replay.
func Defaults() Config {
	return Config{Ahead: 32 << 20, MaxBody: 4 << 20, RetryMin: 100 * time.Millisecond, RetryMax: 5 * time.Second, Stall: 2 * time.Minute}
}

// Validate reports everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, parley.Errorf(parley.Invalid, format, args...))
		}
	}
	check(c.Ahead >= 1, "replay.ahead: %d must be at least 1", c.Ahead)
	check(c.MaxBody >= 1<<10, "replay.max_body: %d must be at least 1 KiB", c.MaxBody)
	check(c.Rate >= 0, "replay.rate: %d must not be negative", c.Rate)
	check(c.RetryMin > 0 && c.RetryMax >= c.RetryMin, "replay.retry_min, retry_max: %v and %v must be above 0 and in order", c.RetryMin, c.RetryMax)
	check(c.Stall > 0, "replay.stall: %v must be above 0", c.Stall)
	return errors.Join(errs...)
}

// Log is the log as a replay needs it.
type Log interface {
	verify.Log
	Append(ctx context.Context, r queue.Record) error
}

// Parts are what a replay is made of.
type Parts struct {
	Log       Log
	Warehouse *warehouse.Warehouse
	Decode    verify.Decode // the pipeline's decoder with the configuration of today
	Now       func() time.Time
}

// Replayer replays. One replay at a time should run on a log; more than one do no harm but share the room.
type Replayer struct {
	config Config
	Parts
}

// New makes a replayer from a valid configuration.
func New(config Config, parts Parts) *Replayer { return &Replayer{config: config, Parts: parts} }

// Summary is what a replay has done so far, and in the end.
type Summary struct {
	From    time.Time     `json:"from"`
	To      time.Time     `json:"to"`
	Source  arrival.Kind  `json:"source"`
	Read    uint64        `json:"read"`     // bodies that arrived in the range
	Bodies  uint64        `json:"bodies"`   // of these, put back on the log
	Bytes   uint64        `json:"bytes"`    // of their bodies
	Waits   uint64        `json:"waits"`    // pauses because the log was full
	LastSeq uint64        `json:"last_seq"` // frame up to which all of it is on the log, see pipeline.WaitDone
	Took    time.Duration `json:"took_ns"`
}

// progressEvery is after how many bodies progress is told.
const progressEvery = 1000

// Range puts back on the log what arrived from from (inclusive) to to (exclusive). With tenants, only bodies
// that hold something which is theirs by the mapping of today. progress may be nil; it is called now and then
// and must not block. After an error the summary says how far it came; beginning anew is safe.
func (r *Replayer) Range(ctx context.Context, from, to time.Time, tenants []parley.TenantID, progress func(Summary)) (Summary, error) {
	begin := r.Now()
	s := Summary{From: from.UTC(), To: to.UTC()}
	if !from.Before(to) {
		return s, parley.Errorf(parley.Invalid, "cannot replay from %v to %v: it is nothing", from, to)
	}
	source := arrival.Source{Log: r.Log, Warehouse: r.Warehouse, From: s.From, To: s.To, MaxBody: r.config.MaxBody}
	kind, err := source.Choose(ctx)
	if err != nil {
		return s, err
	}
	a := r.appender(&s)
	one := func(record queue.Record) error {
		s.Read++
		if progress != nil && s.Read%progressEvery == 0 {
			progress(s)
		}
		if !r.concerns(&record, tenants) {
			return nil
		}
		return a.append(ctx, again(record))
	}
	s.Source = kind
	if kind == arrival.FromLog {
		err = r.fromLog(ctx, &source, one)
	} else {
		err = source.Bodies(ctx, one)
	}
	if kind == arrival.FromLog && parley.KindOf(err) == parley.Conflict { // trimmed meanwhile: what is gone is in the table
		s.Source = arrival.FromRawEvents
		err = source.Bodies(ctx, one)
	}
	err = errors.Join(err, a.end(ctx))
	s.Took = r.Now().Sub(begin)
	return s, err
}

// fromLog gives the records of the range as they arrived first. What the replay itself appends comes after
// the last frame that is read.
func (r *Replayer) fromLog(ctx context.Context, source *arrival.Source, one func(queue.Record) error) error {
	usage, err := r.Log.Usage(ctx)
	if err != nil {
		return err
	}
	past := errors.New("past the range")
	err = source.Frames(ctx, usage.Last, func(f queue.Frame) error {
		if f.At.Sub(source.To) > arrival.Skew {
			return past
		}
		for i := range f.Records {
			record := &f.Records[i]
			if !source.Within(record) || arrival.Repeats(record) {
				continue
			}
			if err := one(*record); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, past) {
		return nil
	}
	return err
}

// concerns says whether a body holds something of one of the tenants; no tenants mean all.
func (r *Replayer) concerns(record *queue.Record, tenants []parley.TenantID) bool {
	if len(tenants) == 0 {
		return true
	}
	return slices.ContainsFunc(r.Decode(record).RawEvents, func(e parley.RawEvent) bool { return slices.Contains(tenants, e.Tenant) })
}

// again makes the record that is to be worked although its items were seen.
func again(record queue.Record) queue.Record {
	switch record.Kind {
	case queue.Import, queue.ReplayImport:
		record.Kind = queue.ReplayImport
	default:
		record.Kind = queue.Replay
	}
	return record
}

// wait waits until the frame is worked off, as long as the pipeline comes on.
func (r *Replayer) wait(ctx context.Context, seq uint64) error {
	for {
		before, _, err := pipeline.ReadProgress(ctx, r.Log)
		if err != nil {
			return err
		}
		limited, cancel := context.WithTimeout(ctx, r.config.Stall)
		err = pipeline.WaitDone(limited, r.Log, seq)
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
		if after, _, failed := pipeline.ReadProgress(ctx, r.Log); failed == nil && after.Done > before.Done {
			continue
		}
		return parley.Errorf(parley.Transient, "cannot go on replaying: the pipeline stands at frame %d for %v: %w", before.Done, r.config.Stall, err)
	}
}
