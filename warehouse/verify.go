package warehouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"parley"
)

// MessageIdentity is what makes a message this message and no other.
type MessageIdentity struct {
	Tenant parley.TenantID
	Number parley.PhoneNumberID
	ID     parley.WAMID
	SentAt time.Time
	Type   string // not part of the identity: of the row that is kept
}

// StatusIdentity is what makes a receipt this receipt and no other.
type StatusIdentity struct {
	Tenant    parley.TenantID
	ID        parley.WAMID
	Status    string
	Recipient parley.ContactID
	Group     parley.GroupID
}

// The streams below serve verification: what the raw log says against what the warehouse has. They give
// every fact once, however many rows of it lie there, in the order of the table's key. An error of fn ends
// them and is returned. An empty tenant means all.

// MessageIdentities streams the messages sent from from (inclusive) to to (exclusive).
func (w *Warehouse) MessageIdentities(ctx context.Context, tenant parley.TenantID, from, to time.Time, fn func(MessageIdentity) error) error {
	return stream(ctx, w, "read message identities", `SELECT tenant_id, phone_number_id, wamid, sent_at, type FROM messages FINAL
		WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
			AND sent_at >= {from:DateTime64(6, 'UTC')} AND sent_at < {to:DateTime64(6, 'UTC')}
		ORDER BY tenant_id, sent_at, phone_number_id, wamid`, span(tenant, from, to),
		func(m *MessageIdentity) []any {
			return []any{(*string)(&m.Tenant), (*string)(&m.Number), (*string)(&m.ID), &m.SentAt, &m.Type}
		}, fn)
}

// StatusIdentities streams the receipts of the time from from (inclusive) to to (exclusive).
func (w *Warehouse) StatusIdentities(ctx context.Context, tenant parley.TenantID, from, to time.Time, fn func(StatusIdentity) error) error {
	return stream(ctx, w, "read receipt identities", `SELECT DISTINCT tenant_id, wamid, status, recipient_id, group_id FROM statuses
		WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
			AND at >= {from:DateTime64(6, 'UTC')} AND at < {to:DateTime64(6, 'UTC')}
		ORDER BY tenant_id, wamid, status, recipient_id, group_id`, span(tenant, from, to),
		func(s *StatusIdentity) []any {
			return []any{(*string)(&s.Tenant), (*string)(&s.ID), &s.Status, (*uuid.UUID)(&s.Recipient), (*string)(&s.Group)}
		}, fn)
}

// AccountEventIDs streams the ids of account events of the time from from (inclusive) to to (exclusive).
func (w *Warehouse) AccountEventIDs(ctx context.Context, tenant parley.TenantID, from, to time.Time, fn func(parley.EventID) error) error {
	return stream(ctx, w, "read ids of account events", `SELECT DISTINCT event_id FROM account_events
		WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
			AND at >= {from:DateTime64(6, 'UTC')} AND at < {to:DateTime64(6, 'UTC')}
		ORDER BY event_id`, span(tenant, from, to), scanID, fn)
}

// DeadLetterIDs streams the ids of dead letters, replayed or not, that arrived from from (inclusive) to to
// (exclusive).
func (w *Warehouse) DeadLetterIDs(ctx context.Context, tenant parley.TenantID, from, to time.Time, fn func(parley.EventID) error) error {
	return stream(ctx, w, "read ids of dead letters", `SELECT DISTINCT dead_letter_id FROM dead_letters
		WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
			AND received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')}
		ORDER BY dead_letter_id`, span(tenant, from, to), scanID, fn)
}

func scanID(id *parley.EventID) []any { return []any{(*uuid.UUID)(id)} }

// RawEvents streams the raw events that arrived from from (inclusive) to to (exclusive): tenant by tenant,
// and within a tenant in the order of arrival, which is what a replay needs.
func (w *Warehouse) RawEvents(ctx context.Context, tenant parley.TenantID, from, to time.Time, fn func(parley.RawEvent) error) error {
	return stream(ctx, w, "read raw events", `SELECT tenant_id, app_id, waba_id, phone_number_id, raw_id, part, received_at, field, items, body
		FROM raw_events FINAL
		WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
			AND received_at >= {from:DateTime64(6, 'UTC')} AND received_at < {to:DateTime64(6, 'UTC')}
		ORDER BY tenant_id, received_at, raw_id, part`, span(tenant, from, to),
		func(e *parley.RawEvent) []any {
			return []any{(*string)(&e.Tenant), (*string)(&e.App), (*string)(&e.WABA), (*string)(&e.Number), (*uuid.UUID)(&e.Raw),
				&e.Part, &e.ReceivedAt, &e.Field, &e.Items, &e.Body}
		}, fn)
}

// Audits streams the batches that were under way (sealed, not yet written) at any time from from (inclusive)
// to to (exclusive), in the order in which they were sealed.
func (w *Warehouse) Audits(ctx context.Context, from, to time.Time, fn func(Audit) error) error {
	return stream(ctx, w, "read audit rows", `SELECT batch_id, first_seq, last_seq, sealed_at, written_at, bodies, raw_events, messages,
			statuses, enrichments, account_events, contacts, dead_letters, duplicates, rejected
		FROM ingest_audit FINAL
		WHERE sealed_at < {to:DateTime64(6, 'UTC')} AND written_at >= {from:DateTime64(6, 'UTC')}
		ORDER BY sealed_at, batch_id`, span("", from, to),
		func(a *Audit) []any {
			return []any{&a.BatchID, &a.FirstSeq, &a.LastSeq, &a.SealedAt, &a.WrittenAt, &a.Bodies, &a.RawEvents, &a.Messages,
				&a.Statuses, &a.Enrichments, &a.AccountEvents, &a.Contacts, &a.DeadLetters, &a.Duplicates, &a.Rejected}
		}, fn)
}

func span(tenant parley.TenantID, from, to time.Time) []any {
	return []any{clickhouse.Named("tenant", string(tenant)), bindTime("from", from), bindTime("to", to)}
}

// stream hands the rows of a statement to fn, one by one. fields gives where the columns of a row go.
func stream[T any](ctx context.Context, w *Warehouse, what, statement string, params []any, fields func(*T) []any, fn func(T) error) error {
	rows, err := w.query(ctx, what, statement, params...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var value T
		if err := rows.Scan(fields(&value)...); err != nil {
			return classify(what, err)
		}
		if err := fn(value); err != nil {
			return err
		}
	}
	return classify(what, rows.Err())
}
