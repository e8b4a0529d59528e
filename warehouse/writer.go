package warehouse

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"parley"
)

// Writer writes sealed batches. It is safe for concurrent use; one batch must not be written twice at the
// same time.
type Writer struct {
	warehouse *Warehouse
	retention func(parley.TenantID) Retention
	now       func() time.Time
	inserts   *inserts
}

// parallelTables is how many tables of one batch are written at the same time. More does not pay: an insert
// is mostly work of the server's processors.
const parallelTables = 3

// NewWriter makes a Writer. retention is asked once per tenant and batch; now stamps the audit row. The
// tables must have been made (Migrate).
func NewWriter(ctx context.Context, w *Warehouse, retention func(parley.TenantID) Retention, now func() time.Time) (*Writer, error) {
	ins, err := newInserts(ctx, w)
	if err != nil {
		return nil, err
	}
	return &Writer{warehouse: w, retention: retention, now: now, inserts: ins}, nil
}

// Write writes a batch: first every table of facts, then the dead letters of the batch and of the rows that
// were refused, and last, when everything else is in, the row of ingest_audit.
//
// Write may be repeated with the same batch as often as needed, also after it stopped in the middle: every
// insert carries a token made of the batch, the table and the rows, and the server drops an insert whose
// token it knows. A batch that is made again with other rows adds those. The batch is complete when the error is nil. An error of kind Transient means: call
// again later. Rejections are the rows that were refused; all others are in. A refused raw event without a
// dead letter, and a dead letter that the server refuses, are errors of the batch: nothing is dropped.
func (w *Writer) Write(ctx context.Context, b *Batch) (Rejections, error) {
	if err := first(checkTime("sealed_at", b.SealedAt), checkBatchID(b)); err != nil {
		return nil, err
	}
	results := make([]Rejections, 7) // one place per table, so that the order does not depend on which is first
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelTables)
	addTable(gctx, g, w, b, &rawEvents, b.RawEvents, &results[0])
	addTable(gctx, g, w, b, &messages, b.Messages, &results[1])
	addTable(gctx, g, w, b, &messageBodies, b.Messages, &results[2])
	addTable(gctx, g, w, b, &statuses, b.Statuses, &results[3])
	addTable(gctx, g, w, b, &enrichments, b.Enrichments, &results[4])
	addTable(gctx, g, w, b, &accountEvents, b.AccountEvents, &results[5])
	addTable(gctx, g, w, b, &contacts, b.Contacts, &results[6])
	if err := g.Wait(); err != nil {
		return nil, err
	}
	rejections := slices.Concat(results...)
	w.tell(b, rejections)
	letters, err := withRefused(b, rejections)
	if err != nil {
		return nil, err
	}
	refusedLetters, err := writeTable(ctx, w, b, &deadLetters, letters)
	if err != nil {
		return nil, err
	}
	rejections = append(rejections, refusedLetters...)
	return rejections, w.audit(ctx, b, len(letters), rejections)
}

func checkBatchID(b *Batch) error {
	if b.ID == [16]byte{} {
		return parley.Errorf(parley.Invalid, "cannot write a batch without an id")
	}
	return nil
}

func addTable[F any](ctx context.Context, g *errgroup.Group, w *Writer, b *Batch, t *table[F], facts []F, result *Rejections) {
	if len(facts) == 0 {
		return
	}
	g.Go(func() (err error) {
		*result, err = writeTable(ctx, w, b, t, facts)
		return err
	})
}

// tell logs that rows were refused, and of the first one what is not its content.
func (w *Writer) tell(b *Batch, rejections Rejections) {
	if len(rejections) > 0 {
		w.warehouse.log.Warn("the warehouse refuses rows of a batch", "batch", b.ID, "rows", len(rejections),
			"table", rejections[0].Table, "kind", parley.KindOf(rejections[0].Err))
	}
}

// withRefused gives the dead letters of the batch followed by those of its refused rows. A raw event is what
// everything can be made from again: one that neither its table nor a dead letter holds is an error.
func withRefused(b *Batch, rejections Rejections) ([]parley.DeadLetter, error) {
	letters := slices.Clip(b.DeadLetters)
	for _, r := range rejections {
		held := false
		if b.Reject != nil {
			var letter parley.DeadLetter
			if letter, held = b.Reject(r); held {
				letters = append(letters, letter)
			}
		}
		if !held && r.Table == rawEvents.name {
			return nil, parley.Errorf(parley.KindOf(r.Err), "cannot give up a raw event that no dead letter holds: %w", r.Err)
		}
	}
	return letters, nil
}

// audit writes what the batch held. The time of writing differs between attempts, but the token does not:
// the first row stays.
func (w *Writer) audit(ctx context.Context, b *Batch, letters int, rejections Rejections) error {
	refused := map[string]uint32{}
	for _, r := range rejections {
		refused[r.Table]++
	}
	in := func(table string, given int) uint32 { return uint32(given) - refused[table] }
	row := Audit{
		BatchID: b.ID, FirstSeq: b.FirstSeq, LastSeq: b.LastSeq, SealedAt: b.SealedAt, WrittenAt: w.now(), Bodies: b.Bodies,
		RawEvents:     in(rawEvents.name, len(b.RawEvents)),
		Messages:      in(messages.name, len(b.Messages)),
		Statuses:      in(statuses.name, len(b.Statuses)),
		Enrichments:   in(enrichments.name, len(b.Enrichments)),
		AccountEvents: in(accountEvents.name, len(b.AccountEvents)),
		Contacts:      in(contacts.name, len(b.Contacts)),
		DeadLetters:   in(deadLetters.name, letters),
		Duplicates:    b.Duplicates,
		Rejected:      uint32(len(rejections)),
	}
	refusedRow, err := writeTable(ctx, w, b, &ingestAudit, []Audit{row}) // by our own checks; the server refuses none
	if err == nil && len(refusedRow) > 0 {
		err = parley.Errorf(parley.Internal, "cannot write audit row: %w", refusedRow[0].Err)
	}
	return err
}

// Bounds of one insert. The server holds an insert in memory as a whole; the embedded engine refuses one
// above 256 MiB.
const (
	maxInsertRows  = 100_000
	maxInsertBytes = 32 << 20
)

// writeTable writes the rows of one table. The pieces depend on the rows alone, so that a repeated attempt
// makes the same pieces with the same tokens.
func writeTable[F any](ctx context.Context, w *Writer, b *Batch, t *table[F], facts []F) (Rejections, error) {
	rows, refused := t.prepare(facts, w.retention)
	in := insert[F]{inserts: w.inserts, table: t, rows: rows, batch: b.ID.String(), probes: maxProbes}
	for lo := 0; lo < len(rows); {
		hi := t.pieceEnd(rows, lo)
		if err := in.write(ctx, lo, hi); err != nil {
			return nil, err
		}
		lo = hi
	}
	refused = append(refused, in.refused...)
	slices.SortFunc(refused, func(a, b Rejection) int { return a.Index - b.Index })
	return refused, nil
}

func (t *table[F]) pieceEnd(rows []row[F], lo int) int {
	hi, bytes := lo, 0
	for hi < len(rows) && hi-lo < maxInsertRows {
		bytes += t.size(rows[hi].fact)
		if bytes > maxInsertBytes && hi > lo {
			break
		}
		hi++
	}
	return hi
}

// errTooManyRefused ends the search for bad rows.
var errTooManyRefused = errors.New("so many rows are refused that the fault is not theirs")
