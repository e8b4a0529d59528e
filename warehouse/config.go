package warehouse

import (
	"errors"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"parley"
	schema "parley/sql"
)

// Config says where the warehouse is and how patient to be with it.
type Config struct {
	// Address of a server: clickhouse://user:password@host:9000,host2:9000/?secure=true, or http(s)://.
	// Parameters that the driver does not know become settings of every statement, for example
	// insert_quorum=auto. Empty for the embedded engine.
	Address string

	// Cluster is the name of the cluster in the servers' configuration. Empty for a single server; the
	// embedded engine has none.
	Cluster string

	// Database holds the tables. Default "parley".
	Database string

	// DialTimeout bounds the making of a connection. Default 10 s.
	DialTimeout time.Duration

	// WriteTimeout bounds one insert. Default 60 s.
	WriteTimeout time.Duration

	// ReadTimeout bounds the wait for the next data of an answer. Default 5 min.
	ReadTimeout time.Duration

	// MaxConnections bounds the pool. Default 10.
	MaxConnections int
}

const (
	defaultDatabase       = "parley"
	defaultDialTimeout    = 10 * time.Second
	defaultWriteTimeout   = time.Minute
	defaultReadTimeout    = 5 * time.Minute
	defaultMaxConnections = 10
)

// Validate reports every problem of the configuration at once.
func (c Config) Validate() error {
	var problems []error
	if c.Address != "" {
		if _, err := clickhouse.ParseDSN(c.Address); err != nil {
			problems = append(problems, errors.New("address: not of the form clickhouse://user:password@host:port/?option=value"))
		} else if !strings.Contains(c.Address, "://") {
			problems = append(problems, errors.New("address: begins with clickhouse://, http:// or https://"))
		}
	}
	if c.Cluster != "" && c.Address == "" {
		problems = append(problems, errors.New("cluster: the embedded engine has none; give an address as well"))
	}
	if err := (schema.Layout{Database: c.withDefaults().Database, Cluster: c.Cluster}).Validate(); err != nil {
		problems = append(problems, err)
	}
	for name, d := range map[string]time.Duration{"dial timeout": c.DialTimeout, "write timeout": c.WriteTimeout, "read timeout": c.ReadTimeout} {
		if d < 0 {
			problems = append(problems, errors.New(name+": less than zero"))
		}
	}
	if c.MaxConnections < 0 || c.MaxConnections > 1000 {
		problems = append(problems, errors.New("max connections: between 1 and 1000"))
	}
	if len(problems) > 0 {
		return parley.Errorf(parley.Invalid, "cannot use warehouse configuration: %w", errors.Join(problems...))
	}
	return nil
}

func (c Config) withDefaults() Config {
	def := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	if c.Database == "" {
		c.Database = defaultDatabase
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultMaxConnections
	}
	def(&c.DialTimeout, defaultDialTimeout)
	def(&c.WriteTimeout, defaultWriteTimeout)
	def(&c.ReadTimeout, defaultReadTimeout)
	return c
}

// options makes the driver's options. Those of the embedded engine are copied, never changed.
func (c Config) options(embedded *clickhouse.Options) (*clickhouse.Options, error) {
	var o clickhouse.Options
	switch {
	case c.Address != "":
		parsed, err := clickhouse.ParseDSN(c.Address)
		if err != nil {
			return nil, parley.Errorf(parley.Invalid, "cannot use warehouse address: not of the form clickhouse://user:password@host:port")
		}
		o = *parsed
		if o.Compression == nil {
			o.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
		}
		o.DialTimeout, o.ReadTimeout = c.DialTimeout, c.ReadTimeout
	case embedded != nil:
		o = *embedded
	default:
		return nil, parley.Errorf(parley.Invalid, "cannot open warehouse: neither the address of a server nor an embedded engine is given")
	}
	o.MaxOpenConns = max(o.MaxOpenConns, c.MaxConnections)
	o.MaxIdleConns = max(o.MaxIdleConns, c.MaxConnections)
	return &o, nil
}
