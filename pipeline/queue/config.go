package queue

import (
	"errors"
	"path/filepath"
	"time"

	"parley"
)

// Config says where the log is and how large it may become.
type Config struct {
	// URL of a NATS server or cluster with JetStream ("nats://a:4222,nats://b:4222"). Empty: a server
	// inside this process that keeps its files in Dir. A server given here must sync before it
	// acknowledges (`sync_interval: always`) or replicate, else a power cut can lose what was answered 200.
	URL string `koanf:"url"`
	// Credentials file of the NATS user, for URL. Empty: none.
	Credentials string `koanf:"credentials"`
	// Dir holds the embedded server's files.
	Dir string `koanf:"dir"`
	// Stream names the JetStream stream; two installations on one cluster need two names.
	Stream string `koanf:"stream"`
	// Replicas of the stream on a cluster: 1, 3 or 5.
	Replicas int `koanf:"replicas"`
	// MaxBytes is the room of the log. Beyond HighWater of it, Append answers parley.Full.
	MaxBytes int64 `koanf:"max_bytes"`
	// HighWater is the part of MaxBytes, between 0 and 1, from which on nothing more is accepted.
	HighWater float64 `koanf:"high_water"`
	// MinFree is the room in bytes that must stay free on the disk of Dir; below it nothing more is accepted.
	MinFree int64 `koanf:"min_free"`
	// MaxRecord is the largest body in bytes that Append takes.
	MaxRecord int `koanf:"max_record"`
	// MaxPending bounds the bytes of callers that wait for a sync.
	MaxPending int `koanf:"max_pending"`
	// PublishTimeout bounds one sync. After it the outcome is unknown and callers get parley.Transient.
	PublishTimeout time.Duration `koanf:"publish_timeout"`
}

// Defaults of a log below dir.
func Defaults(dir string) Config {
	return Config{
		Dir: filepath.Join(dir, "log"), Stream: "PARLEY", Replicas: 1,
		MaxBytes: 8 << 30, HighWater: 0.95, MinFree: 256 << 20,
		MaxRecord: 4 << 20, MaxPending: 64 << 20, PublishTimeout: 10 * time.Second,
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
	check(c.URL != "" || c.Dir != "", "log.dir: must be set when log.url is not")
	check(c.Stream != "" && validName(c.Stream), "log.stream: %q must be letters, digits, - and _", c.Stream)
	check(c.Replicas == 1 || c.Replicas == 3 || c.Replicas == 5, "log.replicas: %d must be 1, 3 or 5", c.Replicas)
	check(c.URL != "" || c.Replicas <= 1, "log.replicas: %d needs log.url: the embedded log has one replica", c.Replicas)
	check(c.MaxBytes >= 16<<20, "log.max_bytes: %d must be at least 16 MiB", c.MaxBytes)
	check(c.HighWater > 0 && c.HighWater <= 1, "log.high_water: %v must be above 0 and at most 1", c.HighWater)
	check(c.MinFree >= 0, "log.min_free: %d must not be negative", c.MinFree)
	check(c.MaxRecord >= 1<<10 && c.MaxRecord <= 48<<20, "log.max_record: %d must be from 1 KiB to 48 MiB", c.MaxRecord)
	check(c.MaxPending >= c.MaxRecord, "log.max_pending: %d must be at least log.max_record (%d)", c.MaxPending, c.MaxRecord)
	check(c.PublishTimeout >= 100*time.Millisecond, "log.publish_timeout: %v must be at least 100ms", c.PublishTimeout)
	return errors.Join(errs...)
}

func validName(s string) bool {
	for _, r := range s {
		ok := r == '-' || r == '_' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
		if !ok {
			return false
		}
	}
	return true
}
