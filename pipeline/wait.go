package pipeline

import (
	"context"
	"time"
)

// waitEvery is how often WaitDone looks. The record changes once per batch, a few times a second.
const waitEvery = 20 * time.Millisecond

// WaitDone waits until every frame up to seq is in the warehouse, or ctx ends. It works from any process
// that can read the log's state.
func WaitDone(ctx context.Context, s State, seq uint64) error {
	ticker := time.NewTicker(waitEvery)
	defer ticker.Stop()
	for {
		progress, _, err := ReadProgress(ctx, s)
		if err != nil {
			return err
		}
		if progress.Done >= seq {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
