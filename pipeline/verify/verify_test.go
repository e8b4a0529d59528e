package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/ingest/simulate"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/verify"
	"parley/pipeline/verify/arrival"
	"parley/warehouse"
)

// traffic posts one of everything.
func (b *bundle) traffic() {
	b.t.Helper()
	now := time.Now().Unix()
	b.post(webhook(messagesOf(message("wamid.1", now), message("wamid.2", now))))
	b.post(webhook(receipt("wamid.0", "delivered", now)))
	b.post(entries(template()))
	b.post(webhook(messagesOf(message("wamid.3", now), message("wamid.future", now+86400))))
	b.post("not JSON at all \xff")
	b.post(entries(value(number, waba, messagesOf(message("wamid.4", now))), value("1", "2", messagesOf(message("wamid.5", now)))))
	b.settle()
}

func find(t *testing.T, list []verify.Difference, table, id string) verify.Difference {
	t.Helper()
	for _, d := range list {
		if d.Table == table && (id == "" || d.ID == id) {
			return d
		}
	}
	require.Failf(t, "not listed", "%s %s in %v", table, id, list)
	return verify.Difference{}
}

func TestWhatArrivedIsWhatIsStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.traffic()
	report := b.ok()
	require.Equal(t, arrival.FromLog, report.Source)
	require.EqualValues(t, 6, report.Bodies)
	require.EqualValues(t, 9, report.Items, "six messages, a receipt, an event, and the body that is none")
	require.Equal(t, []uint64{7, 5, 1, 1, 2}, arrived(report))
	require.Positive(t, report.Batches)

	b.forgetLog()
	report = b.ok()
	require.Equal(t, arrival.FromRawEvents, report.Source)
	require.EqualValues(t, 6, report.Bodies)
	require.EqualValues(t, 9, report.Items)
	left, err := os.ReadDir(b.verify.Dir)
	require.NoError(t, err)
	require.Empty(t, left, "the set is removed")
}

func arrived(r *verify.Report) (out []uint64) {
	for _, c := range r.Tables {
		out = append(out, c.Arrived)
	}
	return out
}

func TestNothingHasEverArrived(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.ok()
	require.Zero(t, r.Bodies)
	require.Zero(t, r.Batches)
}

func TestRemovedRowsAreListedAsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.traffic()
	for _, statement := range []string{
		"DELETE FROM messages WHERE wamid = 'wamid.2'",
		"ALTER TABLE statuses DELETE WHERE wamid = 'wamid.0' SETTINGS mutations_sync = 2",
		"DELETE FROM account_events WHERE true",
		"DELETE FROM dead_letters WHERE tenant_id = 'unassigned'",
		"DELETE FROM raw_events WHERE part = 1",
	} {
		b.exec(statement)
	}
	report := b.run()
	require.False(t, report.OK())
	require.EqualValues(t, 5, report.MissingTotal, "%s", text(t, report))
	require.Zero(t, report.ExtraTotal)
	require.Zero(t, report.AuditTotal)
	d := find(t, report.Missing, "messages", "wamid.2")
	require.Equal(t, acme, d.Tenant)
	require.NotEqual(t, parley.RawID{}.String(), d.Raw)
	require.Equal(t, "delivered", find(t, report.Missing, "statuses", "wamid.0").Detail)
	find(t, report.Missing, "account_events", "")
	find(t, report.Missing, "dead_letters", "")
	require.Equal(t, "part 1", find(t, report.Missing, "raw_events", "").Detail)

	var out bytes.Buffer
	require.NoError(t, report.WriteText(&out))
	require.Contains(t, out.String(), "5 DIFFERENCES")
	require.Contains(t, out.String(), `messages "acme" "wamid.2" raw `)
	for _, secret := range []string{"secret words", "15550008888"} {
		require.NotContains(t, out.String(), secret)
		require.NotContains(t, text(t, report), secret)
	}
}

func TestRowsThatNothingExplainsAreListedAsExtra(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.traffic()
	b.exec("INSERT INTO messages (tenant_id, wamid, sent_at, received_at) VALUES ('acme', 'wamid.forged', now(), now64(6))")
	b.exec("INSERT INTO statuses (tenant_id, wamid, status, at, received_at) VALUES ('acme', 'wamid.1', 'read', now(), now64(6))")
	b.exec("INSERT INTO raw_events (tenant_id, raw_id, received_at, body) VALUES ('acme', generateUUIDv4(), now64(6), '{}')")
	b.exec("INSERT INTO dead_letters (tenant_id, dead_letter_id, stage, raw_id, received_at) VALUES ('acme', generateUUIDv4(), 'write', generateUUIDv4(), now64(6))")
	report := b.run()
	require.Zero(t, report.MissingTotal, "%s", text(t, report))
	require.EqualValues(t, 4, report.ExtraTotal, "%s", text(t, report))
	find(t, report.Extra, "messages", "wamid.forged")
	require.Equal(t, "read", find(t, report.Extra, "statuses", "wamid.1").Detail)
	find(t, report.Extra, "raw_events", "")
	find(t, report.Extra, "dead_letters", "")
}

func TestWithoutTheLogARawEventThatIsGoneLeavesItsFactsUnexplained(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.traffic()
	b.forgetLog()
	b.exec("DELETE FROM raw_events WHERE position(body, 'wamid.1') > 0")
	report := b.run()
	require.Equal(t, arrival.FromRawEvents, report.Source)
	require.EqualValues(t, 2, report.ExtraTotal, "%s", text(t, report))
	find(t, report.Extra, "messages", "wamid.1")
	find(t, report.Extra, "messages", "wamid.2")
	require.Zero(t, report.MissingTotal)
	b.exec("DELETE FROM messages WHERE wamid = 'wamid.4'")
	require.Equal(t, "wamid.4", find(t, b.run().Missing, "messages", "").ID)
}

func TestARedeliveryHasTheRowOfItsFirstArrival(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	now := time.Now().Unix()
	body := webhook(messagesOf(message("wamid.1", now)) + "," + receipt("wamid.0", "sent", now))
	b.post(body)
	b.settle()
	edge := time.Now()
	b.post(body)
	b.post(webhook(messagesOf(message("wamid.2", now))))
	b.post(body)
	b.settle()
	report, err := b.verifier().Run(t.Context(), edge, time.Now())
	require.NoError(t, err)
	require.True(t, report.OK(), "%s", text(t, report))
	require.EqualValues(t, 3, report.Bodies)
	require.EqualValues(t, 1, report.Tables[1].Elsewhere)
	require.EqualValues(t, 1, report.Tables[1].Rows)
	require.EqualValues(t, 1, report.Tables[2].Elsewhere)
	b.exec("DELETE FROM statuses WHERE true")
	report, err = b.verifier().Run(t.Context(), edge, time.Now())
	require.NoError(t, err)
	find(t, report.Missing, "statuses", "wamid.0")
	require.EqualValues(t, 1, report.MissingTotal)
}

func TestTheRangeIsInclusiveAndExclusive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	now := time.Now().Truncate(time.Microsecond)
	for i := range 3 {
		r := b.record(webhook(messagesOf(message(fmt.Sprintf("wamid.%d", i), now.Unix()))))
		r.ReceivedAt = now.Add(time.Duration(i) * time.Microsecond).UTC()
		b.append(r)
	}
	b.settle()
	f := func(from, to int, want uint64) {
		t.Helper()
		report, err := b.verifier().Run(t.Context(), now.Add(time.Duration(from)*time.Microsecond), now.Add(time.Duration(to)*time.Microsecond))
		require.NoError(t, err)
		require.True(t, report.OK(), "%s", text(t, report))
		require.EqualValues(t, want, report.Bodies)
		require.EqualValues(t, want, report.Tables[1].Rows)
	}
	f(0, 3, 3)
	f(0, 2, 2)
	f(1, 3, 2)
	f(1, 2, 1)
	f(3, 4, 0)
	f(-5, 0, 0)
	b.forgetLog()
	f(0, 3, 3)
	f(1, 2, 1)
	_, err := b.verifier().Run(t.Context(), now, now)
	require.Equal(t, parley.Invalid, parley.KindOf(err))
}

func TestOnlyWhatIsWorkedOffIsJudged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stop := b.start()
	now := time.Now().Unix()
	b.post(webhook(messagesOf(message("wamid.1", now))))
	b.settle()
	stop()
	b.post(webhook(messagesOf(message("wamid.2", now))))
	report := b.ok()
	require.EqualValues(t, 1, report.Bodies)
	require.EqualValues(t, 1, report.Done)
}

func TestImports(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	at := time.Now().Add(-time.Hour).Unix()
	body, err := json.Marshal(pipeline.ImportBody{Tenant: acme, Number: "import", Chat: "Ana", Messages: []pipeline.ImportMessage{
		{ID: "import.1", SentAt: at, Sender: "Ana", Peer: "Ana", Type: "text", Text: "hello"},
		{ID: "import.2", SentAt: at + 1e9, Sender: "Ana", Peer: "Ana", Type: "text", Text: "from the future"},
	}})
	require.NoError(t, err)
	r := b.record(string(body))
	r.Kind = queue.Import
	b.append(r)
	b.settle()
	require.Equal(t, []uint64{1, 1, 0, 0, 1}, arrived(b.ok()))
	b.forgetLog()
	require.Equal(t, []uint64{0, 1, 0, 0, 1}, arrived(b.ok()))
	b.exec("DELETE FROM messages WHERE wamid = 'import.1'")
	find(t, b.run().Missing, "messages", "import.1")
}

func TestRowsOfTheTimeBeforeANumberWasMapped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mapped := b.tenants
	b.tenants = b.mapped()
	stop := b.start()
	now := time.Now().Unix()
	r := b.post(webhook(messagesOf(message("wamid.1", now), message("wamid.f", now+86400)) + "," + receipt("wamid.0", "sent", now)))
	b.settle()
	stop()
	b.tenants = mapped
	report := b.run()
	require.Zero(t, report.ExtraTotal, "%s", text(t, report))
	require.Equal(t, acme, find(t, report.Missing, "messages", "wamid.1").Tenant, "it is the tenant's now, and a replay is due")

	b.start()
	r.Kind = queue.Replay
	b.append(r)
	b.settle()
	report = b.ok()
	require.EqualValues(t, 1, report.Tables[1].Moved)
	require.EqualValues(t, 1, report.Tables[2].Moved)
	require.EqualValues(t, 1, report.Tables[4].Moved)
	b.forgetLog()
	require.EqualValues(t, 1, b.ok().Tables[1].Moved)
}

func TestDuplicateRowsAreInformation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	b.traffic()
	b.exec("SYSTEM STOP MERGES messages")
	b.exec("INSERT INTO messages SELECT * FROM messages WHERE wamid = 'wamid.1'")
	report := b.ok()
	require.EqualValues(t, 1, report.Tables[1].Duplicates)
	require.EqualValues(t, 6, report.Tables[1].Rows)
}

func TestAFactWhoseRetentionIsOverIsNotJudged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.retention = func(parley.TenantID) warehouse.Retention { return warehouse.Retention{Messages: 2} }
	b.start()
	b.post(webhook(messagesOf(message("wamid.old", time.Now().Add(-72*time.Hour).Unix()), message("wamid.new", time.Now().Unix()))))
	b.settle()
	b.exec("DELETE FROM messages WHERE true")
	report := b.run()
	require.EqualValues(t, 1, report.Tables[1].Expired)
	require.EqualValues(t, 1, report.MissingTotal)
	find(t, report.Missing, "messages", "wamid.new")
}

func TestARefusedRowIsExplainedByItsDeadLetter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	now := time.Now().Unix()
	refused := fmt.Sprintf(`"statuses":[{"id":"wamid.0","status":"sent","timestamp":"%d","recipient_id":"15550008888","conversation":{"id":"c","expiration_timestamp":"4294000000"}}]`, now)
	b.post(webhook(refused))
	b.post(webhook(receipt("wamid.1", "sent", now)))
	b.settle()
	report := b.ok()
	require.EqualValues(t, 1, report.Tables[2].Refused, "%s", text(t, report))
	b.exec("DELETE FROM statuses WHERE true")
	report = b.run()
	require.EqualValues(t, 1, report.MissingTotal, "the other is no letter's")
	find(t, report.Missing, "statuses", "wamid.1")
	b.exec("DELETE FROM dead_letters WHERE true")
	require.EqualValues(t, 2, b.run().MissingTotal)
}

func TestTheRecordOfBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	for i := range 6 {
		b.post(webhook(messagesOf(message(fmt.Sprintf("wamid.%d", i), time.Now().Unix()))))
		b.settle()
	}
	require.EqualValues(t, 6, b.ok().Batches)
	b.exec("DELETE FROM ingest_audit WHERE first_seq IN (3, 4, 6)")
	report := b.run()
	require.Zero(t, report.MissingTotal+report.ExtraTotal)
	require.EqualValues(t, 2, report.AuditTotal, "%s", text(t, report))
	require.Equal(t, "frames 3 to 4", report.Audit[0].ID)
	require.Equal(t, "frame 6", report.Audit[1].ID)
	b.exec("INSERT INTO ingest_audit (batch_id, first_seq, last_seq, sealed_at, written_at, bodies, messages) VALUES (generateUUIDv4(), 2, 4, now64(6), now64(6), 2, 2), (generateUUIDv4(), 6, 6, now64(6), now64(6), 1, 7)")
	report = b.run()
	require.EqualValues(t, 2, report.AuditTotal, "%s", text(t, report))
	require.Contains(t, report.Audit[0].Why, "two batches")
	require.Contains(t, report.Audit[1].Why, "says 7 items, its frames hold 1")
	b.forgetLog()
	report = b.run()
	require.EqualValues(t, 1, report.AuditTotal, "%s", text(t, report))
	require.Contains(t, report.Audit[0].Why, "two batches")
}

func TestABatchThatIsBeingWrittenIsWaitedFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	stop := b.start()
	b.traffic()
	stop()
	progress, revision, err := pipeline.ReadProgress(t.Context(), b.log)
	require.NoError(t, err)
	seal := func(s *pipeline.Seal) {
		progress.Sealed = s
		if s == nil {
			progress.Done++
		}
		value, err := json.Marshal(progress)
		require.NoError(t, err)
		revision, err = b.log.SetState(t.Context(), pipeline.StateKey, value, revision)
		require.NoError(t, err)
	}
	progress.Done--
	seal(&pipeline.Seal{ID: uuid.Must(uuid.NewV7()), First: progress.Done + 1, Last: progress.Done + 1, SealedAt: time.Now()})
	b.verify.Settle = 50 * time.Millisecond
	_, err = b.verifier().Run(t.Context(), b.begun, time.Now())
	require.Equal(t, parley.Transient, parley.KindOf(err), "it never ends")
	require.ErrorContains(t, err, "sealed but not written")
	b.verify.Settle = time.Minute
	seal(nil)
	b.ok()
}

func simulated(t testing.TB, b *bundle, messages int64) (*simulate.Generator, int64) {
	c := simulate.Defaults(7, "secret", messages, time.Now)
	c.Duplicate = 0.1
	gen, err := simulate.New(c)
	require.NoError(t, err)
	var bytes int64
	for {
		r, more := gen.Next()
		if !more {
			return gen, bytes
		}
		bytes += int64(len(r.Body))
		b.post(string(r.Body))
	}
}

// TestManyItemsInLittleMemory puts far more identities into the set than fit into its memory.
func TestManyItemsInLittleMemory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.verify.Memory, b.verify.MaxDifferences = 1<<20, 5
	b.start()
	gen, _ := simulated(t, b, 3000)
	b.settle()
	report := b.ok()
	require.EqualValues(t, gen.Summary().Items, report.Items)
	require.EqualValues(t, gen.Summary().Messages, report.Tables[1].Arrived)
	require.EqualValues(t, gen.Summary().Statuses, report.Tables[2].Arrived)
	require.EqualValues(t, gen.Summary().Messages, report.Tables[1].Rows)

	var gone uint64
	require.NoError(t, b.warehouse.Conn().QueryRow(t.Context(), "SELECT countIf(cityHash64(wamid) % 3 = 0) FROM statuses").Scan(&gone))
	b.exec("DELETE FROM statuses WHERE cityHash64(wamid) % 3 = 0")
	report = b.run()
	require.EqualValues(t, gone, report.MissingTotal, "counted exactly")
	require.Len(t, report.Missing, 5)
	require.True(t, report.Truncated)
	var out strings.Builder
	require.NoError(t, report.WriteText(&out))
	require.Contains(t, out.String(), fmt.Sprintf("and %d more", gone-5))
}

// TestNoFalseAlarmBesideAWorkingPipeline verifies again and again while items stream in.
func TestNoFalseAlarmBesideAWorkingPipeline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.config.BatchRows = 100
	b.start()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			r := b.record(webhook(messagesOf(message(fmt.Sprintf("wamid.%d", i), time.Now().Unix()))))
			if err := b.log.Append(ctx, r); err != nil && ctx.Err() == nil {
				t.Errorf("cannot append: %v", err)
				return
			}
		}
	}()
	for range 5 {
		b.ok()
	}
	cancel()
	<-done
	b.settle()
	require.Positive(t, b.ok().Bodies)
}

func BenchmarkVerify(bench *testing.B) {
	b := setup(bench)
	b.start()
	simulated(bench, b, 50_000)
	b.settle()
	v := b.verifier()
	for _, source := range []arrival.Kind{arrival.FromLog, arrival.FromRawEvents} {
		if source == arrival.FromRawEvents {
			b.forgetLog()
		}
		bench.Run(string(source), func(bench *testing.B) {
			var items uint64
			for bench.Loop() {
				report, err := v.Run(bench.Context(), b.begun.Add(-time.Hour), time.Now())
				require.NoError(bench, err)
				require.True(bench, report.OK())
				require.Equal(bench, source, report.Source)
				items += report.Items
			}
			bench.ReportMetric(float64(items)/bench.Elapsed().Seconds(), "items/s")
		})
	}
}
