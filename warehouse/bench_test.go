package warehouse

import (
	"context"
	"testing"

	"github.com/google/uuid"
)

// benchMessages is how many messages a batch of the benchmarks has; each brings a raw event, a body, a
// receipt and an enrichment along, and every receipt a delivery.
const benchMessages = 10_000

func rowsOf(b *Batch) int {
	return len(b.RawEvents) + 2*len(b.Messages) + len(b.Statuses) + len(b.Enrichments) + len(b.AccountEvents) + len(b.Contacts) + len(b.DeadLetters) + 1
}

func BenchmarkWrite(b *testing.B) {
	ctx := context.Background()
	w := migrated(b)
	wr := writer(b, w)
	batch := sample(1, benchMessages, 1)
	b.ResetTimer()
	for b.Loop() {
		batch.ID = uuid.New()
		if _, err := wr.Write(ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*rowsOf(batch))/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(b.N*len(batch.Messages))/b.Elapsed().Seconds(), "messages/s")
}

// BenchmarkPrepare is the part of a write that Parley does before the driver: checks, versions, order.
func BenchmarkPrepare(b *testing.B) {
	batch := sample(1, benchMessages, 1)
	for b.Loop() {
		messages.prepare(batch.Messages, KeepForever)
	}
	b.ReportMetric(float64(b.N*len(batch.Messages))/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkDriverRowByRow is what one would write first: the same messages, row by row, with clickhouse-go
// alone, into the same table.
func BenchmarkDriverRowByRow(b *testing.B) {
	ctx := context.Background()
	w := migrated(b)
	batch := sample(1, benchMessages, 1)
	for b.Loop() {
		insert, err := w.Conn().PrepareBatch(ctx, messages.statement())
		if err != nil {
			b.Fatal(err)
		}
		for i := range batch.Messages {
			m := &batch.Messages[i]
			if err := insert.Append(string(m.Tenant), string(m.WABA), string(m.Number), string(m.ID), uuid.UUID(m.Conversation), uuid.UUID(m.Contact),
				string(m.Group), string(m.Direction), string(m.Source), m.Type, m.Subtype, m.SentAt, string(m.ReplyTo), string(m.Target), m.Forwarded,
				m.Template, m.Campaign, m.ClickID, m.Product, m.MediaID, m.MediaType, m.MediaSHA256, m.ErrorCode, m.Status, uuid.UUID(m.Raw), m.ReceivedAt,
				uint16(0), messageVersion(m)); err != nil {
				b.Fatal(err)
			}
		}
		if err := insert.Send(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch.Messages))/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkMessagesOnly writes the same rows as BenchmarkDriverRowByRow, through the Writer.
func BenchmarkMessagesOnly(b *testing.B) {
	ctx := context.Background()
	w := migrated(b)
	wr := writer(b, w)
	batch := &Batch{Messages: sample(1, benchMessages, 1).Messages, SealedAt: clock}
	b.ResetTimer()
	for b.Loop() {
		batch.ID = uuid.New()
		if _, err := writeTable(ctx, wr, batch, &messages, batch.Messages); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch.Messages))/b.Elapsed().Seconds(), "rows/s")
}
