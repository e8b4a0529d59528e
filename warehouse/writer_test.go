package warehouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"parley"
)

func named(name string, value any) any { return clickhouse.Named(name, value) }

// sample is a batch of n messages with everything else that could come with them, spread over months.
func sample(seed byte, n, months int) *Batch {
	random := rand.New(rand.NewChaCha8([32]byte{seed}))
	id := func() (u [16]byte) {
		for i := range u {
			u[i] = byte(random.Uint32())
		}
		return u
	}
	b := &Batch{ID: id(), FirstSeq: 10, LastSeq: 20, SealedAt: clock, Bodies: uint32(n), Duplicates: 3}
	words := []string{"Can you send the offer?", "yes", "The meeting is on Friday at ten", "ok, thanks", "Where is my order 4711?"}
	for i := range n {
		sent := clock.AddDate(0, -i%months, 0).Add(time.Duration(i) * time.Second)
		origin := parley.Origin{Raw: id(), ReceivedAt: clock.Add(time.Duration(i) * time.Microsecond)}
		tenant := parley.TenantID(fmt.Sprintf("tenant-%d", i%3))
		wamid := parley.WAMID(fmt.Sprintf("wamid.%d.%d", seed, i))
		conversation, contact := parley.ConversationID{byte(i % 50), 1}, parley.ContactID{byte(i % 50), 2}
		b.RawEvents = append(b.RawEvents, parley.RawEvent{Origin: origin, Tenant: tenant, WABA: "waba", Number: "number", Field: "messages",
			Items: 1, Body: []byte(`{"object":"whatsapp_business_account","entry":[{"id":"waba","changes":[{"field":"messages","value":{}}]}]}`)})
		b.Messages = append(b.Messages, parley.Message{Origin: origin, Tenant: tenant, WABA: "waba", Number: "number", ID: wamid,
			Conversation: conversation, Contact: contact, Direction: parley.Inbound, Source: parley.SourceLive, Type: "text", SentAt: sent,
			Body: parley.Body{Phone: "491700000001", Name: "Ada", Text: words[i%len(words)]}})
		b.Statuses = append(b.Statuses, parley.Status{Origin: origin, Tenant: tenant, WABA: "waba", Number: "number", ID: wamid,
			Conversation: conversation, Recipient: contact, Status: "delivered", At: sent, PricingModel: "PMP", PricingCategory: "utility"})
		b.Enrichments = append(b.Enrichments, parley.Enrichment{Tenant: tenant, ID: wamid, SentAt: sent, ReceivedAt: origin.ReceivedAt,
			Conversation: conversation, Version: 1, Language: "en", Sentiment: "neutral", Priority: "normal", PriorityReasons: []string{"question"},
			Items: "[]", Entities: "[]", TimeSpent: time.Millisecond})
	}
	b.AccountEvents = []parley.AccountEvent{{Origin: b.RawEvents[0].Origin, Tenant: "tenant-0", ID: id(), Field: "account_update", At: clock}}
	b.Contacts = []parley.Contact{{Origin: b.RawEvents[0].Origin, Tenant: "tenant-0", ID: parley.ContactID{1}, Phone: "491700000001", SeenAt: clock}}
	b.DeadLetters = []parley.DeadLetter{{Origin: b.RawEvents[0].Origin, Tenant: "tenant-0", ID: id(), Stage: "decode", Kind: parley.Invalid, Reason: "no id"}}
	return b
}

var writtenTables = []string{"raw_events", "messages", "message_bodies", "statuses", "deliveries", "enrichments", "account_events",
	"contacts", "dead_letters", "ingest_audit"}

// counts are the rows of every table as they lie there: without FINAL, nothing is collapsed for us.
func counts(t testing.TB, w *Warehouse) map[string]uint64 {
	t.Helper()
	out := map[string]uint64{}
	for _, table := range writtenTables {
		out[table] = number(t, w, "SELECT count() FROM "+table)
	}
	return out
}

// withoutMerges keeps the server from collapsing rows in the background, so that counts show every insert.
func withoutMerges(t testing.TB, w *Warehouse) {
	t.Helper()
	for _, table := range writtenTables {
		require.NoError(t, w.Conn().Exec(context.Background(), "SYSTEM STOP MERGES "+table))
	}
}

func TestWriteIsIdempotent(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	withoutMerges(t, w)
	b := sample(1, 150, 130) // more months than the server's default limit of partitions per insert
	rejections, err := writer(t, w).Write(ctx, b)
	require.NoError(t, err)
	require.Empty(t, rejections)
	want := map[string]uint64{"raw_events": 150, "messages": 150, "message_bodies": 150, "statuses": 150, "deliveries": 150,
		"enrichments": 150, "account_events": 1, "contacts": 1, "dead_letters": 1, "ingest_audit": 1}
	require.Equal(t, want, counts(t, w))

	for i := range 2 {
		random := rand.New(rand.NewPCG(uint64(i), 1))
		random.Shuffle(len(b.Messages), func(i, j int) { b.Messages[i], b.Messages[j] = b.Messages[j], b.Messages[i] })
		random.Shuffle(len(b.Statuses), func(i, j int) { b.Statuses[i], b.Statuses[j] = b.Statuses[j], b.Statuses[i] })
		_, err := writer(t, w).Write(ctx, b)
		require.NoError(t, err)
		require.Equal(t, want, counts(t, w), "written again, in another order")
	}
}

func TestTenWritesOfABatchAreOne(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	withoutMerges(t, w)
	b := sample(2, 50, 2)
	for range 10 {
		_, err := writer(t, w).Write(ctx, b)
		require.NoError(t, err)
	}
	want := counts(t, w)
	require.EqualValues(t, 50, want["messages"])
	require.EqualValues(t, 50, want["deliveries"])
	b.ID[0]++
	_, err := writer(t, w).Write(ctx, b)
	require.NoError(t, err)
	require.EqualValues(t, 100, counts(t, w)["messages"], "another batch is another batch, whatever it holds")
	require.EqualValues(t, 50, number(t, w, "SELECT count() FROM messages FINAL"), "but the same facts stay the same facts")
}

func TestWriteAfterACrashInTheMiddle(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	withoutMerges(t, w)
	b := sample(3, 100, 20)
	wr := writer(t, w)
	for _, table := range []func() (Rejections, error){
		func() (Rejections, error) { return writeTable(ctx, wr, b, &rawEvents, b.RawEvents) },
		func() (Rejections, error) { return writeTable(ctx, wr, b, &statuses, b.Statuses) },
		func() (Rejections, error) { return writeTable(ctx, wr, b, &messageBodies, b.Messages) },
	} {
		_, err := table()
		require.NoError(t, err)
	}
	require.Zero(t, counts(t, w)["ingest_audit"], "a batch that is not complete has no audit row")
	_, err := wr.Write(ctx, b)
	require.NoError(t, err)
	got := counts(t, w)
	require.EqualValues(t, 100, got["raw_events"])
	require.EqualValues(t, 100, got["statuses"])
	require.EqualValues(t, 100, got["deliveries"])
	require.EqualValues(t, 100, got["message_bodies"])
	require.EqualValues(t, 100, got["messages"])
	require.EqualValues(t, 1, got["ingest_audit"])
}

// TestOtherRowsOfABatchAreNotLost writes a batch, and then again with more rows and with fewer.
func TestOtherRowsOfABatchAreNotLost(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	withoutMerges(t, w)
	wr := writer(t, w)
	whole := sample(11, 31, 2)
	part := *whole
	part.RawEvents, part.Messages, part.Statuses, part.Enrichments = whole.RawEvents[:30], whole.Messages[:30], whole.Statuses[:30], whole.Enrichments[:30]
	part.Contacts, part.AccountEvents, part.DeadLetters = nil, nil, nil
	for _, b := range []*Batch{&part, whole, whole, &part} {
		_, err := wr.Write(ctx, b)
		require.NoError(t, err)
	}
	for _, table := range []string{"raw_events", "messages", "message_bodies", "statuses", "deliveries", "enrichments"} {
		require.EqualValues(t, 31, number(t, w, "SELECT count() FROM "+table+" FINAL"), table)
		require.EqualValues(t, 30+31, number(t, w, "SELECT count() FROM "+table), "%s: each set of rows is in once", table)
	}
	for _, table := range []string{"account_events", "contacts", "dead_letters"} {
		require.EqualValues(t, 1, number(t, w, "SELECT count() FROM "+table), table)
	}
	require.Equal(t, []string{"30"}, lines(t, w, "SELECT toString(messages) FROM ingest_audit"), "the first row stays")
}

func TestTokenNamesTheRows(t *testing.T) {
	t.Parallel()
	token := func(change func(*parley.Message)) string {
		b := sample(12, 3, 1)
		change(&b.Messages[1])
		rows, refused := messages.prepare(b.Messages, KeepForever)
		require.Empty(t, refused)
		in := insert[parley.Message]{table: &messages, rows: rows, batch: "batch"}
		return in.token(0, len(rows))
	}
	same := token(func(*parley.Message) {})
	require.Regexp(t, "^batch/messages/0-3/[0-9a-f]{16}$", same)
	require.Equal(t, same, token(func(*parley.Message) {}))
	f := func(change func(*parley.Message)) {
		t.Helper()
		require.NotEqual(t, same, token(change))
	}
	f(func(m *parley.Message) { m.Tenant += "x" })
	f(func(m *parley.Message) { m.Number += "x" })
	f(func(m *parley.Message) { m.ID += "x" })
	f(func(m *parley.Message) { m.Raw[0]++ })
	f(func(m *parley.Message) { m.SentAt = m.SentAt.Add(time.Microsecond) })
	f(func(m *parley.Message) { m.ReceivedAt = m.ReceivedAt.Add(time.Microsecond) })
	f(func(m *parley.Message) { m.Source = parley.SourceEcho })
}
