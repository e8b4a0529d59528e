package warehouse

import (
	"context"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"parley"
	"parley/warehouse/format"
)

// Limits bound a statement that a person wrote. Zero means the default.
type Limits struct {
	Rows   uint64        // rows given out; the answer is then Truncated. Default 10,000
	Time   time.Duration // time on the server. Default 60 s
	Memory uint64        // bytes on the server. Default 1 GiB
}

func (l Limits) withDefaults() Limits {
	if l.Rows == 0 {
		l.Rows = 10_000
	}
	if l.Time == 0 {
		l.Time = time.Minute
	}
	if l.Memory == 0 {
		l.Memory = 1 << 30
	}
	return l
}

// Column is a column of an answer.
type Column = format.Column

// Rows is an answer that is read row by row. It must be closed.
type Rows struct {
	rows      driver.Rows
	columns   []Column
	scan      []any // pointers of the columns' own types
	left      uint64
	truncated bool
	cancel    context.CancelFunc
}

// Query runs a statement that a person wrote, with parameters for {name:Type} in it. The statement can read
// only: the server refuses everything else, and any change of settings, which is how the limits hold. Table
// functions that reach files or the network need more than reading and are refused with it.
//
// Parameters are bound by the server; the statement's text is passed on as it is.
func (w *Warehouse) Query(ctx context.Context, statement string, params map[string]string, limits Limits) (*Rows, error) {
	limits = limits.withDefaults()
	ctx, cancel := withoutDeadline(ctx, &limits, w.config.DialTimeout)
	rows, err := w.conn.Query(clickhouse.Context(ctx, clickhouse.WithSettings(readSettings(limits)), withParams(params)), statement)
	if err != nil {
		cancel()
		return nil, classifyQuery("run query", err)
	}
	out := &Rows{rows: rows, left: limits.Rows, cancel: cancel}
	for _, c := range rows.ColumnTypes() {
		out.columns = append(out.columns, Column{Name: c.Name(), Type: c.DatabaseTypeName()})
		out.scan = append(out.scan, reflect.New(c.ScanType()).Interface())
	}
	return out, nil
}

// withoutDeadline ends with ctx and, at the latest, some grace after the limit of time, but shows no
// deadline: from one the driver would make a limit of time of its own and send that instead.
func withoutDeadline(ctx context.Context, limits *Limits, grace time.Duration) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		limits.Time = min(limits.Time, max(time.Until(deadline), time.Second))
	}
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	timer := time.AfterFunc(limits.Time+grace, cancel)
	return inner, func() { stop(); timer.Stop(); cancel() }
}

// readSettings asks for one row more than is given out, to know whether there is more.
func readSettings(l Limits) clickhouse.Settings {
	return clickhouse.Settings{
		"readonly":              1,
		"max_result_rows":       l.Rows + 1,
		"result_overflow_mode":  "break",
		"max_execution_time":    max(1, int(l.Time/time.Second)),
		"timeout_overflow_mode": "throw",
		"max_memory_usage":      l.Memory,
	}
}

// paramEscaper writes a value as the server reads parameters: the escapes of tab separated text.
var paramEscaper = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)

// WithParameters gives a context the parameters of a statement, as Query binds them: for whoever looks at the
// statement before it runs.
func WithParameters(ctx context.Context, params map[string]string) context.Context {
	return clickhouse.Context(ctx, withParams(params))
}

func withParams(params map[string]string) clickhouse.QueryOption {
	escaped := clickhouse.Parameters{}
	for name, value := range params {
		escaped[name] = paramEscaper.Replace(value)
	}
	return clickhouse.WithParameters(escaped)
}

// Columns are the columns of the answer.
func (r *Rows) Columns() []Column { return r.columns }

// Truncated says, after the last row, whether the limit of rows cut the answer.
func (r *Rows) Truncated() bool { return r.truncated }

// Next gives the next row, nil after the last. Its values are of the driver's types: time.Time, uuid.UUID,
// pointers for Nullable (nil for null), slices for Array, maps for Map, and so on.
func (r *Rows) Next() ([]any, error) {
	if !r.rows.Next() {
		return nil, classifyQuery("read answer", r.rows.Err())
	}
	if r.left == 0 {
		r.truncated = true
		return nil, nil
	}
	r.left--
	if err := r.rows.Scan(r.scan...); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot read answer: %w", err)
	}
	values := make([]any, len(r.scan))
	for i, p := range r.scan {
		v := reflect.ValueOf(p).Elem()
		values[i] = v.Interface()
		v.SetZero() // the next row must not write into what was given out
	}
	return values, nil
}

// Close ends the answer; what was not read is left unread.
func (r *Rows) Close() error {
	r.cancel()
	return classify("close answer", r.rows.Close())
}

// classifyQuery is classify for a statement that a person wrote: what would be our fault in a statement of
// ours is theirs here, and what passed a limit would pass it again.
func classifyQuery(what string, err error) error {
	exception, ok := exceptionOf(err)
	if !ok {
		return classify(what, err)
	}
	kind := kindOf(err)
	switch {
	case exception.Code == codeTimeout || exception.Code == codeMemory:
		kind = parley.TooLarge
	case kind == parley.Internal:
		kind = parley.Invalid
	}
	return parley.Errorf(kind, "cannot %s: %w", what, err)
}
