package pipeline

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"parley"
)

// StateKey is the key of the log's state under which the record of batches is kept.
const StateKey = "pipeline"

// Progress is the record of batches. It lives beside the log and changes only by compare and swap.
type Progress struct {
	// Done is the last frame whose facts are all in the warehouse.
	Done uint64 `json:"done"`
	// DoneAt is when that was recorded.
	DoneAt time.Time `json:"done_at"`
	// Sealed is the batch being written: its bounds do not change any more, whatever happens.
	Sealed *Seal `json:"sealed,omitempty"`
	// Owner is the pipeline that works, RenewedAt its last sign of life.
	Owner     uuid.UUID `json:"owner"`
	RenewedAt time.Time `json:"renewed_at"`
}

// Seal is the bounds of a batch.
type Seal struct {
	ID       uuid.UUID `json:"id"`
	First    uint64    `json:"first"` // the frame after Done
	Last     uint64    `json:"last"`
	SealedAt time.Time `json:"sealed_at"`
}

// State is the part of the log that keeps the record of batches.
type State interface {
	State(ctx context.Context, key string) (value []byte, revision uint64, err error)
	SetState(ctx context.Context, key string, value []byte, revision uint64) (next uint64, err error)
}

// ReadProgress reads the record of batches; a log never worked on has none and gives the zero value.
func ReadProgress(ctx context.Context, s State) (Progress, uint64, error) {
	var p Progress
	value, revision, err := s.State(ctx, StateKey)
	if err != nil || revision == 0 {
		return p, revision, err
	}
	if err := json.Unmarshal(value, &p); err != nil {
		return p, revision, parley.Errorf(parley.Internal, "cannot read the record of batches: %w", err)
	}
	return p, revision, nil
}

// ledger is the record of batches as one pipeline sees and changes it. It belongs to the writer goroutine.
type ledger struct {
	state    State
	owner    uuid.UUID
	now      func() time.Time
	progress Progress
	revision uint64
}

// load reads the record anew.
func (l *ledger) load(ctx context.Context) error {
	p, revision, err := ReadProgress(ctx, l.state)
	if err != nil {
		return err
	}
	l.progress, l.revision = p, revision
	return nil
}

// change applies fn to the record and stores it. parley.Conflict: another pipeline has changed it.
func (l *ledger) change(ctx context.Context, fn func(*Progress)) error {
	next := l.progress
	fn(&next)
	next.Owner, next.RenewedAt = l.owner, l.now().UTC()
	value, err := json.Marshal(next)
	if err != nil {
		return err
	}
	revision, err := l.state.SetState(ctx, StateKey, value, l.revision)
	if err != nil {
		return err
	}
	l.progress, l.revision = next, revision
	return nil
}

// seal records the bounds of a batch before it is first attempted.
func (l *ledger) seal(ctx context.Context, s Seal) error {
	return l.change(ctx, func(p *Progress) { p.Sealed = &s })
}

// done records that a batch is in.
func (l *ledger) done(ctx context.Context, last uint64) error {
	return l.change(ctx, func(p *Progress) { p.Done, p.DoneAt, p.Sealed = last, l.now().UTC(), nil })
}

// renew is a sign of life while there is nothing to write.
func (l *ledger) renew(ctx context.Context) error { return l.change(ctx, func(*Progress) {}) }
