package replay

import (
	"context"
	"errors"
	"time"

	"parley"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/verify"
	"parley/pipeline/verify/arrival"
	"parley/warehouse"
)

// Choice says which dead letters to replay.
type Choice struct {
	// Filter chooses open letters, newest arrival first; its Limit, After and Replayed are not used.
	Filter warehouse.DeadLetterFilter
	// IDs chooses letters of Filter.Tenant instead, also such as were replayed before. The rest of the filter
	// is not used.
	IDs []parley.EventID
	// Most bounds how many letters the filter chooses; 0 means 10,000. Call again for more.
	Most int
	// AsOfNow lets items that could not be decoded arrive at the moment of the replay instead of their own, so
	// that those whose time was in the future then are accepted once it has come.
	AsOfNow bool
}

const (
	defaultLetters = 10_000
	// letterPage is how many letters are worked at once; their bodies are in memory.
	letterPage = 50
)

// LetterSummary is what became of dead letters.
type LetterSummary struct {
	Replayed    int           `json:"replayed"`     // letters whose body went back on the log
	Healed      int           `json:"healed"`       // of these, those whose facts are in their tables now
	FailedAgain int           `json:"failed_again"` // and those that are still open
	Skipped     int           `json:"skipped"`      // letters that hold no body: frames of the log that could not be read
	More        bool          `json:"more"`         // the filter chooses more than Most
	Bodies      uint64        `json:"bodies"`       // put on the log; several letters can be of one body
	LastSeq     uint64        `json:"last_seq"`
	Took        time.Duration `json:"took_ns"`
}

// DeadLetters puts the bodies of dead letters back on the log, waits until they are worked off, and marks
// those that have become facts. progress may be nil; it is called after every page.
func (r *Replayer) DeadLetters(ctx context.Context, c Choice, progress func(LetterSummary)) (LetterSummary, error) {
	begin := r.Now()
	var s LetterSummary
	err := r.pages(ctx, c, &s, func(letters []warehouse.StoredDeadLetter) error {
		if err := r.page(ctx, letters, c.AsOfNow, &s); err != nil {
			return err
		}
		if progress != nil {
			progress(s)
		}
		return nil
	})
	s.Took = r.Now().Sub(begin)
	return s, err
}

// pages gives the chosen letters page by page.
func (r *Replayer) pages(ctx context.Context, c Choice, s *LetterSummary, fn func([]warehouse.StoredDeadLetter) error) error {
	if c.IDs != nil {
		return r.byID(ctx, c, fn)
	}
	left := c.Most
	if left <= 0 {
		left = defaultLetters
	}
	f := c.Filter
	f.Replayed, f.After = false, warehouse.DeadLetterCursor{}
	for left > 0 {
		f.Limit = min(letterPage, left)
		letters, next, err := r.Warehouse.DeadLetters(ctx, f)
		if err != nil {
			return err
		}
		if len(letters) == 0 {
			return nil
		}
		if err := fn(letters); err != nil {
			return err
		}
		if next.IsZero() {
			return nil
		}
		left -= len(letters)
		f.After = next
	}
	f.Limit = 1
	rest, _, err := r.Warehouse.DeadLetters(ctx, f)
	s.More = len(rest) > 0
	return err
}

func (r *Replayer) byID(ctx context.Context, c Choice, fn func([]warehouse.StoredDeadLetter) error) error {
	if len(c.IDs) > defaultLetters {
		return parley.Errorf(parley.TooLarge, "cannot replay dead letters: %d at once, at most %d", len(c.IDs), defaultLetters)
	}
	for ids := c.IDs; len(ids) > 0; {
		n := min(letterPage, len(ids))
		letters := make([]warehouse.StoredDeadLetter, 0, n)
		for _, id := range ids[:n] {
			letter, err := r.Warehouse.DeadLetter(ctx, c.Filter.Tenant, id)
			if err != nil {
				return err
			}
			letters = append(letters, letter)
		}
		if err := fn(letters); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// page replays letters, waits, and marks those that have healed.
func (r *Replayer) page(ctx context.Context, letters []warehouse.StoredDeadLetter, asOfNow bool, s *LetterSummary) error {
	now := r.Now().UTC().Truncate(time.Microsecond)
	var appended Summary
	a := r.appender(&appended)
	alone := make([]queue.Record, 0, len(letters)) // what each letter holds, as it is judged
	of := make([]*warehouse.StoredDeadLetter, 0, len(letters))
	sent := map[parley.RawID]bool{} // bodies that are on their way as a whole
	for i := range letters {
		letter := &letters[i]
		if letter.Raw == (parley.RawID{}) {
			s.Skipped++
			continue
		}
		record := queue.Record{Kind: arrival.LetterKind(letter.Tenant, letter.Body), Raw: letter.Raw, ReceivedAt: letter.ReceivedAt.UTC(), App: letter.App, Body: letter.Body}
		out := record
		switch {
		case asOfNow && letter.Stage == pipeline.StageDecode:
			// It arrives anew. Every letter has a time of its own: two of one body would be one raw event.
			record.ReceivedAt = now.Add(time.Duration(len(alone)) * time.Microsecond)
			out = record
		case sent[letter.Raw]:
			out.Body = nil
		default:
			whole, err := r.whole(ctx, record, letter.ID)
			if err != nil {
				return err
			}
			sent[letter.Raw] = whole.Raw == letter.Raw
			out = again(whole)
		}
		alone, of = append(alone, record), append(of, letter)
		if out.Body == nil {
			continue
		}
		if err := a.append(ctx, out); err != nil {
			return err
		}
	}
	err := a.end(ctx)
	s.Bodies += appended.Bodies
	if err != nil || len(alone) == 0 {
		return err
	}
	s.LastSeq = appended.LastSeq
	s.Replayed += len(alone)
	if err := r.wait(ctx, appended.LastSeq); err != nil {
		return err
	}
	return r.judge(ctx, alone, of, s)
}

// whole finds the body that a letter is a piece of. Working the piece alone under the raw id of the body
// would replace the body's raw event. Where raw_events has the whole body no more, the piece gets a raw id of
// its own, always the same.
func (r *Replayer) whole(ctx context.Context, letter queue.Record, id parley.EventID) (queue.Record, error) {
	source := arrival.Source{Log: r.Log, Warehouse: r.Warehouse, MaxBody: r.config.MaxBody}
	records, err := source.Body(ctx, letter.Raw, letter.ReceivedAt)
	if err != nil {
		return letter, err
	}
	if len(records) == 1 && records[0].Raw == letter.Raw {
		return records[0], nil
	}
	letter.Raw = arrival.Derive(letter.Raw, "dead letter", id.String())
	return letter, nil
}

// judge marks the letters that are facts now: decoding yields no dead letter any more, and all that it yields
// is in the tables.
func (r *Replayer) judge(ctx context.Context, alone []queue.Record, of []*warehouse.StoredDeadLetter, s *LetterSummary) error {
	healed := map[parley.TenantID][]parley.EventID{}
	for i := range alone {
		ok, err := r.healed(ctx, &alone[i], of[i])
		if err != nil {
			return err
		}
		if !ok {
			s.FailedAgain++
			continue
		}
		s.Healed++
		healed[of[i].Tenant] = append(healed[of[i].Tenant], of[i].ID)
	}
	var errs []error
	for tenant, ids := range healed {
		errs = append(errs, r.Warehouse.MarkReplayed(ctx, tenant, ids, r.Now()))
	}
	return errors.Join(errs...)
}

func (r *Replayer) healed(ctx context.Context, record *queue.Record, letter *warehouse.StoredDeadLetter) (bool, error) {
	facts := *r.Decode(record)
	if len(facts.DeadLetters) > 0 {
		return false, nil
	}
	facts.RawEvents = nil // of the whole body, see above
	absent, err := verify.Absent(ctx, r.Warehouse, &facts)
	if err != nil || len(absent) > 0 {
		return false, err
	}
	if letter.Stage == pipeline.StageWrite {
		return r.rowsStand(ctx, &facts, letter)
	}
	return true, nil
}
