package warehouse

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"parley"
)

// inserts knows the column types of every table, so that an insert over HTTP need not ask for them first.
type inserts struct {
	warehouse *Warehouse
	types     map[string]map[string]string // table, column
}

func newInserts(ctx context.Context, w *Warehouse) (*inserts, error) {
	rows, err := w.query(ctx, "read the columns of the warehouse",
		"SELECT table, name, type FROM system.columns WHERE database = {database:String}", clickhouse.Named("database", w.layout.Database))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	in := &inserts{warehouse: w, types: map[string]map[string]string{}}
	for rows.Next() {
		var table, name, typ string
		if err := rows.Scan(&table, &name, &typ); err != nil {
			return nil, classify("read the columns of the warehouse", err)
		}
		if in.types[table] == nil {
			in.types[table] = map[string]string{}
		}
		in.types[table][name] = typ
	}
	return in, classify("read the columns of the warehouse", rows.Err())
}

// described gives the types of columns in the order of an insert.
func (in *inserts) described(table string, names []string) ([]clickhouse.ColumnNameAndType, error) {
	described := make([]clickhouse.ColumnNameAndType, len(names))
	for i, name := range names {
		typ, ok := in.types[table][name]
		if !ok {
			return nil, parley.Errorf(parley.Internal, "cannot write to %s: it has no column %s; the warehouse needs migrating", table, name)
		}
		described[i] = clickhouse.ColumnNameAndType{Name: name, Type: typ}
	}
	return described, nil
}

// insertSettings hold for every insert.
//
// The partition limit is lifted because the import of a chat of ten years makes 120 parts in one insert, on
// purpose. Inserts are synchronous down to the shards: what was acknowledged is in. Rows are not collapsed on
// the way in: a batch holds each item once, and what remains the merges and FINAL collapse anyhow.
func insertSettings(token string) clickhouse.Settings {
	return clickhouse.Settings{
		"insert_deduplicate":                                 1,
		"insert_deduplication_token":                         token,
		"deduplicate_blocks_in_dependent_materialized_views": 1,
		"async_insert":                                       0,
		"distributed_foreground_insert":                      1,
		"max_partitions_per_insert_block":                    0,
		"optimize_on_insert":                                 0,
	}
}

// insert writes the rows of one table of one batch.
type insert[F any] struct {
	inserts *inserts
	table   *table[F]
	rows    []row[F]
	batch   string
	probes  int // inserts left for finding bad rows
	refused Rejections
}

// maxProbes bounds the inserts spent on finding the bad rows of one table in one batch. One bad row among
// 100,000 takes 34.
const maxProbes = 500

// write inserts rows lo to hi. When the server refuses them for what they hold, the halves are tried, and so
// on, until the bad rows stand alone. Any other fault, and every one in a table that is written as a whole,
// is an error of the batch.
func (in *insert[F]) write(ctx context.Context, lo, hi int) error {
	err := in.send(ctx, lo, hi)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil || in.table.whole || !concernsRows(err):
		return classifyWrite(in.table.name, err)
	case hi-lo == 1:
		in.refused = append(in.refused, Rejection{Table: in.table.name, Index: in.rows[lo].index, Err: refusal(in.table.name, err)})
		return nil
	}
	if in.probes -= 2; in.probes < 0 {
		return parley.Errorf(parley.Internal, "cannot write to %s: %w: %w", in.table.name, errTooManyRefused, refusal(in.table.name, err))
	}
	mid := lo + (hi-lo)/2
	if err := in.write(ctx, lo, mid); err != nil {
		return err
	}
	return in.write(ctx, mid, hi)
}

// refusal says why a row was refused without the server's own sentence, which may quote what the row holds.
func refusal(table string, err error) error {
	if exception, ok := exceptionOf(err); ok {
		return parley.Errorf(parley.Invalid, "cannot store a row in %s: the server refuses it with code %d %s", table, exception.Code, exception.CodeName)
	}
	return parley.Errorf(parley.Invalid, "cannot store a row in %s: the driver cannot encode it", table)
}

func (in *insert[F]) send(ctx context.Context, lo, hi int) error {
	names := make([]string, len(in.table.columns))
	for i, c := range in.table.columns {
		names[i] = c.name
	}
	described, err := in.inserts.described(in.table.name, names)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, in.inserts.warehouse.config.WriteTimeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings(in.token(lo, hi))), clickhouse.WithColumnNamesAndTypes(described))
	batch, err := in.inserts.warehouse.conn.PrepareBatch(ctx, in.table.statement(), driver.WithCloseOnFlush())
	if err != nil {
		return err
	}
	defer batch.Close()
	for i := range in.table.columns {
		if err := in.table.columns[i].fill(batch.Column(i), in.rows[lo:hi]); err != nil {
			return err
		}
	}
	return batch.Send()
}
