package pipeline

import (
	"errors"
	"path/filepath"
	"time"

	"parley"
)

// Config of the pipeline.
type Config struct {
	// BatchRows, BatchBytes and BatchWait seal a batch: whichever is reached first. Rows are rows of all
	// tables, bytes are bytes of the log, and the wait runs from the batch's first frame.
	BatchRows  int           `koanf:"batch_rows"`
	BatchBytes int           `koanf:"batch_bytes"`
	BatchWait  time.Duration `koanf:"batch_wait"`
	// RetryMin and RetryMax bound the pause before a write that failed for a passing reason is tried
	// again; it doubles in between and is spread by up to half.
	RetryMin time.Duration `koanf:"retry_min"`
	RetryMax time.Duration `koanf:"retry_max"`
	// MaxFuture is how far ahead of its arrival an item's timestamp may be before it is a dead letter.
	MaxFuture time.Duration `koanf:"max_future"`
	// KeepLog is how long frames stay on the log after they are worked off, for replay and verification.
	// They go earlier when the log is more than half full.
	KeepLog time.Duration `koanf:"keep_log"`
	// SeenDir holds the set of items already stored; SeenDays is how far back it reaches, by WhatsApp's
	// timestamp. Meta redelivers for seven days. Older duplicates are caught by the tables themselves.
	SeenDir  string `koanf:"seen_dir"`
	SeenDays int    `koanf:"seen_days"`
	// SeenMemory is what the set may hold in memory, in bytes.
	SeenMemory int64 `koanf:"seen_memory"`
	// TakeOver is how long a stand-by waits without a sign of the working pipeline before it goes on.
	TakeOver time.Duration `koanf:"take_over"`
	// DeriveEvery is the pause between rebuilds of the derived tables.
	DeriveEvery time.Duration `koanf:"derive_every"`
}

// Defaults of a pipeline whose files are below dir.
func Defaults(dir string) Config {
	return Config{
		BatchRows: 20_000, BatchBytes: 8 << 20, BatchWait: 500 * time.Millisecond,
		RetryMin: 100 * time.Millisecond, RetryMax: 15 * time.Second,
		MaxFuture: time.Hour, KeepLog: 48 * time.Hour,
		SeenDir: filepath.Join(dir, "seen"), SeenDays: 8, SeenMemory: 32 << 20,
		TakeOver: 15 * time.Second, DeriveEvery: time.Minute,
	}
}

// Validate reports everything that is wrong with the configuration.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, parley.Errorf(parley.Invalid, format, args...))
		}
	}
	check(c.BatchRows >= 1 && c.BatchRows <= 1_000_000, "pipeline.batch_rows: %d must be from 1 to 1,000,000", c.BatchRows)
	check(c.BatchBytes >= 1<<10 && c.BatchBytes <= 256<<20, "pipeline.batch_bytes: %d must be from 1 KiB to 256 MiB", c.BatchBytes)
	check(c.BatchWait > 0 && c.BatchWait <= time.Minute, "pipeline.batch_wait: %v must be above 0 and at most 1m", c.BatchWait)
	check(c.RetryMin > 0 && c.RetryMax >= c.RetryMin, "pipeline.retry_min, retry_max: %v and %v must be above 0 and in order", c.RetryMin, c.RetryMax)
	check(c.MaxFuture >= 0, "pipeline.max_future: %v must not be negative", c.MaxFuture)
	check(c.KeepLog >= 0, "pipeline.keep_log: %v must not be negative", c.KeepLog)
	check(c.SeenDir != "", "pipeline.seen_dir: must be set")
	check(c.SeenDays >= 1 && c.SeenDays <= 366, "pipeline.seen_days: %d must be from 1 to 366", c.SeenDays)
	check(c.SeenMemory >= 8<<20, "pipeline.seen_memory: %d must be at least 8 MiB", c.SeenMemory)
	check(c.TakeOver >= time.Second, "pipeline.take_over: %v must be at least 1s", c.TakeOver)
	check(c.DeriveEvery >= time.Second, "pipeline.derive_every: %v must be at least 1s", c.DeriveEvery)
	return errors.Join(errs...)
}
