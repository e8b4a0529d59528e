package arrival

import (
	"context"

	"parley"
	"parley/pipeline/queue"
)

// Frames reads the frames that may hold arrivals of the range, up to the frame last, in the order of the
// log. A frame is given whole: what of it belongs to the range is told by Within. Frames that hold only
// later arrivals come too, because a replay is later than what it replays.
//
// parley.Conflict: the log was trimmed meanwhile and what was read is not all.
func (s *Source) Frames(ctx context.Context, last uint64, fn func(queue.Frame) error) error {
	there, err := s.reaches(ctx, last)
	if err != nil || !there {
		return err
	}
	reader, err := s.Log.NewReaderAt(ctx, s.From.Add(-Skew))
	if err != nil {
		return err
	}
	defer reader.Close()
	for first := uint64(0); ; {
		frame, err := reader.Next(ctx)
		if err != nil {
			return err
		}
		if first == 0 {
			first = frame.Seq
		}
		if frame.Seq <= last {
			if err := fn(frame); err != nil {
				return err
			}
		}
		if frame.Seq >= last {
			return s.complete(ctx, first)
		}
	}
}

// reaches says whether the frame last is in the range or after it, which also says that a reader that
// starts at the range will come to an end.
func (s *Source) reaches(ctx context.Context, last uint64) (bool, error) {
	usage, err := s.Log.Usage(ctx)
	if err != nil || last < usage.First || last > usage.Last {
		return false, err
	}
	reader, err := s.Log.NewReader(ctx, last)
	if err != nil {
		return false, err
	}
	defer reader.Close()
	frame, err := reader.Next(ctx)
	if err != nil {
		return false, err
	}
	return !frame.At.Before(s.From.Add(-Skew)), nil
}

func (s *Source) complete(ctx context.Context, first uint64) error {
	usage, err := s.Log.Usage(ctx)
	if err == nil && usage.First > first {
		return parley.Errorf(parley.Conflict, "cannot read all of the log: it was trimmed from frame %d to %d meanwhile", first, usage.First)
	}
	return err
}

// Within says whether a record arrived in the range.
func (s *Source) Within(r *queue.Record) bool { return s.within(r.ReceivedAt) }

// Repeats says whether a record of the log is one that was appended again. The record that it repeats is in
// the log before it, or was.
func Repeats(r *queue.Record) bool { return r.Kind == queue.Replay || r.Kind == queue.ReplayImport }
