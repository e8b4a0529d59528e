package arrival

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"parley"
	"parley/ingest/cloudapi"
	"parley/pipeline"
	"parley/pipeline/queue"
)

// windowBytes is how many bytes of bodies the server is asked to put in order at once; windowLength bounds
// the time that a window spans.
const (
	windowBytes  = 64 << 20
	windowLength = time.Hour
)

// maxParts bounds the changes of one body.
const maxParts = cloudapi.MaxItems

// Bodies reads the arrivals of the range from raw_events, in the order of arrival. Records of imports have
// the kind Import, all others Webhook.
func (s *Source) Bodies(ctx context.Context, fn func(queue.Record) error) error {
	windows, err := s.windows(ctx)
	if err != nil {
		return err
	}
	for _, w := range windows {
		if err := s.window(ctx, w.from, w.to, fn); err != nil {
			return err
		}
	}
	return nil
}

// Body reads one arrival from raw_events. It may come as several
// records, see the package's promise.
func (s *Source) Body(ctx context.Context, raw parley.RawID, at time.Time) (records []queue.Record, err error) {
	err = s.read(ctx, selectEvents+` WHERE received_at = {from:DateTime64(6, 'UTC')} AND raw_id = {raw:UUID} ORDER BY part`,
		[]any{moment("from", at), clickhouse.Named("raw", raw.String())},
		func(r queue.Record) error { records = append(records, r); return nil })
	return records, err
}

type window struct{ from, to time.Time }

// windows cuts the range so that no window holds much more than windowBytes. What arrived in one minute is
// never cut, so a body's changes, which have one time of arrival, stay together.
func (s *Source) windows(ctx context.Context) ([]window, error) {
	rows, err := s.Warehouse.Conn().Query(ctx, `SELECT toStartOfMinute(toDateTime(received_at, 'UTC')) AS minute, sum(length(body))
		FROM raw_events
		WHERE received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')}
		GROUP BY minute ORDER BY minute`, moment("from", s.From), moment("to", s.To))
	if err != nil {
		return nil, failed("read sizes of raw events", err)
	}
	defer rows.Close()
	var out []window
	var bytes uint64
	for rows.Next() {
		var minute time.Time
		var size uint64
		if err := rows.Scan(&minute, &size); err != nil {
			return nil, failed("read sizes of raw events", err)
		}
		minute = minute.UTC()
		if len(out) == 0 || bytes+size > windowBytes || minute.Sub(out[len(out)-1].from) >= windowLength {
			out, bytes = append(out, window{from: minute}), 0
		}
		bytes += size
		out[len(out)-1].to = minute.Add(time.Minute)
	}
	if len(out) > 0 {
		first, last := &out[0], &out[len(out)-1]
		first.from = later(first.from, s.From)
		if last.to.After(s.To) {
			last.to = s.To
		}
	}
	return out, failed("read sizes of raw events", rows.Err())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// hasRawEvents says whether anything arrived from from to to.
func (s *Source) hasRawEvents(ctx context.Context, from, to time.Time) (bool, error) {
	if !from.Before(to) {
		return false, nil
	}
	var n uint64
	err := s.Warehouse.Conn().QueryRow(ctx, `SELECT count() FROM (SELECT 1 FROM raw_events
		WHERE received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')} LIMIT 1)`,
		moment("from", from), moment("to", to)).Scan(&n)
	return n > 0, failed("look for raw events", err)
}

const selectEvents = `SELECT tenant_id, app_id, raw_id, part, received_at, field, body FROM raw_events FINAL`

func (s *Source) window(ctx context.Context, from, to time.Time, fn func(queue.Record) error) error {
	return s.read(ctx, selectEvents+`
		WHERE received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')}
		ORDER BY received_at, raw_id, part
		SETTINGS max_bytes_before_external_sort = 268435456`, []any{moment("from", from), moment("to", to)}, fn)
}

// event is a row of raw_events.
type event struct {
	tenant parley.TenantID
	app    parley.AppID
	raw    parley.RawID
	part   uint32
	at     time.Time
	field  string
	body   []byte
}

// read gathers the rows of each body and gives it as records.
func (s *Source) read(ctx context.Context, statement string, params []any, fn func(queue.Record) error) error {
	rows, err := s.Warehouse.Conn().Query(ctx, statement, params...)
	if err != nil {
		return failed("read raw events", err)
	}
	defer rows.Close()
	var parts []event
	flush := func() error {
		for _, r := range s.join(parts) {
			if err := fn(r); err != nil {
				return err
			}
		}
		parts = parts[:0]
		return nil
	}
	for rows.Next() {
		var e event
		if err := rows.Scan((*string)(&e.tenant), (*string)(&e.app), (*uuid.UUID)(&e.raw), &e.part, &e.at, &e.field, &e.body); err != nil {
			return failed("read raw events", err)
		}
		e.at = e.at.UTC()
		if n := len(parts); n > 0 && (parts[0].raw != e.raw || !parts[0].at.Equal(e.at) || n >= maxParts) {
			if err := flush(); err != nil {
				return err
			}
		}
		if n := len(parts); n > 0 && parts[n-1].part == e.part {
			continue // the same change under the tenant it had before its number was mapped
		}
		parts = append(parts, e)
	}
	if err := rows.Err(); err != nil {
		return failed("read raw events", err)
	}
	return flush()
}

// join makes the body again of which the parts are the changes, in order.
func (s *Source) join(parts []event) []queue.Record {
	if len(parts) == 0 {
		return nil
	}
	first := &parts[0]
	if contiguous(parts) {
		if len(parts) == 1 {
			return []queue.Record{first.record(first.raw, first.body)}
		}
		if body, ok := joinBodies(parts); ok && (s.MaxBody == 0 || len(body) <= s.MaxBody) {
			return []queue.Record{first.record(first.raw, body)}
		}
	}
	out := make([]queue.Record, len(parts))
	for i := range parts {
		out[i] = parts[i].record(Derive(parts[i].raw, "part", strconv.FormatUint(uint64(parts[i].part), 10)), parts[i].body)
	}
	return out
}

func contiguous(parts []event) bool {
	for i := range parts {
		if parts[i].part != uint32(i) {
			return false
		}
	}
	return true
}

// Derive makes the raw id of a piece of a body that is worked apart from its body. The same piece always
// has the same id.
func Derive(raw parley.RawID, piece ...string) parley.RawID {
	return parley.RawID(parley.HashEvent(append([]string{"piece of raw event", string(raw[:])}, piece...)...))
}

// record makes a record of the log. An import is a raw event with the field import that is no webhook.
func (e *event) record(raw parley.RawID, body []byte) queue.Record {
	r := queue.Record{Kind: queue.Webhook, Raw: raw, ReceivedAt: e.at, App: e.app, Body: body}
	if e.field == "import" {
		if _, err := cloudapi.Decode(body); err != nil {
			r.Kind = queue.Import
		}
	}
	return r
}

// LetterKind is the kind of the record that a dead letter's body was. Only a body that was taken as an
// import belongs to the tenant that it names: what is signed by Meta can name any, and stays unassigned.
func LetterKind(tenant parley.TenantID, body []byte) queue.Kind {
	if _, err := cloudapi.Decode(body); err == nil {
		return queue.Webhook
	}
	var chat pipeline.ImportBody
	if err := json.Unmarshal(body, &chat); err != nil || chat.Tenant != tenant || tenant == parley.Unassigned {
		return queue.Webhook
	}
	return queue.Import
}

// joinBodies puts the entries of several bodies into one. What surrounds them is taken from the first.
func joinBodies(parts []event) ([]byte, bool) {
	var out bytes.Buffer
	var entries [][]byte
	out.WriteByte('{')
	for i := range parts {
		ok := members(parts[i].body, func(name, value jsontext.Value) bool {
			if bytes.Equal(name, []byte(`"entry"`)) {
				inner := bytes.TrimSpace(value)
				if len(inner) < 2 || inner[0] != '[' {
					return false
				}
				entries = append(entries, inner[1:len(inner)-1])
			} else if i == 0 {
				out.Write(name)
				out.WriteByte(':')
				out.Write(value)
				out.WriteByte(',')
			}
			return true
		})
		if !ok || len(entries) != i+1 {
			return nil, false
		}
	}
	out.WriteString(`"entry":[`)
	out.Write(bytes.Join(entries, []byte{','}))
	out.WriteString("]}")
	return out.Bytes(), true
}

// members gives the members of a JSON object as they stand there.
func members(body []byte, fn func(name, value jsontext.Value) bool) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if token, err := dec.ReadToken(); err != nil || token.Kind() != '{' {
		return false
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadValue()
		if err != nil {
			return false
		}
		name = name.Clone()
		value, err := dec.ReadValue()
		if err != nil || !fn(name, value.Clone()) {
			return false
		}
	}
	return dec.PeekKind() == '}'
}

func moment(name string, t time.Time) any {
	return clickhouse.DateNamed(name, t, clickhouse.MicroSeconds)
}

// failed says what could not be done; what the warehouse's connection refuses may pass.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return parley.Errorf(parley.Transient, "cannot %s: %w", what, err)
}
