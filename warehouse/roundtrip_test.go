package warehouse

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
)

// filler gives every field of a fact a value that no other field has, and remembers what each must look
// like in the warehouse.
type filler struct {
	n    int
	want map[string]string // path of the field, its value as text
}

func (f *filler) fill(path string, v reflect.Value) {
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		t := clock.Add(time.Duration(f.n) * time.Second)
		v.Set(reflect.ValueOf(t))
		f.want[path] = t.Format(time.DateTime)
		return
	case time.Duration:
		v.SetInt(int64(f.n) * int64(time.Microsecond))
		f.want[path] = fmt.Sprint(f.n)
		return
	case parley.Kind:
		v.Set(reflect.ValueOf(parley.Conflict))
		f.want[path] = "conflict"
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(path+"."+v.Type().Field(i).Name, v.Field(i))
		}
		return
	case reflect.Array: // the ids
		id := uuid.UUID{0: byte(f.n), 6: 0x80, 15: 7}
		v.Set(reflect.ValueOf(id).Convert(v.Type()))
		f.want[path] = id.String()
		return
	case reflect.String:
		v.SetString(fmt.Sprintf("text-%d \t'\\\n\x00é", f.n))
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(fmt.Appendf(nil, "bytes-%d\xff\x00", f.n))
			f.want[path] = fmt.Sprintf("bytes-%d\xff\x00", f.n)
			return
		}
		v.Set(reflect.ValueOf([]string{fmt.Sprint("one-", f.n), "two"}))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32:
		v.SetInt(int64(1000 + f.n))
	case reflect.Uint32:
		v.SetUint(uint64(2000 + f.n))
	case reflect.Float32:
		v.SetFloat(float64(f.n) + 0.5)
	default:
		panic("no rule for " + path + " of kind " + v.Kind().String())
	}
	f.want[path] = fmt.Sprint(v.Interface())
}

// stored gives the values of the only row of a table, as text.
func stored(t *testing.T, w *Warehouse, table string) map[string]string {
	t.Helper()
	rows, err := w.Query(context.Background(), "SELECT * FROM "+table, nil, Limits{})
	require.NoError(t, err)
	defer rows.Close()
	values, err := rows.Next()
	require.NoError(t, err)
	require.NotNil(t, values, "no row in "+table)
	out := map[string]string{}
	for i, v := range values {
		if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && !p.IsNil() {
			v = p.Elem().Interface()
		}
		if moment, ok := v.(time.Time); ok {
			v = moment.UTC().Format(time.DateTime)
		}
		out[rows.Columns()[i].Name] = fmt.Sprint(v)
	}
	another, err := rows.Next()
	require.NoError(t, err)
	require.Nil(t, another, "more than one row in "+table)
	return out
}

func TestEveryFieldLandsInAColumn(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	check := func(fact any, batch func(*Batch), tables ...string) {
		t.Helper()
		f := &filler{want: map[string]string{}}
		f.fill("", reflect.ValueOf(fact).Elem())
		b := &Batch{ID: uuid.New(), SealedAt: clock}
		batch(b)
		rejections, err := writer(t, w).Write(context.Background(), b)
		require.NoError(t, err)
		require.Empty(t, rejections)
		columns := map[string]string{}
		for _, table := range tables {
			for name, value := range stored(t, w, table) {
				columns[value] = table + "." + name
			}
		}
		require.NotEmpty(t, f.want)
		for path, value := range f.want {
			require.Contains(t, columns, value, "%T%s is in no column of %v", fact, path, tables)
		}
	}
	var m parley.Message
	check(&m, func(b *Batch) { b.Messages = []parley.Message{m} }, "messages", "message_bodies")
	var s parley.Status
	check(&s, func(b *Batch) { b.Statuses = []parley.Status{s} }, "statuses")
	var e parley.Enrichment
	check(&e, func(b *Batch) { b.Enrichments = []parley.Enrichment{e} }, "enrichments")
	var a parley.AccountEvent
	check(&a, func(b *Batch) { b.AccountEvents = []parley.AccountEvent{a} }, "account_events")
	var c parley.Contact
	check(&c, func(b *Batch) { b.Contacts = []parley.Contact{c} }, "contacts")
	var r parley.RawEvent
	check(&r, func(b *Batch) { b.RawEvents = []parley.RawEvent{r} }, "raw_events")
	var d parley.DeadLetter
	check(&d, func(b *Batch) { b.DeadLetters = []parley.DeadLetter{d} }, "dead_letters")
}

func TestEveryWrittenColumnIsTold(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	ins, err := newInserts(context.Background(), w)
	require.NoError(t, err)
	// What the writer leaves to others: the end of a dead letter.
	left := map[string]bool{"dead_letters.replayed_at": true}
	told := map[string][]string{rawEvents.name: names(&rawEvents), messages.name: names(&messages), messageBodies.name: names(&messageBodies),
		statuses.name: names(&statuses), enrichments.name: names(&enrichments), accountEvents.name: names(&accountEvents),
		contacts.name: names(&contacts), deadLetters.name: names(&deadLetters), ingestAudit.name: names(&ingestAudit)}
	for table, columns := range told {
		var missing []string
		for column := range ins.types[table] {
			if !left[table+"."+column] {
				missing = append(missing, column)
			}
		}
		require.ElementsMatch(t, missing, columns, table)
	}
}

func names[F any](t *table[F]) []string {
	var out []string
	for _, c := range t.columns {
		out = append(out, c.name)
	}
	return out
}
