package bench

import (
	"context"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"parley"
	"parley/warehouse"
	"parley/warehouse/engine"
)

// tables are those that a batch of the pipeline is written to.
var tables = []string{"raw_events", "messages", "message_bodies", "statuses", "enrichments", "account_events", "contacts"}

const (
	// ceilingMessages bounds the rows that are held in memory for the ceiling.
	ceilingMessages = 100_000
	// ceilingBlock is the rows of one insert: more than a batch of the pipeline has for one table.
	ceilingBlock = 20_000
	// ceilingTables is how many tables are written at a time.
	ceilingTables = 2
	// ceilingDatabase has the same tables with the same views behind them, empty.
	ceilingDatabase = "ceiling"
)

// columns are rows of one table, each column a slice.
type columns struct {
	table  string
	names  []string
	values []reflect.Value
	rows   int
}

// ceilings measures the driver alone: the rows that the last end-to-end phase made, inserted again into empty
// tables of the same engine.
func (b *run) ceilings(ctx context.Context) error {
	if b.rows.IsZero() {
		return nil
	}
	b.Say("the same rows with the driver alone")
	var all []columns
	for _, table := range tables {
		c, err := b.read(ctx, table)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	perSecond, err := b.insertAll(ctx, all)
	if err != nil {
		return err
	}
	for i := range b.report.Figures {
		if f := &b.report.Figures[i]; f.Name == EndToEnd100 || f.Name == EndToEndSingle {
			f.Ceiling = &Ceiling{What: "clickhouse-go inserts the same rows into the same engine, nothing else", Value: perSecond}
		}
	}
	return nil
}

// read takes rows out of a table, in types that the driver takes back.
func (b *run) read(ctx context.Context, table string) (c columns, err error) {
	fail := func(err error) (columns, error) {
		return c, parley.Errorf(parley.Transient, "cannot read rows of %s: %w", table, err)
	}
	rows, err := b.warehouse.Conn().Query(ctx, "SELECT * FROM "+table+" WHERE received_at >= {since:DateTime64(6, 'UTC')} ORDER BY received_at LIMIT {rows:UInt64}",
		clickhouse.DateNamed("since", b.rows, clickhouse.MicroSeconds), clickhouse.Named("rows", ceilingMessages))
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	c = columns{table: table, names: rows.Columns()}
	into := make([]any, len(c.names))
	for i, t := range rows.ColumnTypes() {
		c.values = append(c.values, reflect.MakeSlice(reflect.SliceOf(t.ScanType()), 0, ceilingBlock))
		into[i] = reflect.New(t.ScanType()).Interface()
	}
	for rows.Next() {
		for i := range into { // a fresh place each time: lists and pointers would share the old one
			into[i] = reflect.New(c.values[i].Type().Elem()).Interface()
		}
		if err := rows.Scan(into...); err != nil {
			return fail(err)
		}
		for i := range into {
			c.values[i] = reflect.Append(c.values[i], reflect.ValueOf(into[i]).Elem())
		}
		c.rows++
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return c, nil
}

// insertAll gives the messages a second at which all tables together can be filled.
func (b *run) insertAll(ctx context.Context, all []columns) (float64, error) {
	options, err := engine.Attach(ctx, filepath.Join(b.server.dir, "engine"))
	if err != nil {
		return 0, err
	}
	w, err := warehouse.Open(ctx, warehouse.Config{Database: ceilingDatabase}, options, b.Log)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	if err := w.Migrate(ctx); err != nil {
		return 0, err
	}
	messages := 0
	begin := b.Now()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(ceilingTables)
	for _, c := range all {
		if c.table == "messages" {
			messages = c.rows
		}
		g.Go(func() error { return insertColumns(gctx, w, c) })
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return float64(messages) / b.Now().Sub(begin).Seconds(), nil
}

func insertColumns(ctx context.Context, w *warehouse.Warehouse, c columns) error {
	fail := func(err error) error {
		return parley.Errorf(parley.Transient, "cannot insert rows into %s: %w", c.table, err)
	}
	statement := "INSERT INTO " + c.table + " (" + strings.Join(c.names, ", ") + ")"
	for lo := 0; lo < c.rows; lo += ceilingBlock {
		hi := min(lo+ceilingBlock, c.rows)
		batch, err := w.Conn().PrepareBatch(ctx, statement)
		if err != nil {
			return fail(err)
		}
		for i, values := range c.values {
			if err := batch.Column(i).Append(values.Slice(lo, hi).Interface()); err != nil {
				batch.Abort()
				return fail(err)
			}
		}
		if err := batch.Send(); err != nil {
			return fail(err)
		}
	}
	return nil
}
