package replay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/replay"
	"parley/pipeline/verify/arrival"
	"parley/warehouse"
)

// evidence is what raw_events holds.
func (b *bundle) evidence() (out []string) {
	b.t.Helper()
	rows, err := b.warehouse.Conn().Query(b.t.Context(), "SELECT concat(tenant_id, ' ', toString(raw_id), ' ', toString(part), ' ', field, ' ', body) AS line FROM raw_events FINAL ORDER BY line")
	require.NoError(b.t, err)
	defer rows.Close()
	for rows.Next() {
		var line string
		require.NoError(b.t, rows.Scan(&line))
		out = append(out, line)
	}
	require.NoError(b.t, rows.Err())
	return out
}

func TestReplayAfterANumberWasMapped(t *testing.T) {
	t.Parallel()
	for _, source := range []arrival.Kind{arrival.FromLog, arrival.FromRawEvents} {
		t.Run(string(source), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			mapped := b.tenants
			b.tenants = b.mapped()
			stop := b.start()
			now := time.Now().Unix()
			b.post(webhook(messagesOf(message("wamid.1", now))))
			b.post(entries(value("1", "2", messagesOf(message("wamid.other", now)))))
			b.settle()
			stop()
			if source == arrival.FromRawEvents {
				b.forgetLog()
			}
			b.tenants = mapped
			b.start()
			var last replay.Summary
			for range 2 { // twice changes nothing
				last = b.again(acme)
			}
			require.Equal(t, source, last.Source)
			require.EqualValues(t, 2, last.Read)
			require.EqualValues(t, 1, last.Bodies, "the other number is nobody's")
			require.EqualValues(t, 1, b.count("SELECT count() FROM messages FINAL WHERE tenant_id = 'acme'"))
			require.EqualValues(t, 1, b.count("SELECT count() FROM raw_events FINAL WHERE tenant_id = 'acme'"))
			b.ok()
		})
	}
}

func TestReplayKeepsTheEvidence(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	now := time.Now().Unix()
	// Three changes in one body, of two tenants.
	b.post(entries(value(number, waba, messagesOf(message("wamid.1", now))), value("1", "2", messagesOf(message("wamid.2", now))), value(number, waba, messagesOf(message("wamid.3", now)))))
	b.post("no webhook")
	b.settle()
	before := b.evidence()
	require.Len(t, before, 4)
	b.again()
	require.Equal(t, before, b.evidence())
	b.forgetLog()
	b.exec("DELETE FROM messages WHERE wamid IN ('wamid.2', 'wamid.3')")
	require.False(t, b.run().OK())
	require.EqualValues(t, 2, b.again().Bodies)
	require.Equal(t, before, b.evidence())
	require.EqualValues(t, 3, b.count("SELECT count() FROM messages FINAL"))
	b.ok()

	// The change in the middle is gone: what is left must not take another's place.
	b.exec("DELETE FROM raw_events WHERE part = 1")
	b.forgetLog()
	before = b.evidence()
	require.Len(t, before, 3)
	b.again()
	after := b.evidence()
	require.Subset(t, after, before)
	require.Len(t, after, 5, "two changes under raw ids of their own")
	b.again()
	require.Equal(t, after, b.evidence(), "which are always the same")
}

func TestABodyTooLargeToPutTogetherComesInPieces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	var list []string
	for i := range 8 {
		list = append(list, value(number, waba, messagesOf(message(fmt.Sprintf("wamid.%d", i), time.Now().Unix()))))
	}
	b.post(entries(list...))
	b.settle()
	b.forgetLog()
	b.replay.MaxBody = 1 << 10
	b.exec("DELETE FROM messages WHERE true")
	require.EqualValues(t, 8, b.again().Bodies)
	require.EqualValues(t, 8, b.count("SELECT count() FROM messages FINAL"))
	b.ok()
}

func TestReplayOfImports(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	body, err := json.Marshal(pipeline.ImportBody{Tenant: acme, Number: "import", Chat: "Ana", Messages: []pipeline.ImportMessage{
		{ID: "import.1", SentAt: time.Now().Add(-time.Hour).Unix(), Sender: "Ana", Peer: "Ana", Type: "text", Text: "hello"},
	}})
	require.NoError(t, err)
	r := b.record(string(body))
	r.Kind = queue.Import
	b.append(r)
	b.settle()
	before := b.evidence()
	for range 2 { // from the log, then from the table
		b.exec("DELETE FROM messages WHERE true")
		require.EqualValues(t, 1, b.again().Bodies, "its first arrival only, not what was replayed")
		require.EqualValues(t, 1, b.count("SELECT count() FROM messages FINAL WHERE source = 'import'"), "although it was seen")
		require.Equal(t, before, b.evidence())
		b.ok()
		b.forgetLog()
	}
}

// full is a log that has no room for a while.
type full struct {
	*queue.Log
	refuse atomic.Int64
}

func (f *full) Append(ctx context.Context, r queue.Record) error {
	if f.refuse.Add(-1) >= 0 {
		return parley.Errorf(parley.Full, "cannot log body: the log is full")
	}
	return f.Log.Append(ctx, r)
}

func TestReplayWaitsForRoomAndForThePipeline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stop := b.start()
	for i := range 200 {
		b.post(webhook(messagesOf(message(fmt.Sprintf("wamid.%d", i), time.Now().Unix()))))
	}
	b.settle()
	f := &full{Log: b.log}
	f.refuse.Store(7)
	b.around = func(*queue.Log) replay.Log { return f }
	b.replay.RetryMin, b.replay.Ahead, b.replay.Rate = time.Millisecond, 16<<10, 100_000
	s := b.again()
	require.EqualValues(t, 200, s.Bodies)
	require.EqualValues(t, 7, s.Waits)

	b.replay.Stall, b.replay.RetryMax = 20*time.Millisecond, 2*time.Millisecond
	f.refuse.Store(1 << 40)
	s, err := b.replayer().Range(t.Context(), b.begun, time.Now(), nil, nil)
	require.Equal(t, parley.Full, parley.KindOf(err), "it gives up")
	require.Zero(t, s.Bodies)

	f.refuse.Store(0)
	stop()
	s, err = b.replayer().Range(t.Context(), b.begun, time.Now(), nil, nil)
	require.Equal(t, parley.Transient, parley.KindOf(err))
	require.ErrorContains(t, err, "the pipeline stands at frame")
	require.Less(t, s.Bodies, uint64(200), "it does not fill the log while nothing takes from it")

	_, err = b.replayer().Range(t.Context(), time.Now(), b.begun, nil, nil)
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = b.replayer().Range(ctx, b.begun, time.Now(), nil, nil)
	require.Error(t, err)
}

func TestReplayTellsProgress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	for i := range 1000 {
		b.post(webhook(messagesOf(message(fmt.Sprintf("wamid.%d", i), time.Now().Unix()))))
	}
	b.settle()
	var told []uint64
	_, err := b.replayer().Range(t.Context(), b.begun, time.Now(), nil, func(s replay.Summary) { told = append(told, s.Read) })
	require.NoError(t, err)
	require.Equal(t, []uint64{1000}, told)
}

// letters posts a body of which three of five items fail: too old, from the future, no time.
func (b *bundle) letters() {
	b.t.Helper()
	now := time.Now()
	b.post(webhook(messagesOf(message("wamid.1", now.Unix()), message("wamid.old", now.AddDate(0, 0, -40).Unix()), message("wamid.future", now.Add(24*time.Hour).Unix()),
		`{"from":"15550008888","id":"wamid.when","timestamp":"soon","type":"text","text":{"body":"x"}}`, message("wamid.2", now.Unix()))))
	b.settle()
}

func (b *bundle) short() *pipeline.Tenants {
	return b.mapped(pipeline.Tenant{ID: acme, Numbers: []parley.PhoneNumberID{number}, RetainMessages: 30})
}

func TestDeadLettersHealOrFailAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	longer := b.tenants
	b.tenants = b.short()
	stop := b.start()
	b.letters()
	before := b.evidence()
	require.EqualValues(t, 3, b.count("SELECT count() FROM open_dead_letters"))
	s, err := b.replayer().DeadLetters(t.Context(), replay.Choice{}, nil)
	require.NoError(t, err)
	require.Equal(t, 3, s.FailedAgain)
	require.EqualValues(t, 1, s.Bodies, "three letters of one body")
	require.EqualValues(t, 3, b.count("SELECT count() FROM open_dead_letters"), "each in its place")

	stop()
	b.tenants = longer // the tenant keeps more now
	b.start()
	pages := 0
	s, err = b.replayer().DeadLetters(t.Context(), replay.Choice{Filter: warehouse.DeadLetterFilter{Tenant: acme}}, func(replay.LetterSummary) { pages++ })
	require.NoError(t, err)
	require.Equal(t, 1, pages)
	require.Equal(t, []int{3, 1, 2}, []int{s.Replayed, s.Healed, s.FailedAgain})
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE wamid = 'wamid.old'"))
	require.EqualValues(t, 2, b.count("SELECT count() FROM open_dead_letters"))
	require.Equal(t, before, b.evidence(), "the body's evidence is whole")
	b.ok()

	s, err = b.replayer().DeadLetters(t.Context(), replay.Choice{Most: 1}, nil)
	require.NoError(t, err)
	require.Equal(t, 1, s.Replayed)
	require.True(t, s.More)
	_, err = b.replayer().DeadLetters(t.Context(), replay.Choice{IDs: []parley.EventID{{1}}, Filter: warehouse.DeadLetterFilter{Tenant: acme}}, nil)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
}

func TestADeadLetterWhoseTimeHasCome(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.letters()
	open, _, err := b.warehouse.DeadLetters(t.Context(), warehouse.DeadLetterFilter{})
	require.NoError(t, err)
	choice := replay.Choice{Filter: warehouse.DeadLetterFilter{Tenant: acme}}
	for _, letter := range open {
		choice.IDs = append(choice.IDs, letter.ID)
	}
	require.Len(t, choice.IDs, 2)
	b.now = func() time.Time { return time.Now().Add(48 * time.Hour) }
	s, err := b.replayer().DeadLetters(t.Context(), choice, nil)
	require.NoError(t, err)
	require.Zero(t, s.Healed, "judged by its own time of arrival, it stays in the future")
	before := b.evidence()
	choice.AsOfNow = true
	s, err = b.replayer().DeadLetters(t.Context(), choice, nil)
	require.NoError(t, err)
	require.Equal(t, []int{2, 1, 1}, []int{s.Replayed, s.Healed, s.FailedAgain})
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE wamid = 'wamid.future' AND received_at > now() + INTERVAL 1 DAY"))
	require.Subset(t, b.evidence(), before)
	b.ok()
	report, err := b.verifier().Run(t.Context(), b.begun, b.now())
	require.NoError(t, err)
	require.True(t, report.OK(), text(t, report))
	require.EqualValues(t, 3, report.Bodies)
	b.forgetLog()
	report, err = b.verifier().Run(t.Context(), b.begun, b.now())
	require.NoError(t, err)
	require.True(t, report.OK(), text(t, report))
}

func TestADeadLetterWithoutItsBody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	longer := b.tenants
	b.tenants = b.short()
	stop := b.start()
	b.letters()
	stop()
	b.tenants = longer
	b.start()
	b.exec("DELETE FROM raw_events WHERE true")
	s, err := b.replayer().DeadLetters(t.Context(), replay.Choice{}, nil)
	require.NoError(t, err)
	require.Equal(t, []int{3, 1, 2}, []int{s.Replayed, s.Healed, s.FailedAgain})
	require.Len(t, b.evidence(), 3, "each piece has an evidence of its own")
	before := b.evidence()
	s, err = b.replayer().DeadLetters(t.Context(), replay.Choice{}, nil)
	require.NoError(t, err)
	require.Equal(t, 2, s.FailedAgain)
	require.Equal(t, before, b.evidence())
}

func TestADeadLetterOfARefusedRow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.post(webhook(fmt.Sprintf(`"statuses":[{"id":"wamid.0","status":"sent","timestamp":"%d","recipient_id":"15550008888","conversation":{"id":"c","expiration_timestamp":"4294000000"}}]`, time.Now().Unix())))
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM open_dead_letters WHERE stage = 'write'"))
	s, err := b.replayer().DeadLetters(t.Context(), replay.Choice{AsOfNow: true}, nil)
	require.NoError(t, err)
	require.Equal(t, []int{1, 0, 1}, []int{s.Replayed, s.Healed, s.FailedAgain})
	require.EqualValues(t, 1, b.count("SELECT count() FROM open_dead_letters"), "in its place")
	b.ok()
}

func TestConfig(t *testing.T) {
	t.Parallel()
	require.NoError(t, replay.Defaults().Validate())
	require.Error(t, replay.Config{Rate: -1}.Validate())
}

func BenchmarkRange(bench *testing.B) {
	b := setup(bench)
	b.start()
	for i := range 5000 {
		b.post(webhook(messagesOf(message(fmt.Sprintf("wamid.%d", i), time.Now().Unix()))))
	}
	b.settle()
	to := time.Now()
	var bodies uint64
	for bench.Loop() {
		s, err := b.replayer().Range(bench.Context(), b.begun, to, nil, nil)
		require.NoError(bench, err)
		require.NoError(bench, pipeline.WaitDone(bench.Context(), b.log, s.LastSeq))
		bodies += s.Bodies
	}
	bench.ReportMetric(float64(bodies)/bench.Elapsed().Seconds(), "bodies/s")
}
