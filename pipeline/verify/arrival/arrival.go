package arrival

import (
	"context"
	"time"

	"parley/pipeline/queue"
	"parley/warehouse"
)

// Skew is how far apart the arrival of a body and the sync of its frame may be: the wait for a sync, and
// clocks that differ between the machines of a cluster.
const Skew = 10 * time.Minute

// Log is the log as it is read here.
type Log interface {
	NewReader(ctx context.Context, from uint64) (*queue.Reader, error)
	NewReaderAt(ctx context.Context, t time.Time) (*queue.Reader, error)
	Usage(ctx context.Context) (queue.Usage, error)
}

// Kind says where arrivals are read from.
type Kind string

// The sources of arrivals.
const (
	FromLog       Kind = "log"        // as it arrived, untouched by decoding
	FromRawEvents Kind = "raw_events" // as the pipeline kept it
)

// Source reads what arrived from From (inclusive) to To (exclusive).
type Source struct {
	Log       Log
	Warehouse *warehouse.Warehouse
	From, To  time.Time
	MaxBody   int // bytes of a body put together again; a larger one comes in pieces. 0 for no bound
}

// within says whether a time of arrival is in the range.
func (s *Source) within(at time.Time) bool { return !at.Before(s.From) && at.Before(s.To) }

// Choose finds where the whole range can be read. The log is preferred: it is there before decoding. It
// holds the range when its oldest frame was synced before the range begins; or when nothing was ever
// removed from it, and the warehouse knows of nothing that arrived earlier, as on the first day.
func (s *Source) Choose(ctx context.Context) (Kind, error) {
	usage, err := s.Log.Usage(ctx)
	if err != nil {
		return "", err
	}
	if usage.First > usage.Last {
		return FromRawEvents, nil
	}
	if !usage.FirstAt.After(s.From.Add(-Skew)) {
		return FromLog, nil
	}
	if usage.First != 1 {
		return FromRawEvents, nil
	}
	older, err := s.hasRawEvents(ctx, s.From, usage.FirstAt.Add(-Skew))
	if err != nil || older {
		return FromRawEvents, err
	}
	return FromLog, nil
}
