package warehouse

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

func TestDeadLetters(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	var letters []parley.DeadLetter
	for i := range 25 {
		letters = append(letters, parley.DeadLetter{Origin: parley.Origin{Raw: parley.RawID{1, byte(i)}, ReceivedAt: clock.Add(time.Duration(i/3) * time.Minute)},
			Tenant: []parley.TenantID{"t", "u"}[i%2], App: "app", ID: parley.EventID{byte(i)}, Stage: []string{"decode", "write"}[i%2],
			Kind: parley.Invalid, Reason: "no id", Part: 1, Item: 2, Body: []byte("{}")})
	}
	write(t, w, &Batch{DeadLetters: letters})

	all, next, err := w.DeadLetters(ctx, DeadLetterFilter{Limit: 1000})
	require.NoError(t, err)
	require.Len(t, all, 25)
	require.True(t, next.IsZero())
	require.Equal(t, letters[24], all[0].DeadLetter, "newest first, and whole")

	var paged []StoredDeadLetter
	for page := (DeadLetterFilter{Limit: 4}); ; page.After = next {
		var some []StoredDeadLetter
		some, next, err = w.DeadLetters(ctx, page)
		require.NoError(t, err)
		paged = append(paged, some...)
		if next.IsZero() {
			break
		}
	}
	require.Equal(t, all, paged)

	count := func(f DeadLetterFilter) int {
		t.Helper()
		f.Limit = 1000
		found, _, err := w.DeadLetters(ctx, f)
		require.NoError(t, err)
		return len(found)
	}
	require.Equal(t, 13, count(DeadLetterFilter{Tenant: "t"}))
	require.Equal(t, 12, count(DeadLetterFilter{Stage: "write"}))
	require.Equal(t, 25, count(DeadLetterFilter{Kind: "invalid"}))
	require.Zero(t, count(DeadLetterFilter{Kind: "transient"}))
	require.Equal(t, 1, count(DeadLetterFilter{Since: clock.Add(8 * time.Minute)}))
	require.Equal(t, 3, count(DeadLetterFilter{Until: clock.Add(time.Minute)}))
	require.Zero(t, count(DeadLetterFilter{Tenant: "t' OR 1 = 1 --"}))

	ids := []parley.EventID{letters[0].ID, letters[2].ID, letters[1].ID, {99}}
	at := clock.Add(time.Hour + 123456*time.Microsecond)
	require.NoError(t, w.MarkReplayed(ctx, "t", ids, at))
	require.NoError(t, w.MarkReplayed(ctx, "t", ids, at.Add(time.Hour)), "marking again")
	require.Equal(t, 23, count(DeadLetterFilter{}), "another tenant's and unknown ids are passed over")
	require.Equal(t, 25, count(DeadLetterFilter{Replayed: true}))
	one, err := w.DeadLetter(ctx, "t", letters[0].ID)
	require.NoError(t, err)
	require.True(t, at.Equal(one.ReplayedAt), one.ReplayedAt)
	write(t, w, &Batch{DeadLetters: letters[:1]})
	require.Equal(t, 23, count(DeadLetterFilter{}), "the same thing failing again does not open it")
	require.EqualValues(t, 23, number(t, w, "SELECT count() FROM open_dead_letters"))

	_, err = w.DeadLetter(ctx, "u", letters[0].ID)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
}

func TestRawEventsComeBackWholeAndInOrder(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	var events []parley.RawEvent
	for i := range 50 {
		events = append(events, parley.RawEvent{Origin: parley.Origin{Raw: parley.RawID{byte(i)}, ReceivedAt: clock.AddDate(0, i/20, 0).Add(time.Duration(i) * time.Microsecond)},
			Tenant: "t", App: "app", WABA: "w", Number: "n", Part: uint32(i), Field: "messages", Items: 3, Body: []byte("{\"a\": \"\\u00e9\"}\n")})
	}
	shuffled := append(append([]parley.RawEvent(nil), events[25:]...), events[:25]...)
	write(t, w, &Batch{RawEvents: shuffled})
	write(t, w, &Batch{RawEvents: shuffled[:10]}) // the same rows in another batch: they lie there twice
	read := func(tenant parley.TenantID, from, to time.Time) (got []parley.RawEvent) {
		t.Helper()
		require.NoError(t, w.RawEvents(ctx, tenant, from, to, func(e parley.RawEvent) error { got = append(got, e); return nil }))
		return got
	}
	require.Equal(t, events, read("t", clock, clock.AddDate(1, 0, 0)))
	require.Equal(t, events, read("", clock, clock.AddDate(1, 0, 0)))
	require.Equal(t, events[3:7], read("t", events[3].ReceivedAt, events[7].ReceivedAt), "from is inclusive, to is not")
	require.Empty(t, read("u", clock, clock.AddDate(1, 0, 0)))
	stop := errors.New("stop")
	calls := 0
	require.ErrorIs(t, w.RawEvents(ctx, "t", clock, clock.AddDate(1, 0, 0), func(parley.RawEvent) error { calls++; return stop }), stop)
	require.Equal(t, 1, calls)
}

func TestIdentitiesAreGivenOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	b := sample(9, 60, 2)
	write(t, w, b)
	write(t, w, b) // another batch with the same facts
	from, to := clock.AddDate(0, 0, -1), clock.AddDate(0, 0, 1)
	messages := map[MessageIdentity]int{}
	require.NoError(t, w.MessageIdentities(ctx, "", from, to, func(m MessageIdentity) error { messages[m]++; return nil }))
	require.Len(t, messages, 30)
	require.Equal(t, 1, messages[MessageIdentity{Tenant: "tenant-0", Number: "number", ID: b.Messages[0].ID, SentAt: clock, Type: "text"}])
	statuses := map[StatusIdentity]int{}
	require.NoError(t, w.StatusIdentities(ctx, "tenant-0", from, to, func(s StatusIdentity) error { statuses[s]++; return nil }))
	require.Len(t, statuses, 10)
	require.Equal(t, 1, statuses[StatusIdentity{Tenant: "tenant-0", ID: b.Statuses[0].ID, Status: "delivered", Recipient: b.Statuses[0].Recipient}])
	var events, letters []parley.EventID
	require.NoError(t, w.AccountEventIDs(ctx, "", from, to, func(id parley.EventID) error { events = append(events, id); return nil }))
	require.Equal(t, []parley.EventID{b.AccountEvents[0].ID}, events)
	require.NoError(t, w.DeadLetterIDs(ctx, "", from, to, func(id parley.EventID) error { letters = append(letters, id); return nil }))
	require.Equal(t, []parley.EventID{b.DeadLetters[0].ID}, letters)
	for _, n := range messages {
		require.Equal(t, 1, n)
	}
	var audits []Audit
	require.NoError(t, w.Audits(ctx, from, to, func(a Audit) error { audits = append(audits, a); return nil }))
	require.Len(t, audits, 2)
	require.Contains(t, audits, Audit{BatchID: b.ID, FirstSeq: 10, LastSeq: 20, SealedAt: clock, WrittenAt: clock, Bodies: 60, RawEvents: 60, Messages: 60,
		Statuses: 60, Enrichments: 60, AccountEvents: 1, Contacts: 1, DeadLetters: 1, Duplicates: 3})
	require.NoError(t, w.Audits(ctx, to, to.AddDate(0, 0, 1), func(Audit) error { return errors.New("none was under way") }))
}

func TestQueryReadsOnlyAndWithinLimits(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	run := func(statement string, params map[string]string, limits Limits) (out [][]any, truncated bool, err error) {
		rows, err := w.Query(ctx, statement, params, limits)
		if err != nil {
			return nil, false, err
		}
		defer rows.Close()
		for {
			row, err := rows.Next()
			if err != nil || row == nil {
				return out, rows.Truncated(), err
			}
			out = append(out, row)
		}
	}
	got, truncated, err := run("SELECT number, {word:String} FROM numbers(3)", map[string]string{"word": "a\t'\\\n?{x}"}, Limits{})
	require.NoError(t, err)
	require.False(t, truncated)
	require.Equal(t, [][]any{{uint64(0), "a\t'\\\n?{x}"}, {uint64(1), "a\t'\\\n?{x}"}, {uint64(2), "a\t'\\\n?{x}"}}, got)

	got, truncated, err = run("SELECT number FROM numbers(1000000)", nil, Limits{Rows: 10})
	require.NoError(t, err)
	require.True(t, truncated)
	require.Len(t, got, 10)
	_, truncated, err = run("SELECT number FROM numbers(10)", nil, Limits{Rows: 10})
	require.NoError(t, err)
	require.False(t, truncated, "exactly as many as allowed")

	refused := func(kind parley.Kind, statement string, limits Limits) {
		t.Helper()
		_, _, err := run(statement, nil, limits)
		require.Error(t, err, statement)
		require.Equal(t, kind, parley.KindOf(err), err)
	}
	refused(parley.Denied, "INSERT INTO messages (tenant_id, wamid) VALUES ('t', 'w')", Limits{})
	refused(parley.Denied, "DROP TABLE messages", Limits{})
	refused(parley.Denied, "SELECT 1 SETTINGS max_memory_usage = 0", Limits{})
	refused(parley.Denied, "SELECT * FROM file('/etc/hostname', 'LineAsString')", Limits{})
	refused(parley.Denied, "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", Limits{})
	refused(parley.Invalid, "SELEKT 1", Limits{})
	refused(parley.Invalid, "SELECT no_such_column FROM messages", Limits{})
	refused(parley.TooLarge, "SELECT count() FROM numbers(100000000000) WHERE cityHash64(number) = 1", Limits{Time: time.Second})
	refused(parley.TooLarge, "SELECT groupArray(number) FROM numbers(100000000)", Limits{Memory: 10 << 20})
}
