package warehouse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

// said is one message of the only conversation, at hours after the clock.
func said(who parley.Direction, hours float64) parley.Message {
	at := clock.Add(time.Duration(hours * float64(time.Hour)))
	return parley.Message{Origin: parley.Origin{ReceivedAt: clock}, Tenant: "t", Number: "n", ID: parley.WAMID(fmt.Sprint(who, hours)),
		Conversation: parley.ConversationID{1}, Contact: parley.ContactID{2}, Direction: who, Source: parley.SourceLive, Type: "text", SentAt: at}
}

const sessionList = `SELECT concat(toString(dateDiff('second', {clock:DateTime('UTC')}, session_started_at) / 3600), ' ', opened_by, ' in ',
	toString(inbound_messages), ' out ', toString(outbound_messages), ' first response ', ifNull(toString(first_response_seconds), '-'),
	' closes ', toString(dateDiff('second', {clock:DateTime('UTC')}, session_closes_at) / 3600)) FROM conversation_sessions ORDER BY session_started_at`

func sessions(t *testing.T, w *Warehouse) []string {
	t.Helper()
	return lines(t, w, sessionList, named("clock", clock))
}

func rebuild(t *testing.T, w *Warehouse, since time.Time) {
	t.Helper()
	require.NoError(t, w.RebuildConversations(context.Background(), since, clock))
}

const in, out = parley.Inbound, parley.Outbound

func TestSessions(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	f := func(want []string, messages ...parley.Message) {
		t.Helper()
		ctx := context.Background()
		require.NoError(t, w.Conn().Exec(ctx, "TRUNCATE TABLE messages"))
		require.NoError(t, w.Conn().Exec(ctx, "TRUNCATE TABLE conversations"))
		write(t, w, &Batch{Messages: messages})
		rebuild(t, w, time.Time{})
		require.Equal(t, want, sessions(t, w))
	}
	f([]string{"0 customer in 1 out 0 first response - closes 24"}, said(in, 0))
	f([]string{"0 customer in 1 out 1 first response 1800 closes 24"}, said(in, 0), said(out, 0.5))
	f([]string{"0 customer in 2 out 1 first response 90000 closes 48"}, said(in, 0), said(in, 24), said(out, 25))
	f([]string{"0 customer in 1 out 0 first response - closes 24", "25 customer in 1 out 0 first response - closes 49"}, said(in, 0), said(in, 25))
	// What the business writes does not keep a session open.
	f([]string{"0 customer in 1 out 1 first response 82800 closes 24", "25 customer in 1 out 0 first response - closes 49"},
		said(in, 0), said(out, 23), said(in, 25))
	// The business opens, the customer answers: one session, and the first response is to the customer.
	f([]string{"0 business in 1 out 3 first response 3600 closes 30"}, said(out, 0), said(out, 0.1), said(in, 6), said(out, 7))
	// A customer who answers after more than a day opens a session of their own.
	f([]string{"0 business in 0 out 1 first response - closes 24", "25 customer in 1 out 0 first response - closes 49"}, said(out, 0), said(in, 25))
	// Business messages after the end of a session are not part of it.
	f([]string{"0 customer in 1 out 0 first response - closes 24", "25 business in 0 out 2 first response - closes 50"},
		said(in, 0), said(out, 25), said(out, 26))
	system, revoke := said(in, 2), said(in, 30)
	system.Type, revoke.Type = "system", "revoke"
	f([]string{"1 customer in 1 out 0 first response - closes 25"}, said(in, 1), system, revoke)
}

func TestRebuildingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	write(t, w, sample(8, 500, 4))
	rebuild(t, w, time.Time{})
	rows := number(t, w, "SELECT count() FROM conversations")
	require.NotZero(t, rows)
	require.EqualValues(t, 500, number(t, w, "SELECT sum(inbound_messages + outbound_messages) FROM conversation_sessions"))
	for _, since := range []time.Time{{}, clock.AddDate(0, -2, 0), clock} {
		rebuild(t, w, since)
		require.Equal(t, rows, number(t, w, "SELECT count() FROM conversations"), "since %s", since)
	}
}

func TestALateMessageJoinsTwoSessions(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	write(t, w, &Batch{Messages: []parley.Message{said(in, 0), said(in, 30), said(out, 31)}})
	rebuild(t, w, time.Time{})
	require.Len(t, sessions(t, w), 2)
	late := said(in, 20)
	write(t, w, &Batch{Messages: []parley.Message{late}})
	rebuild(t, w, late.SentAt)
	require.Equal(t, []string{"0 customer in 3 out 1 first response 111600 closes 54"}, sessions(t, w))
	require.NoError(t, w.Conn().Exec(context.Background(), "DELETE FROM messages WHERE wamid = {wamid:String}", named("wamid", string(late.ID))))
	rebuild(t, w, late.SentAt)
	require.Len(t, sessions(t, w), 2, "without it there are two again")
	require.NoError(t, w.Conn().Exec(context.Background(), "TRUNCATE TABLE messages"))
	rebuild(t, w, clock)
	require.Empty(t, sessions(t, w), "sessions without messages vanish")
}

// TestRebuildingStepByStepGivesTheSame compares the incremental rebuild with one from nothing, and both with
// the definition written down in Go.
func TestRebuildingStepByStepGivesTheSame(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	for seed := range 4 {
		require.NoError(t, w.Conn().Exec(ctx, "TRUNCATE TABLE messages"))
		require.NoError(t, w.Conn().Exec(ctx, "TRUNCATE TABLE conversations"))
		random := rand.New(rand.NewPCG(uint64(seed), 4))
		var all []parley.Message
		hours := 0.0
		for i := range 80 {
			hours += []float64{0.5, 3, 11, 23.5, 26, 60}[random.IntN(6)]
			m := said([]parley.Direction{in, out}[random.IntN(2)], hours)
			m.Conversation = parley.ConversationID{byte(i % 3)}
			all = append(all, m)
		}
		random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for len(all) > 0 {
			n := min(1+random.IntN(20), len(all))
			write(t, w, &Batch{Messages: all[:n]})
			oldest := slices.MinFunc(all[:n], func(a, b parley.Message) int { return a.SentAt.Compare(b.SentAt) })
			rebuild(t, w, oldest.SentAt)
			all = all[n:]
		}
		const list = "SELECT toString(tuple(*)) FROM conversation_sessions ORDER BY conversation_id, session_started_at"
		stepwise := lines(t, w, list)
		require.NoError(t, w.Conn().Exec(ctx, "TRUNCATE TABLE conversations"))
		rebuild(t, w, time.Time{})
		require.Equal(t, lines(t, w, list), stepwise)
		require.Equal(t, definedStarts(t, w), lines(t, w,
			"SELECT concat(toString(conversation_id), ' ', toString(session_started_at)) FROM conversation_sessions ORDER BY conversation_id, session_started_at"))
	}
}

// definedStarts applies the definition to the messages one after the other.
func definedStarts(t *testing.T, w *Warehouse) []string {
	t.Helper()
	starts := []string{}
	var conversation string
	var customer, previous time.Time
	var previousInWindow bool
	for _, line := range lines(t, w, `SELECT concat(toString(conversation_id), '|', direction, '|', toString(sent_at)) FROM messages FINAL
		ORDER BY conversation_id, sent_at, direction, wamid`) {
		id, who := line[:36], line[37:]
		at, err := time.Parse(time.DateTime, who[len(who)-19:])
		require.NoError(t, err)
		if id != conversation {
			conversation, customer, previous, previousInWindow = id, time.Time{}, time.Time{}, true
		}
		inWindow := !customer.IsZero() && at.Sub(customer) <= 24*time.Hour
		if !inWindow && (previousInWindow || at.Sub(previous) > 24*time.Hour) {
			starts = append(starts, id+" "+at.Format(time.DateTime))
		}
		if who[:2] == "in" {
			customer = at
		}
		previous, previousInWindow = at, inWindow
	}
	return starts
}
