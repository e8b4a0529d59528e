// Package warehouse keeps the facts: it opens ClickHouse, makes the tables, writes sealed batches and reads
// facts back.
//
// It promises one code path for the embedded engine, a server and a cluster; that a batch written twice, ten
// times, or after a crash in the middle changes nothing; that one bad row never takes its neighbours along
// (it is found, left out and reported); and that no value ever becomes part of a statement.
//
// It does not decide what a fact is (package parley), does not start the embedded engine (warehouse/engine)
// and does not define metrics (warehouse/metrics). The tables, with the reasons for their keys, are in
// sql/clickhouse; docs/dictionary.md is made from them.
//
// Start reading with Open and Migrate, then Writer.Write (writer.go), table.go (how a fact becomes columns)
// and version.go (which of several rows of one fact is kept).
package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"parley"
	schema "parley/sql"
)

// Warehouse is an open connection pool. It is safe for concurrent use.
type Warehouse struct {
	conn   driver.Conn
	db     *sql.DB // for the migrations only
	layout schema.Layout
	config Config
	log    *slog.Logger
}

// Open connects to the server that config names, or to the embedded engine with the options it gave where
// config names none, and creates the database where it is missing. It does not migrate.
func Open(ctx context.Context, config Config, embedded *clickhouse.Options, log *slog.Logger) (*Warehouse, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	config = config.withDefaults()
	options, err := config.options(embedded)
	if err != nil {
		return nil, err
	}
	w := &Warehouse{layout: schema.Layout{Database: config.Database, Cluster: config.Cluster}, config: config, log: log}
	if err := w.createDatabase(ctx, options); err != nil {
		return nil, err
	}
	options.Auth.Database = config.Database
	if w.conn, err = clickhouse.Open(options); err != nil {
		return nil, parley.Errorf(parley.Invalid, "cannot open warehouse: %w", err)
	}
	w.db = clickhouse.OpenDB(databaseOptions(options))
	if err := w.conn.Ping(ctx); err != nil {
		return nil, errors.Join(classify("reach warehouse", err), w.Close())
	}
	return w, nil
}

// databaseOptions copies options without the pool bounds, which belong to database/sql there.
func databaseOptions(options *clickhouse.Options) *clickhouse.Options {
	o := *options
	o.MaxOpenConns, o.MaxIdleConns, o.ConnMaxLifetime = 0, 0, 0
	return &o
}

// createDatabase uses a connection of its own: a server refuses to speak about a database that is not there.
func (w *Warehouse) createDatabase(ctx context.Context, options *clickhouse.Options) error {
	o := *options
	o.Auth.Database = "default"
	conn, err := clickhouse.Open(&o)
	if err != nil {
		return parley.Errorf(parley.Invalid, "cannot open warehouse: %w", err)
	}
	defer conn.Close()
	statement, err := schema.CreateDatabase(w.layout)
	if err != nil {
		return err
	}
	return classify("create database "+w.layout.Database, conn.Exec(ctx, statement))
}

// Conn gives the connection for readers in other packages. Its statements run in the warehouse's database.
func (w *Warehouse) Conn() driver.Conn { return w.conn }

// Database is the name of the database that holds the tables.
func (w *Warehouse) Database() string { return w.layout.Database }

// Ping says whether the warehouse answers.
func (w *Warehouse) Ping(ctx context.Context) error {
	return classify("reach warehouse", w.conn.Ping(ctx))
}

// Close closes the connections. Statements under way fail.
func (w *Warehouse) Close() error {
	return errors.Join(w.conn.Close(), w.db.Close())
}

// query runs a statement of ours with its parameters; the names of the parameters are in the statement.
func (w *Warehouse) query(ctx context.Context, what, statement string, params ...any) (driver.Rows, error) {
	rows, err := w.conn.Query(ctx, statement, params...)
	if err != nil {
		return nil, classify(what, err)
	}
	return rows, nil
}
