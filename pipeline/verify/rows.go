package verify

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"parley"
	"parley/pipeline"
	"parley/warehouse"
)

// row is one row of a table under comparison, as its statement gives it.
type row struct {
	tenant    parley.TenantID
	number    parley.PhoneNumberID
	id        string // wamid, else empty
	uuid      uuid.UUID
	word      string // status; of a dead letter "write", "replayed" or nothing
	recipient uuid.UUID
	group     parley.GroupID
	part      uint32
	at        time.Time
	raw       uuid.UUID
}

func (r *row) fields() []any {
	return []any{(*string)(&r.tenant), (*string)(&r.number), &r.id, &r.uuid, &r.word, &r.recipient, (*string)(&r.group), &r.part, &r.at, &r.raw}
}

// columns says how each table fills a row. All have the same columns, so that one reader reads them all.
var columns = [tableCount]string{
	rawEvents: `tenant_id, '', '', raw_id, '', toUUID('00000000-0000-0000-0000-000000000000'), '', part, received_at, raw_id FROM raw_events`,
	messages: `tenant_id, phone_number_id, wamid, toUUID('00000000-0000-0000-0000-000000000000'), '',
		toUUID('00000000-0000-0000-0000-000000000000'), '', toUInt32(0), toDateTime64(sent_at, 6, 'UTC'), raw_id FROM messages`,
	statuses: `tenant_id, '', wamid, toUUID('00000000-0000-0000-0000-000000000000'), status, recipient_id, group_id, toUInt32(0),
		toDateTime64(at, 6, 'UTC'), raw_id FROM statuses`,
	accountEvents: `tenant_id, '', '', event_id, '', toUUID('00000000-0000-0000-0000-000000000000'), '', toUInt32(0), at, raw_id FROM account_events`,
	deadLetters: `tenant_id, '', '', dead_letter_id, multiIf(stage = 'write', 'write', isNotNull(replayed_at), 'replayed', ''),
		toUUID('00000000-0000-0000-0000-000000000000'), '', toUInt32(0), received_at, raw_id FROM dead_letters FINAL`,
}

// arrived chooses the rows of an arrival range. Facts are read without FINAL: of several rows of one fact
// each says that it arrived, so each must be explained. Of a dead letter only the last row counts: it says
// whether the letter was replayed.
const arrived = ` WHERE received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')}`

// fact makes the identity of a row.
func (r *row) fact(t table) fact {
	raw := parley.RawID(r.raw)
	at := r.at.UTC()
	switch t {
	case rawEvents:
		return rawFact(r.tenant, raw, r.part, at)
	case messages:
		return messageFact(r.tenant, r.number, parley.WAMID(r.id), at, raw)
	case statuses:
		return statusFact(r.tenant, parley.WAMID(r.id), r.word, parley.ContactID(r.recipient), r.group, at, raw)
	case deadLetters:
		if r.word == pipeline.StageWrite { // its id holds the server's words: it is explained by its body
			return bodyFact(r.tenant, r.uuid.String(), raw, at)
		}
	}
	return eventFact(t, r.tenant, parley.EventID(r.uuid), at, raw)
}

// streamRows gives the rows that a condition chooses.
func streamRows(ctx context.Context, w *warehouse.Warehouse, t table, where string, params []any, fn func(*row) error) error {
	rows, err := w.Conn().Query(ctx, "SELECT "+columns[t]+where, params...)
	if err != nil {
		return failed("read "+t.String(), err)
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := rows.Scan(r.fields()...); err != nil {
			return failed("read "+t.String(), err)
		}
		if err := fn(&r); err != nil {
			return err
		}
	}
	return failed("read "+t.String(), rows.Err())
}

func span(from, to time.Time) []any { return []any{moment("from", from), moment("to", to)} }

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
