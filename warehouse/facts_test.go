package warehouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
)

func write(t *testing.T, w *Warehouse, b *Batch) {
	t.Helper()
	b.ID, b.SealedAt = uuid.New(), clock
	rejections, err := writer(t, w).Write(context.Background(), b)
	require.NoError(t, err)
	require.Empty(t, rejections)
}

func TestTheBestRoadWins(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	message := func(source parley.Source, typ string, arrival time.Duration) parley.Message {
		return parley.Message{Origin: parley.Origin{ReceivedAt: clock.Add(arrival)}, Tenant: "t", Number: "n", ID: "w", Direction: parley.Inbound,
			Source: source, Type: typ, SentAt: clock, Subtype: fmt.Sprint(source, arrival), Body: parley.Body{Text: fmt.Sprint(source, arrival)}}
	}
	roads := []parley.Message{
		message(parley.SourceImport, "text", 0),
		message(parley.SourceHistory, mediaPlaceholder, 1),
		message(parley.SourceHistory, "image", 5*time.Hour),
		message(parley.SourceHistory, "image", 4*time.Hour),
		message(parley.SourceEcho, "image", 6*time.Hour),
		message(parley.SourceLive, "image", 9*24*time.Hour),
		message(parley.SourceLive, "image", 8*24*time.Hour),
	}
	// With the first k roads known, the row of this index is kept.
	best := []int{0, 0, 2, 3, 4, 5, 6}
	for k := range roads {
		order := rand.New(rand.NewPCG(uint64(k), 2)).Perm(k + 1)
		require.NoError(t, w.Conn().Exec(context.Background(), "TRUNCATE TABLE messages"))
		require.NoError(t, w.Conn().Exec(context.Background(), "TRUNCATE TABLE message_bodies"))
		for _, i := range order {
			write(t, w, &Batch{Messages: roads[i : i+1]})
		}
		require.Equal(t, []string{roads[best[k]].Subtype}, lines(t, w, "SELECT subtype::String FROM messages FINAL"), "roads %v", order)
		require.Equal(t, []string{roads[best[k]].Body.Text}, lines(t, w, "SELECT text FROM message_bodies FINAL"))
		require.Equal(t, []string{roads[best[k]].Body.Text}, lines(t, w, "SELECT text FROM conversation_messages"))
	}
}

func TestMessagesOfOneIDAreToldApart(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	one := parley.Message{Origin: parley.Origin{ReceivedAt: clock}, Tenant: "t", Number: "n", ID: "w", SentAt: clock}
	otherTenant, otherNumber, otherTime := one, one, one
	otherTenant.Tenant, otherNumber.Number, otherTime.SentAt = "u", "m", clock.Add(time.Second)
	write(t, w, &Batch{Messages: []parley.Message{one, otherTenant, otherNumber, otherTime, one}})
	require.EqualValues(t, 4, number(t, w, "SELECT count() FROM messages FINAL"))
}

func TestDeliveriesDoNotCareAboutOrderOrRepetition(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	status := func(wamid parley.WAMID, word string, at time.Time, change func(*parley.Status)) parley.Status {
		s := parley.Status{Origin: parley.Origin{ReceivedAt: clock.Add(time.Hour)}, Tenant: "t", WABA: "a", Number: "n", ID: wamid, Status: word, At: at,
			Recipient: parley.ContactID{1}}
		if change != nil {
			change(&s)
		}
		return s
	}
	endOfMonth := time.Date(2026, 1, 31, 23, 59, 50, 0, time.UTC)
	priced := func(s *parley.Status) { s.Billable, s.PricingCategory, s.PricingModel = true, "marketing", "PMP" }
	all := []parley.Status{
		status("a", "sent", endOfMonth, priced),
		status("a", "delivered", endOfMonth.Add(5*time.Second), priced),
		status("a", "delivered", endOfMonth.Add(7*time.Second), nil),
		status("a", "read", endOfMonth.Add(30*time.Second), nil), // February
		status("a", "read", endOfMonth.Add(40*time.Second), nil),
		status("b", "sent", endOfMonth, nil),
		status("b", "failed", endOfMonth.Add(time.Second), func(s *parley.Status) { s.ErrorCode = 131026 }),
		status("b", "failed", endOfMonth.Add(2*time.Second), func(s *parley.Status) { s.ErrorCode = 131026 }),
		status("b", "later_word", endOfMonth.Add(3*time.Second), nil),
	}
	const query = `SELECT concat(wamid, ' ', toString(sent_at), '|', toString(delivered_at), '|', toString(read_at), '|', toString(failed_at), '|',
		toString(billable), '|', pricing_category, '|', toString(error_code))
		FROM (SELECT wamid, ifNull(toString(sent_at), '-') AS sent_at, ifNull(toString(delivered_at), '-') AS delivered_at,
			ifNull(toString(read_at), '-') AS read_at, ifNull(toString(failed_at), '-') AS failed_at, billable, pricing_category, error_code
			FROM message_deliveries) ORDER BY wamid`
	want := []string{
		"a 2026-01-31 23:59:50|2026-01-31 23:59:55|2026-02-01 00:00:20|-|true|marketing|0",
		"b 2026-01-31 23:59:50|-|-|2026-01-31 23:59:52|false||131026",
	}
	for round := range 6 {
		order := rand.New(rand.NewPCG(uint64(round), 3)).Perm(len(all))
		for _, i := range order {
			write(t, w, &Batch{Statuses: []parley.Status{all[i], all[i]}})
		}
		require.Equal(t, want, lines(t, w, query))
	}
	require.NoError(t, w.Conn().Exec(context.Background(), "OPTIMIZE TABLE deliveries FINAL"))
	require.Equal(t, want, lines(t, w, query), "after merges")
	require.EqualValues(t, 6, number(t, w, "SELECT count() FROM statuses FINAL"), "one row per message and status")
}

func TestTheNewestEnrichmentIsShown(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	at := func(version uint32, priority string, arrival time.Duration) parley.Enrichment {
		return parley.Enrichment{Tenant: "t", ID: "w", SentAt: clock, ReceivedAt: clock.Add(arrival), Version: version, Priority: priority}
	}
	write(t, w, &Batch{Enrichments: []parley.Enrichment{at(3, "urgent", 0)}})
	write(t, w, &Batch{Enrichments: []parley.Enrichment{at(2, "normal", time.Hour), at(3, "urgent", time.Hour)}})
	require.Equal(t, []string{"urgent"}, lines(t, w, "SELECT priority::String FROM latest_enrichments"))
	require.EqualValues(t, 2, number(t, w, "SELECT count() FROM enrichments FINAL"))
}

func TestContactsKeepWhatALaterSightingLeavesOut(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	sighting := func(user parley.UserID, name string, at time.Duration) parley.Contact {
		return parley.Contact{Origin: parley.Origin{ReceivedAt: clock}, Tenant: "t", ID: parley.ContactID{1}, Phone: "4917", User: user, Name: name, SeenAt: clock.Add(at * time.Second)}
	}
	write(t, w, &Batch{Contacts: []parley.Contact{sighting("US.1", "Ada", 1), sighting("", "Ada L.", 2), sighting("", "", 3), sighting("", "", 2)}})
	require.Equal(t, []string{"4917 US.1 Ada L. 2026-03-01 12:00:03"}, lines(t, w,
		"SELECT concat(phone, ' ', user_id, ' ', name, ' ', toString(seen_at::DateTime('UTC'))) FROM contact_book"))
	require.EqualValues(t, 3, number(t, w, "SELECT count() FROM contacts FINAL"))
}

func TestRetention(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	days := map[parley.TenantID]Retention{"short": {Messages: 30, Bodies: 5, Statuses: 30, Raw: 7}, "long": {Messages: 65535, Bodies: 65535, Raw: 65535}, "ever": {}}
	wr, err := NewWriter(ctx, w, func(id parley.TenantID) Retention { return days[id] }, func() time.Time { return clock })
	require.NoError(t, err)
	var now time.Time
	require.NoError(t, w.Conn().QueryRow(ctx, "SELECT now('UTC')").Scan(&now))
	b := &Batch{ID: uuid.New(), SealedAt: clock}
	for tenant := range days {
		for _, age := range []int{1, 10, 40} {
			at := now.AddDate(0, 0, -age)
			origin := parley.Origin{ReceivedAt: at, Raw: parley.RawID{byte(age)}}
			b.Messages = append(b.Messages, parley.Message{Origin: origin, Tenant: tenant, ID: parley.WAMID(fmt.Sprint(age)), SentAt: at, Body: parley.Body{Text: "x"}})
			b.Statuses = append(b.Statuses, parley.Status{Origin: origin, Tenant: tenant, ID: parley.WAMID(fmt.Sprint(age)), Status: "sent", At: at})
			b.RawEvents = append(b.RawEvents, parley.RawEvent{Origin: origin, Tenant: tenant})
		}
	}
	_, err = wr.Write(ctx, b)
	require.NoError(t, err)
	left := func(table string) []string {
		require.NoError(t, w.Conn().Exec(ctx, "OPTIMIZE TABLE "+table+" FINAL"))
		return lines(t, w, "SELECT concat(tenant_id, ' ', toString(count())) FROM "+table+" GROUP BY tenant_id ORDER BY tenant_id")
	}
	require.Equal(t, []string{"ever 3", "long 3", "short 2"}, left("messages"))
	require.Equal(t, []string{"ever 3", "long 3", "short 1"}, left("message_bodies"))
	require.Equal(t, []string{"ever 3", "long 3", "short 2"}, left("statuses"))
	require.Equal(t, []string{"ever 3", "long 3", "short 1"}, left("raw_events"))
}
