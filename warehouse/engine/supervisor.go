package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
)

// Config says where the engine lives and how much it may use. The zero value of a field, except where it
// says otherwise, means its default.
type Config struct {
	// Dir is the engine's folder; it is made when missing. Required.
	Dir string
	// Library is the path of libchdb, as Locate finds it. Required.
	Library string
	// Database is the database of connections made with Options. Default: the engine's "default", which
	// is also a view on the file system: give one.
	Database string
	// Memory is the engine's cap in bytes. Default DefaultMemory.
	Memory int64
	// Queries is how many run at the same time; more wait. Default 8.
	Queries int
	// Threads is how many threads one query uses. Default: the number of processors, at most 4.
	Threads int
	// MaxBody bounds one request, so also one insert, in bytes. Default 256 MiB.
	MaxBody int64
	// Command starts the child. Default: the running binary with the argument "engine".
	Command []string
	// Loopback makes the child listen on a loopback port where it would use a unix socket.
	Loopback bool
	// StartTimeout bounds one start of the child. Default 60 s: a folder with many parts takes time.
	StartTimeout time.Duration
	// Random is the source of the secret and of the jitter between restarts. Required.
	Random io.Reader
}

// The least cap with which the engine starts and answers small queries.
const minMemory = 256 << 20

func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Memory, DefaultMemory)
	setDefault(&c.Queries, 8)
	setDefault(&c.Threads, min(runtime.NumCPU(), 4))
	setDefault(&c.MaxBody, 256<<20)
	setDefault(&c.StartTimeout, time.Minute)
	switch {
	case c.Dir == "" || c.Library == "" || c.Random == nil:
		return c, parley.Errorf(parley.Invalid, "cannot configure the engine: folder, library and source of randomness are required")
	case c.Memory < minMemory:
		return c, parley.Errorf(parley.Invalid, "cannot configure the engine: a memory cap of %d bytes is below %d", c.Memory, minMemory)
	case c.Queries < 0 || c.Threads < 0 || c.MaxBody < 0 || c.StartTimeout < 0:
		return c, parley.Errorf(parley.Invalid, "cannot configure the engine: a bound is negative")
	case c.Database != "" && !identifier.MatchString(c.Database):
		return c, parley.Errorf(parley.Invalid, "cannot configure the engine: the database's name is no plain identifier")
	}
	if len(c.Command) == 0 {
		exe, err := os.Executable()
		if err != nil {
			return c, parley.Errorf(parley.Internal, "cannot configure the engine: %w", err)
		}
		c.Command = []string{exe, "engine"}
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Supervisor owns the engine's folder and its child process. It implements service.Service and
// service.Failer.
type Supervisor struct {
	config Config
	log    *slog.Logger
	secret string
	lock   *folderLock
	pace   pace

	restarts atomic.Int64
	failed   chan error
	stop     context.CancelFunc
	stopped  chan struct{} // closed when the run loop has ended

	mu      sync.Mutex
	current *child        // nil while none answers
	changed chan struct{} // closed and replaced whenever current changes
}

// New makes a Supervisor; nothing is started and no file is touched.
func New(config Config, log *slog.Logger) (*Supervisor, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(config.Random, secret); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot make the engine's secret: %w", err)
	}
	return &Supervisor{config: config, log: log, secret: hex.EncodeToString(secret), pace: usualPace,
		failed: make(chan error, 1), stopped: make(chan struct{}), changed: make(chan struct{})}, nil
}

// Start locks the folder, starts the child and returns once it has answered a query.
func (s *Supervisor) Start(ctx context.Context) error {
	lock, err := lockFolder(s.config.Dir)
	if err != nil {
		return err
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.lock, s.stop = lock, stop
	first := make(chan error, 1)
	go s.run(life, ctx, first)
	if err := <-first; err != nil {
		stop()
		<-s.stopped
		return errors.Join(err, lock.release())
	}
	return nil
}

// Stop asks the child to finish what runs, waits for it until ctx ends, then kills it.
func (s *Supervisor) Stop(ctx context.Context) error {
	child := s.child()
	s.stop()
	select {
	case <-s.stopped:
	case <-ctx.Done():
		if child != nil {
			child.kill()
		}
		<-s.stopped
	}
	return errors.Join(removeRecord(s.config.Dir), s.lock.release())
}

// Failed delivers an error when the child cannot be brought back.
func (s *Supervisor) Failed() <-chan error { return s.failed }

// Ready reports whether the child answers; the error says why not.
func (s *Supervisor) Ready() error {
	if s.child() == nil {
		return parley.Errorf(parley.Transient, "cannot reach the warehouse engine: it is being started again")
	}
	return nil
}

// Restarts counts how often the child had to be started again.
func (s *Supervisor) Restarts() int64 { return s.restarts.Load() }

// PID is the child's process id, 0 while there is none that answers.
func (s *Supervisor) PID() int {
	if c := s.child(); c != nil {
		return c.pid()
	}
	return 0
}

// Options connects clickhouse-go to the child, to each new one after a restart. A connection that is
// opened while the child is being started again waits for it.
func (s *Supervisor) Options() *clickhouse.Options {
	return options(s.config.Database, s.secret, s.config.Queries, func(ctx context.Context) (address, error) {
		c, err := s.await(ctx)
		if err != nil {
			return address{}, err
		}
		return c.address, nil
	})
}

func (s *Supervisor) child() *child {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// setChild publishes the child that answers, or nil.
func (s *Supervisor) setChild(c *child) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = c
	close(s.changed)
	s.changed = make(chan struct{})
}

// await returns the child that answers, waiting for one until ctx ends or the supervisor has stopped.
func (s *Supervisor) await(ctx context.Context) (*child, error) {
	for {
		s.mu.Lock()
		c, changed := s.current, s.changed
		s.mu.Unlock()
		if c != nil {
			return c, nil
		}
		select {
		case <-changed:
		case <-s.stopped:
			return nil, parley.Errorf(parley.Transient, "cannot reach the warehouse engine: it has been stopped")
		case <-ctx.Done():
			return nil, parley.Errorf(parley.Transient, "cannot reach the warehouse engine: %w", ctx.Err())
		}
	}
}
