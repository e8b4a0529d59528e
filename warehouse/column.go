package warehouse

import (
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
)

// row is a fact on its way into a table, with what is not part of the fact.
type row[F any] struct {
	fact      *F
	index     int // in the slice of the batch
	retention uint16
	version   uint64
}

// column appends one field of many rows to a column of an insert. Values travel by column, one slice each,
// because the driver boxes every value that is given to it row by row.
type column[F any] struct {
	name string
	fill func(into driver.BatchColumn, rows []row[F]) error
}

func columnOf[F, V any](name string, value func(*row[F]) V) column[F] {
	return column[F]{name: name, fill: func(into driver.BatchColumn, rows []row[F]) error {
		values := make([]V, len(rows))
		for i := range rows {
			values[i] = value(&rows[i])
		}
		return into.Append(values)
	}}
}

func text[F any, S ~string](name string, value func(*F) S) column[F] {
	return columnOf(name, func(r *row[F]) string { return string(value(r.fact)) })
}

func blob[F any](name string, value func(*F) []byte) column[F] {
	return columnOf(name, func(r *row[F]) string { return string(value(r.fact)) })
}

func id[F any, U ~[16]byte](name string, value func(*F) U) column[F] {
	return columnOf(name, func(r *row[F]) uuid.UUID { return uuid.UUID(value(r.fact)) })
}

func moment[F any](name string, value func(*F) time.Time) column[F] {
	return columnOf(name, func(r *row[F]) time.Time { return value(r.fact) })
}

// momentOrNull writes the zero time as null.
func momentOrNull[F any](name string, value func(*F) time.Time) column[F] {
	return columnOf(name, func(r *row[F]) *time.Time {
		if t := value(r.fact); !t.IsZero() {
			return &t
		}
		return nil
	})
}

// plain is for values that the driver takes as they are: numbers, booleans, lists of text.
func plain[F, V any](name string, value func(*F) V) column[F] {
	return columnOf(name, func(r *row[F]) V { return value(r.fact) })
}

func retentionDays[F any]() column[F] {
	return columnOf("retention_days", func(r *row[F]) uint16 { return r.retention })
}

func version[F any]() column[F] {
	return columnOf("version", func(r *row[F]) uint64 { return r.version })
}
