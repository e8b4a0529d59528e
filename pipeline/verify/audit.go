package verify

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"parley/pipeline/verify/arrival"
	"parley/warehouse"
)

// batch is what is checked of a row of ingest_audit.
type batch struct {
	id          uuid.UUID
	first, last uint64
	bodies      uint64
	items       uint64 // messages, receipts, events, duplicates and dead letters
	rejected    uint64
}

// auditPage is how many batches are read at once.
const auditPage = 10_000

// auditor walks along the record of batches while frames are read, both in the order of the log. first
// chooses the first batch: the one that holds the first frame.
type auditor struct {
	warehouse *warehouse.Warehouse
	since     time.Time // batches of an earlier log, whose frames had the same numbers, were sealed before
	until     time.Time
	note      func(Difference)
	batches   uint64

	page   []batch
	more   bool
	before uint64 // batches that end here or earlier do not matter
	after  batch  // the last of the pages before
	at     batch  // the batch at hand
	open   bool
	whole  bool   // the batch at hand was read from its first frame on
	expect uint64 // the frame with which the next batch must begin; 0 before the first
	items  uint64 // of the batch at hand, as read
	bodies uint64
}

func newAuditor(w *warehouse.Warehouse, from, to time.Time, note func(Difference)) *auditor {
	return &auditor{warehouse: w, since: from.Add(-2 * arrival.Skew), until: to, note: note, more: true}
}

// frame takes note of a frame and of what it holds.
func (a *auditor) frame(ctx context.Context, seq, bodies, items uint64) error {
	if a.expect == 0 && !a.open { // the batch of the first frame may begin before it
		a.expect, a.before = seq, seq-1
	}
	for !a.open || seq > a.at.last {
		a.close()
		more, err := a.next(ctx)
		if err != nil {
			return err
		}
		if !more {
			return nil // told by end
		}
		a.begin()
	}
	if seq < a.at.first {
		return nil // in a gap, which begin has told
	}
	a.bodies += bodies
	a.items += items
	return nil
}

// begin checks where a batch begins against where the one before ended.
func (a *auditor) begin() {
	first := a.batches == 1
	switch {
	case a.at.first > a.expect:
		a.differ(a.expect, a.at.first-1, "no batch holds these frames")
	case a.at.first < a.expect && !first:
		a.differ(a.at.first, min(a.expect-1, a.at.last), "two batches hold these frames")
	}
	a.whole = a.at.first >= a.expect // what two batches hold cannot be told apart
	a.expect = max(a.expect, a.at.last+1)
}

func (a *auditor) differ(first, last uint64, why string) {
	id := fmt.Sprintf("frame %d", first)
	if last > first {
		id = fmt.Sprintf("frames %d to %d", first, last)
	}
	a.note(Difference{Table: "ingest_audit", ID: id, Why: why})
}

// close compares what the batch at hand says with what its frames hold. A row that was refused makes a dead
// letter more or less, so a batch with refusals is only judged within them.
func (a *auditor) close() {
	if !a.open {
		return
	}
	a.open = false
	b := &a.at
	if a.whole && b.bodies != a.bodies {
		a.differ(b.first, b.last, fmt.Sprintf("batch %s says %d bodies, its frames hold %d", b.id, b.bodies, a.bodies))
	}
	if off := max(b.items, a.items) - min(b.items, a.items); a.whole && off > b.rejected {
		a.differ(b.first, b.last, fmt.Sprintf("batch %s says %d items, its frames hold %d", b.id, b.items, a.items))
	}
	a.items, a.bodies = 0, 0
}

// end checks that the record reaches to the last frame that is worked off.
func (a *auditor) end(done uint64) {
	if a.open && a.at.last <= done {
		a.close()
	}
	if a.expect != 0 && a.expect <= done {
		a.differ(a.expect, done, "no batch holds these frames")
	}
}

// contiguous checks all batches of the time without their frames.
func (a *auditor) contiguous(ctx context.Context) error {
	for {
		more, err := a.next(ctx)
		if err != nil || !more {
			return err
		}
		if a.batches == 1 {
			a.expect = a.at.first
		}
		a.begin()
		a.open = false
	}
}

// next goes on to the next batch.
func (a *auditor) next(ctx context.Context) (bool, error) {
	if len(a.page) == 0 && a.more {
		if err := a.read(ctx); err != nil {
			return false, err
		}
	}
	if len(a.page) == 0 {
		return false, nil
	}
	a.at, a.page = a.page[0], a.page[1:]
	a.open = true
	a.batches++
	return true, nil
}

// read reads a page: batches after the last one, or those that end at or after the first frame.
func (a *auditor) read(ctx context.Context) error {
	rows, err := a.warehouse.Conn().Query(ctx, `SELECT batch_id, first_seq, last_seq, toUInt64(bodies),
			toUInt64(messages) + statuses + account_events + duplicates + dead_letters, toUInt64(rejected)
		FROM ingest_audit FINAL
		WHERE sealed_at >= {from:DateTime64(6, 'UTC')} AND sealed_at < {to:DateTime64(6, 'UTC')} AND last_seq > {before:UInt64}
			AND (first_seq, last_seq, batch_id) > ({first:UInt64}, {last:UInt64}, {id:UUID})
		ORDER BY first_seq, last_seq, batch_id LIMIT {limit:UInt32}`,
		append(span(a.since, a.until), clickhouse.Named("before", a.before), clickhouse.Named("first", a.after.first), clickhouse.Named("last", a.after.last),
			clickhouse.Named("id", a.after.id.String()), clickhouse.Named("limit", auditPage))...)
	if err != nil {
		return failed("read the record of batches", err)
	}
	defer rows.Close()
	for rows.Next() {
		var b batch
		if err := rows.Scan(&b.id, &b.first, &b.last, &b.bodies, &b.items, &b.rejected); err != nil {
			return failed("read the record of batches", err)
		}
		a.page = append(a.page, b)
	}
	if a.more = len(a.page) == auditPage; a.more {
		a.after = a.page[len(a.page)-1]
	}
	return failed("read the record of batches", rows.Err())
}
