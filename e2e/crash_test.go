package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/ingest/simulate"
)

// TestNothingIsLostOrCountedTwice kills the server and its engine with SIGKILL again and again while Meta
// sends, and compares what was acknowledged with what is stored, one by one and in both directions.
//
// The tables are told not to merge, so that every row that was ever inserted lies there to be counted: the
// counts without FINAL show what the tokens of the inserts and the seen set hold, not what merging hides. A
// second row of a fact could come only where the seen set is lost (its folder deleted) or is another one (a
// node of a cluster takes over); neither happens here, so none is tolerated.
func TestNothingIsLostOrCountedTwice(t *testing.T) {
	crash := crashTest{messages: 100_000, rate: 2000, plan: []moment{
		serverUnderLoad, engineUnderLoad, engineWriting, serverWriting, serverStarting, engineWriting,
		engineTwice, serverReady, engineWriting, serverWriting, engineUnderLoad, serverUnderLoad,
	}, servers: 8, engines: 7}
	if testing.Short() {
		crash = crashTest{messages: 5000, rate: 700, plan: []moment{serverWriting, engineWriting, serverUnderLoad}, servers: 2, engines: 1}
	}
	crash.run(t)
}

// crashTest is a run: how much is sent how fast, and what is killed on the way.
type crashTest struct {
	messages         int64
	rate             float64
	plan             []moment
	servers, engines int // how many of each the plan kills
}

func (c crashTest) run(t *testing.T) {
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	s := startServer(t)
	conn := s.conn()
	withoutMerges(t, conn)

	ledger := simulate.NewLedger()
	traffic := simulate.Defaults(20260301, appSecret, c.messages, time.Now)
	traffic.Duplicate, traffic.Event, traffic.Identities = 0.10, 0.005, true
	generator, err := simulate.New(traffic)
	require.NoError(t, err)
	var acknowledged atomic.Int64
	sender, err := simulate.NewSender(simulate.SenderConfig{URL: s.url, Rate: c.rate, Now: time.Now, Seed: 1, Ledger: ledger,
		Progress: func(p simulate.Progress) { acknowledged.Store(p.Messages) }}, generator)
	require.NoError(t, err)

	k := &killer{server: s, acknowledged: &acknowledged, messages: c.messages, sent: make(chan struct{})}
	killed := make(chan error, 1)
	go func() { killed <- k.carryOut(ctx, c.plan) }()
	sent, err := sender.Run(ctx)
	close(k.sent)
	require.NoError(t, err, "after %d messages", sent.Messages)
	require.NoError(t, <-killed)
	sending := time.Since(begin)
	s.awaitReady()
	s.awaitWorked()
	worked := time.Since(begin)

	require.Equal(t, c.messages, sent.Messages)
	require.Len(t, ledger.Messages(), int(sent.Messages))
	require.Len(t, ledger.Statuses(), int(sent.Statuses))
	require.Equal(t, c.servers, k.servers)
	require.Equal(t, c.engines, k.engines)
	conn = s.conn()
	sameMessages(t, conn, ledger)
	sameStatuses(t, conn, ledger)
	require.EqualValues(t, sent.Events, s.number(conn, "SELECT count() FROM account_events FINAL"))
	require.Zero(t, s.number(conn, "SELECT count() FROM dead_letters"))
	sameAsAudit(t, s, conn)
	verified(t, s)
	duplicates := s.number(conn, "SELECT sum(duplicates) FROM ingest_audit FINAL")
	batches := s.number(conn, "SELECT count() FROM ingest_audit FINAL")
	require.Zero(t, s.stop())

	t.Logf("%d messages, %d receipts, %d events in %d bodies; %d duplicates sent, %d left out; %d batches",
		sent.Messages, sent.Statuses, sent.Events, sent.Posts, sent.Generated.Duplicates, duplicates, batches)
	t.Logf("killed: %d servers, %d engines, %d of them while a batch was written", k.servers, k.engines, k.writing)
	t.Logf("%d attempts: %d without connection, %d without answer, %d answered 503, %d redelivered", sent.Attempts, sent.Unsent,
		sent.Unanswered, sent.Unavailable, sent.Redelivered)
	t.Logf("sent after %v, worked off after %v, all after %v", sending.Round(time.Millisecond), worked.Round(time.Millisecond),
		time.Since(begin).Round(time.Millisecond))
}

// written are the tables that batches are inserted into one row per fact, with the column of ingest_audit
// that counts the rows and what makes a row that row.
var written = []struct{ table, audit, identity string }{
	{"raw_events", "raw_events", "raw_id, part"},
	{"messages", "messages", "tenant_id, phone_number_id, wamid"},
	{"message_bodies", "messages", "tenant_id, phone_number_id, wamid"},
	{"statuses", "statuses", "tenant_id, wamid, status, recipient_id, group_id"},
	{"enrichments", "enrichments", "tenant_id, wamid, pipeline_version"},
	{"account_events", "account_events", "tenant_id, event_id"},
	{"contacts", "contacts", ""}, // what is known of a person is noted once per batch and day
	{"ingest_audit", "", "batch_id"},
}

// withoutMerges keeps the engine from collapsing rows in the background, also after a restart.
func withoutMerges(t testing.TB, conn driver.Conn) {
	t.Helper()
	for _, w := range written {
		require.NoError(t, conn.Exec(t.Context(), "ALTER TABLE "+w.table+
			" MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1"))
	}
}

// sameMessages compares the messages with the ledger, in both directions.
func sameMessages(t testing.TB, conn driver.Conn, ledger *simulate.Ledger) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT phone_number_id, wamid FROM messages FINAL")
	require.NoError(t, err)
	defer rows.Close()
	stored := map[simulate.MessageKey]struct{}{}
	n := 0
	for ; rows.Next(); n++ {
		var key simulate.MessageKey
		require.NoError(t, rows.Scan((*string)(&key.Number), (*string)(&key.ID)))
		stored[key] = struct{}{}
	}
	require.NoError(t, rows.Err())
	require.Len(t, stored, n, "a message has several rows")
	same(t, "messages", ledger.Messages(), stored)
}

// statusKey is what makes a receipt that receipt, as the table has it.
type statusKey struct {
	id, status string
	recipient  uuid.UUID
	group      string
}

// sameStatuses compares the receipts with the ledger, in both directions. The ledger knows people by their
// number, the table by its hash.
func sameStatuses(t testing.TB, conn driver.Conn, ledger *simulate.Ledger) {
	t.Helper()
	key, err := parley.ParseIdentityKey(identityKey)
	require.NoError(t, err)
	identity, err := parley.NewIdentity(key)
	require.NoError(t, err)
	contact := func(id string) uuid.UUID {
		if strings.Trim(id, "0123456789") == "" {
			return uuid.UUID(identity.Contact(parley.Unassigned, id, ""))
		}
		return uuid.UUID(identity.Contact(parley.Unassigned, "", parley.UserID(id)))
	}
	acknowledged := map[statusKey]struct{}{}
	for s := range ledger.Statuses() {
		k := statusKey{id: string(s.ID), status: s.Status}
		switch {
		case s.Participant != "":
			k.recipient, k.group = contact(s.Participant), s.Recipient
		case isGroup(s.Recipient):
			k.group = s.Recipient
		default:
			k.recipient = contact(s.Recipient)
		}
		acknowledged[k] = struct{}{}
	}
	require.Len(t, acknowledged, len(ledger.Statuses()))

	rows, err := conn.Query(t.Context(), "SELECT wamid, status, recipient_id, group_id FROM statuses FINAL")
	require.NoError(t, err)
	defer rows.Close()
	stored := map[statusKey]struct{}{}
	n := 0
	for ; rows.Next(); n++ {
		var k statusKey
		require.NoError(t, rows.Scan(&k.id, &k.status, &k.recipient, &k.group))
		stored[k] = struct{}{}
	}
	require.NoError(t, rows.Err())
	require.Len(t, stored, n, "a receipt has several rows")
	same(t, "receipts", acknowledged, stored)
}

// isGroup tells a group's id from a phone number (digits) and a user id (US.123).
func isGroup(recipient string) bool {
	return strings.Trim(recipient, "0123456789") != "" && !strings.Contains(recipient, ".")
}

// same reports what is in one set and not in the other.
func same[K comparable](t testing.TB, what string, acknowledged, stored map[K]struct{}) {
	t.Helper()
	var lost, extra []string
	for k := range acknowledged {
		if _, ok := stored[k]; !ok {
			lost = append(lost, fmt.Sprint(k))
		}
	}
	for k := range stored {
		if _, ok := acknowledged[k]; !ok {
			extra = append(extra, fmt.Sprint(k))
		}
	}
	require.Empty(t, lost[:min(len(lost), 5)], "%d %s were acknowledged and are not stored", len(lost), what)
	require.Empty(t, extra[:min(len(extra), 5)], "%d %s are stored and were not acknowledged", len(extra), what)
}

// sameAsAudit compares the record of batches with the rows that lie there, none of them collapsed.
func sameAsAudit(t testing.TB, s *server, conn driver.Conn) {
	t.Helper()
	for _, w := range written {
		rows := s.number(conn, "SELECT count() FROM "+w.table)
		if w.audit != "" {
			require.Equal(t, s.number(conn, "SELECT sum("+w.audit+") FROM ingest_audit FINAL"), rows, "%s: record of batches, rows", w.table)
		}
		if w.identity != "" {
			require.Equal(t, s.number(conn, "SELECT uniqExact("+w.identity+") FROM "+w.table), rows, "%s: facts, rows", w.table)
		}
	}
}

// verified runs `parley verify` beside the server.
func verified(t testing.TB, s *server) {
	t.Helper()
	r := s.run("verify", "--json")
	require.Zero(t, r.code, "%s%s", r.stdout, r.stderr)
	var report struct {
		Source  string `json:"source"`
		Missing uint64 `json:"missing_total"`
		Extra   uint64 `json:"extra_total"`
		Audit   uint64 `json:"audit_total"`
		Bodies  uint64 `json:"bodies"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report))
	require.Zero(t, report.Missing+report.Extra+report.Audit, r.stdout)
	require.NotZero(t, report.Bodies)
}

// moment says what is killed, and when.
type moment int

const (
	serverUnderLoad moment = iota // at any moment
	serverWriting                 // while a batch is being written
	serverStarting                // and once more when its engine appears
	serverReady                   // and once more as soon as it is ready
	engineUnderLoad
	engineWriting
	engineTwice // and the next one as soon as it appears
)

// killer kills along a plan, spread evenly over what is sent.
type killer struct {
	*server
	acknowledged *atomic.Int64
	messages     int64
	sent         chan struct{} // closed when nothing is left to send

	servers, engines, writing int
}

func (k *killer) carryOut(ctx context.Context, plan []moment) error {
	for i, m := range plan {
		if err := k.awaitProgress(ctx, k.messages*int64(i+1)/int64(len(plan)+1)); err != nil {
			return fmt.Errorf("kill %d: %w", i, err)
		}
		if err := k.strike(ctx, m); err != nil {
			return fmt.Errorf("kill %d: %w", i, err)
		}
	}
	return nil
}

// awaitProgress waits for a count of acknowledged messages, and a moment more.
func (k *killer) awaitProgress(ctx context.Context, messages int64) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for k.acknowledged.Load() < messages {
		select {
		case <-tick.C:
		case <-k.sent:
			return errors.New("everything was sent before")
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages were acknowledged: %w", k.acknowledged.Load(), messages, ctx.Err())
		}
		if !k.running() {
			return errors.New("the server has ended by itself")
		}
	}
	time.Sleep(rand.N(300 * time.Millisecond)) // any moment of a batch, not the one in which progress is told
	return nil
}

func (k *killer) strike(ctx context.Context, m moment) error {
	switch m {
	case serverWriting, engineWriting:
		if err := k.awaitWriting(ctx); err != nil {
			return err
		}
	}
	switch m {
	case engineUnderLoad, engineWriting, engineTwice:
		pid, err := k.killEngine(ctx, 0)
		if err == nil && m == engineTwice {
			_, err = k.killEngine(ctx, pid)
		}
		return err
	}
	if err := k.restart(); err != nil {
		return err
	}
	switch m {
	case serverStarting:
		if _, err := k.awaitEngine(ctx, 0); err != nil {
			return err
		}
		return k.restart()
	case serverReady:
		for k.status("/readyz") != 200 && ctx.Err() == nil {
			time.Sleep(lookEvery)
		}
		return k.restart()
	}
	return ctx.Err()
}

// restart kills the server and starts it again at once.
func (k *killer) restart() error {
	k.enginePID()
	k.kill()
	k.servers++
	return k.launch()
}

// killEngine kills the engine's process alone, once there is one other than before.
func (k *killer) killEngine(ctx context.Context, before int) (int, error) {
	pid, err := k.awaitEngine(ctx, before)
	if err != nil {
		return 0, err
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return 0, fmt.Errorf("cannot kill the engine: %w", err)
	}
	k.engines++
	return pid, nil
}

// awaitWriting waits until a batch is partly in: its raw events, which come first, but not its record, which
// comes last.
func (k *killer) awaitWriting(ctx context.Context) error {
	for ctx.Err() == nil {
		conn, err := k.attach(ctx)
		if err != nil {
			time.Sleep(lookEvery) // it is being started
			continue
		}
		half, err := halfWritten(ctx, conn)
		conn.Close()
		if half {
			k.writing++
			return nil
		}
		if err != nil {
			time.Sleep(lookEvery)
		}
	}
	return fmt.Errorf("no batch is being written: %w", ctx.Err())
}

// halfWritten asks until a batch is half written or the engine is gone.
func halfWritten(ctx context.Context, conn driver.Conn) (half bool, err error) {
	for err == nil && !half {
		err = conn.QueryRow(ctx, `SELECT (SELECT count() FROM raw_events) > (SELECT sum(raw_events) FROM ingest_audit FINAL)`).Scan(&half)
	}
	return half, err
}

// TestLostSeenSet deletes the set of items already stored. Then, and only then, a redelivery becomes a second
// row, which FINAL and the views collapse: the facts stay what they were.
func TestLostSeenSet(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	withoutMerges(t, s.conn())
	bodies := make([]string, 20)
	for i := range bodies {
		bodies[i] = message("1", fmt.Sprintf("wamid.SEEN-%d", i), "hello")
		s.taken(bodies[i])
		s.taken(bodies[i])
	}
	s.awaitWorked()
	conn := s.conn()
	require.EqualValues(t, len(bodies), s.number(conn, "SELECT count() FROM messages"), "redelivered beside the seen set")
	require.Zero(t, s.stop())
	require.NoError(t, os.RemoveAll(filepath.Join(s.dir, "seen")))
	s.start()
	s.awaitReady()
	for _, body := range bodies {
		s.taken(body)
	}
	s.awaitWorked()
	conn = s.conn()
	require.EqualValues(t, 2*len(bodies), s.number(conn, "SELECT count() FROM messages"), "redelivered without it")
	require.EqualValues(t, len(bodies), s.number(conn, "SELECT count() FROM messages FINAL"))
	require.EqualValues(t, len(bodies), s.number(conn, "SELECT sum(messages) FROM daily_traffic"))
	verified(t, s)
	require.Zero(t, s.stop())
}
