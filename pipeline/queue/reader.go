package queue

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"parley"
)

// Reader reads frames in order. It is not safe for concurrent use.
type Reader struct {
	messages jetstream.MessagesContext
}

// Reads are fetched ahead in pieces of this size, so that a reader's memory is bounded.
const (
	readMessages = 512
	readBytes    = 8 << 20
)

// NewReader starts reading at the first frame whose sequence number is at least from. Close it.
func (l *Log) NewReader(ctx context.Context, from uint64) (*Reader, error) {
	return l.newReader(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: max(from, 1),
	})
}

// NewReaderAt starts reading at the first frame that was synced at or after t.
func (l *Log) NewReaderAt(ctx context.Context, t time.Time) (*Reader, error) {
	return l.newReader(ctx, jetstream.OrderedConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &t,
	})
}

func (l *Log) newReader(ctx context.Context, config jetstream.OrderedConsumerConfig) (*Reader, error) {
	consumer, err := l.stream.OrderedConsumer(ctx, config)
	if err != nil {
		return nil, parley.Errorf(parley.Transient, "cannot read log: %w", err)
	}
	limit := int(max(readBytes, l.conn.MaxPayload()+4096))
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(readMessages, limit))
	if err != nil {
		return nil, parley.Errorf(parley.Transient, "cannot read log: %w", err)
	}
	return &Reader{messages: messages}, nil
}

// Next waits for the next frame until ctx ends. A frame whose content cannot be read comes as Damaged, so
// that it is not skipped silently.
func (r *Reader) Next(ctx context.Context) (Frame, error) {
	msg, err := r.messages.Next(jetstream.NextContext(ctx))
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, jetstream.ErrMsgIteratorClosed) {
			return Frame{}, parley.Errorf(parley.Transient, "cannot read log: %w", errors.Join(err, ctx.Err()))
		}
		return Frame{}, parley.Errorf(parley.Transient, "cannot read log: %w", err)
	}
	meta, err := msg.Metadata()
	if err != nil {
		return Frame{}, parley.Errorf(parley.Internal, "cannot read log: a message without position: %w", err)
	}
	frame := Frame{Seq: meta.Sequence.Stream, Bytes: len(msg.Data()), At: meta.Timestamp}
	if frame.Records, err = parseFrame(msg.Data()); err != nil {
		frame.Damaged = msg.Data()
	}
	return frame, nil
}

// Close ends the reader.
func (r *Reader) Close() { r.messages.Stop() }
