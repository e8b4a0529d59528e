package warehouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"parley"
)

// StoredDeadLetter is a dead letter as the warehouse has it.
type StoredDeadLetter struct {
	parley.DeadLetter
	ReplayedAt time.Time // zero while it is open
}

// DeadLetterFilter chooses dead letters; zero values choose all.
type DeadLetterFilter struct {
	Tenant   parley.TenantID
	Since    time.Time // arrival, inclusive
	Until    time.Time // arrival, exclusive
	Stage    string
	Kind     string // name of a parley.Kind
	Replayed bool   // also those that have been replayed

	Limit int              // at most 1000, default 100
	After DeadLetterCursor // where the page before ended
}

// DeadLetterCursor is a place in the list of dead letters: the last row of a page.
type DeadLetterCursor struct {
	ReceivedAt time.Time
	ID         parley.EventID
}

// IsZero says that the cursor is before the first row.
func (c DeadLetterCursor) IsZero() bool { return c.ReceivedAt.IsZero() }

const (
	defaultDeadLetterPage = 100
	maxDeadLetterPage     = 1000
)

const deadLetterColumns = `tenant_id, dead_letter_id, app_id, stage, kind, reason, raw_id, received_at, part, item, body, replayed_at`

// listDeadLetters has every filter in it; one that is not wanted is given as empty and then lets all pass.
const listDeadLetters = `SELECT ` + deadLetterColumns + ` FROM dead_letters FINAL
WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
	AND received_at >= {since:DateTime64(6, 'UTC')} AND received_at < {until:DateTime64(6, 'UTC')}
	AND ({stage:String} = '' OR stage = {stage:String})
	AND ({kind:String} = '' OR kind = {kind:String})
	AND ({replayed:Bool} OR isNull(replayed_at))
	AND (received_at, dead_letter_id) < ({after_time:DateTime64(6, 'UTC')}, {after_id:UUID})
ORDER BY received_at DESC, dead_letter_id DESC
LIMIT {limit:UInt32}`

// DeadLetters lists dead letters, newest arrival first, and gives the cursor of the next page: zero when
// there is none.
func (w *Warehouse) DeadLetters(ctx context.Context, f DeadLetterFilter) ([]StoredDeadLetter, DeadLetterCursor, error) {
	if f.Limit == 0 {
		f.Limit = defaultDeadLetterPage
	}
	f.Limit = min(max(f.Limit, 1), maxDeadLetterPage)
	if f.Until.IsZero() {
		f.Until = lastTime
	}
	if f.After.IsZero() {
		f.After.ReceivedAt = lastTime
	}
	letters, err := w.selectDeadLetters(ctx, listDeadLetters,
		clickhouse.Named("tenant", string(f.Tenant)), bindTime("since", f.Since), bindTime("until", f.Until),
		clickhouse.Named("stage", f.Stage), clickhouse.Named("kind", f.Kind), clickhouse.Named("replayed", f.Replayed),
		bindTime("after_time", f.After.ReceivedAt), clickhouse.Named("after_id", f.After.ID.String()), clickhouse.Named("limit", f.Limit))
	if err != nil || len(letters) < f.Limit {
		return letters, DeadLetterCursor{}, err
	}
	last := letters[len(letters)-1]
	return letters, DeadLetterCursor{ReceivedAt: last.ReceivedAt, ID: last.ID}, nil
}

// DeadLetter gives one dead letter.
func (w *Warehouse) DeadLetter(ctx context.Context, tenant parley.TenantID, id parley.EventID) (StoredDeadLetter, error) {
	letters, err := w.selectDeadLetters(ctx, `SELECT `+deadLetterColumns+` FROM dead_letters FINAL
		WHERE tenant_id = {tenant:String} AND dead_letter_id = {id:UUID}`,
		clickhouse.Named("tenant", string(tenant)), clickhouse.Named("id", id.String()))
	if err != nil {
		return StoredDeadLetter{}, err
	}
	if len(letters) == 0 {
		return StoredDeadLetter{}, parley.Errorf(parley.NotFound, "cannot find dead letter %s", id)
	}
	return letters[0], nil
}

func (w *Warehouse) selectDeadLetters(ctx context.Context, statement string, params ...any) ([]StoredDeadLetter, error) {
	rows, err := w.query(ctx, "list dead letters", statement, params...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []StoredDeadLetter
	for rows.Next() {
		letter, err := scanDeadLetter(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, letter)
	}
	return out, classify("list dead letters", rows.Err())
}

func scanDeadLetter(rows interface{ Scan(...any) error }) (StoredDeadLetter, error) {
	var d StoredDeadLetter
	var kind, body string
	var replayed *time.Time
	err := rows.Scan((*string)(&d.Tenant), (*uuid.UUID)(&d.ID), (*string)(&d.App), &d.Stage, &kind, &d.Reason,
		(*uuid.UUID)(&d.Raw), &d.ReceivedAt, &d.Part, &d.Item, &body, &replayed)
	if err != nil {
		return d, parley.Errorf(parley.Internal, "cannot read dead letter: %w", err)
	}
	d.Kind, _ = parley.ParseKind(kind)
	d.Body = []byte(body)
	if replayed != nil {
		d.ReplayedAt = *replayed
	}
	return d, nil
}

// maxReplayed bounds the ids of one call of MarkReplayed.
const maxReplayed = 10_000

// MarkReplayed notes that dead letters have become facts. Those that are marked already, or are not there,
// are passed over. The same thing failing again does not open them.
func (w *Warehouse) MarkReplayed(ctx context.Context, tenant parley.TenantID, ids []parley.EventID, at time.Time) error {
	if len(ids) > maxReplayed {
		return parley.Errorf(parley.TooLarge, "cannot mark dead letters as replayed: %d at once, at most %d", len(ids), maxReplayed)
	}
	if len(ids) == 0 {
		return nil
	}
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = id.String()
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"distributed_foreground_insert": 1}))
	err := w.conn.Exec(ctx, `INSERT INTO dead_letters (`+deadLetterColumns+`, retention_days, version)
		SELECT tenant_id, dead_letter_id, app_id, stage, kind, reason, raw_id, received_at, part, item, body,
			{at:DateTime64(6, 'UTC')}, retention_days, bitOr(version, {replayed:UInt64})
		FROM dead_letters FINAL
		WHERE tenant_id = {tenant:String} AND dead_letter_id IN {ids:Array(UUID)} AND isNull(replayed_at)`,
		bindTime("at", at), clickhouse.Named("replayed", uint64(replayedRank<<arrivalBits)),
		clickhouse.Named("tenant", string(tenant)), clickhouse.Named("ids", names))
	return classify("mark dead letters as replayed", err)
}

// bindTime gives a time with its microseconds, the zero time as the beginning of 1970.
func bindTime(name string, t time.Time) any {
	if t.Before(time.Unix(0, 0)) {
		t = time.Unix(0, 0)
	}
	return clickhouse.DateNamed(name, t, clickhouse.MicroSeconds)
}
