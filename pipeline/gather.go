package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley"
	"parley/pipeline/queue"
)

// Reader gives the frames of the log in order, see queue.Reader.
type Reader interface {
	Next(ctx context.Context) (queue.Frame, error)
	Close()
}

// gatherer reads frames, decodes and enriches them, and closes a batch when one of its bounds is reached.
// It runs ahead of the writer by one batch.
type gatherer struct {
	p      *Pipeline
	reader Reader
	drain  context.Context // done: hand over what is there and end

	previous map[itemKey]struct{} // items of the batch that is being written
	recent   *recent              // items found in the seen set
	expect   sizes                // of the next batch: those of the last
	failure  error                // of the seen set
}

// run hands over batches until ctx ends, the drain begins or an error occurs; then it closes out.
func (g *gatherer) run(ctx context.Context, sealed *Seal, out chan<- *Facts) error {
	defer close(out)
	if sealed != nil {
		facts, err := g.again(ctx, *sealed)
		if err == nil {
			err = g.hand(ctx, facts, out)
		}
		if err != nil {
			return err
		}
	}
	for {
		facts, draining, err := g.batch(ctx)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err // the writer gave up, or the log cannot be read
		}
		if facts != nil {
			if err := g.hand(ctx, facts, out); err != nil {
				return err
			}
		}
		if draining {
			return nil
		}
	}
}

func (g *gatherer) hand(ctx context.Context, facts *Facts, out chan<- *Facts) error {
	select {
	case out <- facts:
		g.previous, g.expect = facts.keys, facts.sizes()
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// again makes a sealed batch once more, from the same frames.
func (g *gatherer) again(ctx context.Context, s Seal) (*Facts, error) {
	view, err := g.p.seen.View()
	if err != nil {
		return nil, err
	}
	defer view.Close()
	facts := g.facts(ctx, s.ID, view)
	facts.SealedAt = s.SealedAt
	for facts.LastSeq < s.Last {
		frame, err := g.reader.Next(ctx)
		if err != nil {
			return nil, err
		}
		if frame.Seq > s.Last {
			return nil, parley.Errorf(parley.Internal, "cannot make batch %s again: its last frame %d is gone from the log", s.ID, s.Last)
		}
		if err := g.add(frame, facts); err != nil {
			return nil, err
		}
	}
	return facts, nil
}

// batch gathers frames until a bound is reached. It gives nil when draining and nothing was there.
func (g *gatherer) batch(ctx context.Context) (facts *Facts, draining bool, err error) {
	wait, cancel := g.untilDrain(ctx)
	defer cancel()
	frame, err := g.reader.Next(wait)
	if err != nil {
		return nil, g.draining(), g.quiet(wait, err)
	}
	id, err := g.p.newID()
	if err != nil {
		return nil, false, fmt.Errorf("cannot make a batch id: %w", err)
	}
	// What is marked after this was in the batch before, whose items are in g.previous.
	view, err := g.p.seen.View()
	if err != nil {
		return nil, false, err
	}
	defer view.Close()
	facts = g.facts(ctx, id, view)
	limited, done := context.WithTimeout(wait, g.p.config.BatchWait)
	defer done()
	for {
		if err := g.add(frame, facts); err != nil {
			return nil, false, err
		}
		if facts.rows() >= g.p.config.BatchRows || facts.bytes >= g.p.config.BatchBytes {
			break
		}
		if frame, err = g.reader.Next(limited); err != nil {
			if err := g.quiet(limited, err); err != nil {
				return nil, false, err
			}
			break
		}
	}
	facts.SealedAt = g.p.now().UTC()
	return facts, g.draining(), nil
}

// untilDrain is ctx, ended early by the drain.
func (g *gatherer) untilDrain(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(g.drain, cancel)
	return ctx, func() { stop(); cancel() }
}

func (g *gatherer) draining() bool { return g.drain.Err() != nil }

// quiet drops an error that only says that the wait was over.
func (g *gatherer) quiet(wait context.Context, err error) error {
	if wait.Err() != nil {
		return nil
	}
	return err
}

// facts begins a batch. It asks the view as long as items are added.
func (g *gatherer) facts(ctx context.Context, id uuid.UUID, view *View) *Facts {
	known := func(key itemKey) bool {
		if _, ok := g.previous[key]; ok {
			return true
		}
		if g.recent.has(key) {
			return true
		}
		batch, ok, err := view.Batch(key)
		if err != nil {
			g.failure = errors.Join(g.failure, err)
		}
		if !ok || batch == id {
			return false
		}
		g.recent.add(key)
		return true
	}
	var enrich func(*parley.Message) parley.Enrichment
	if g.p.enricher != nil {
		enrich = func(m *parley.Message) parley.Enrichment { return g.p.enricher.Enrich(ctx, m) }
	}
	facts := newFacts(id, known, enrich)
	facts.grow(g.expect)
	return facts
}

// add decodes one frame into the batch.
func (g *gatherer) add(frame queue.Frame, facts *Facts) error {
	if facts.FirstSeq == 0 {
		facts.FirstSeq = frame.Seq
	}
	facts.LastSeq = frame.Seq
	facts.bytes += frame.Bytes
	for i := range frame.Records {
		g.p.decoder.Decode(&frame.Records[i], facts)
	}
	if frame.Damaged != nil {
		facts.deadLetter(parley.DeadLetter{
			Origin: parley.Origin{ReceivedAt: frame.At.UTC().Truncate(time.Microsecond)}, Tenant: parley.Unassigned, Stage: StageDecode,
			Kind: parley.Internal, Reason: fmt.Sprintf("cannot read frame %d of the log", frame.Seq), Body: frame.Damaged,
		})
	}
	return g.failure
}
