package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/ingest/cloudapi"
	"parley/ingest/simulate"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/warehouse"
)

// webhook writes a body with one value in the field messages.
func webhook(value string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550009999","phone_number_id":%q},%s}}]}]}`, waba, number, value)
}

func text(id string, at int64, body string) string {
	return fmt.Sprintf(`{"from":"15550008888","id":%q,"timestamp":"%d","type":"text","text":{"body":%q}}`, id, at, body)
}

func receipt(id, status string, at int64) string {
	return fmt.Sprintf(`{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"15550008888"}`, id, status, at)
}

func TestMessageAndReceiptBecomeRows(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	now := time.Now().Unix()
	b.post(webhook(`"contacts":[{"wa_id":"15550008888","profile":{"name":"Ana"}}],"messages":[` + text("wamid.1", now, "please call me back ASAP") + `]`))
	b.post(webhook(`"statuses":[` + receipt("wamid.0", "delivered", now) + `]`))
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE tenant_id = 'acme' AND wamid = 'wamid.1' AND direction = 'inbound'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM message_bodies WHERE wamid = 'wamid.1' AND text = 'please call me back ASAP' AND phone = '15550008888'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM enrichments WHERE wamid = 'wamid.1' AND priority = 'urgent' AND language = 'en'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM statuses WHERE wamid = 'wamid.0' AND status = 'delivered'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM deliveries WHERE wamid = 'wamid.0'"))
	require.EqualValues(t, 2, b.count("SELECT count() FROM raw_events"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM contacts WHERE name = 'Ana'"))
}

func TestOneBadItemTakesNoOtherAlong(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	now := time.Now().Unix()
	b.post(webhook(`"messages":[` + strings.Join([]string{
		text("wamid.good1", now, "one"),
		text("wamid.future", now+86400, "from tomorrow"),
		text("wamid.old", 86400, "from 1970"),
		`{"from":"15550008888","id":"wamid.when","timestamp":"soon","type":"text","text":{"body":"x"}}`,
		`{"from":"15550008888","timestamp":"1","type":"text","text":{"body":"no id"}}`,
		`42`, `null`,
		text("wamid.good2", now, "two"),
	}, ",") + `],"statuses":[{"id":"wamid.s"},` + receipt("wamid.s", "sent", now) + `]`))
	b.post("not JSON at all \xff")
	b.post(`{"object":"page","entry":[{"id":"1"}]}`)
	b.settle()
	require.EqualValues(t, 2, b.count("SELECT count() FROM messages"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM statuses"))
	require.EqualValues(t, 7, b.count("SELECT count() FROM dead_letters WHERE tenant_id = 'acme'")+b.count("SELECT count() FROM account_events WHERE tenant_id = 'acme'"),
		"five messages, a status and a null: each is somewhere")
	require.EqualValues(t, 2, b.count("SELECT count() FROM dead_letters WHERE tenant_id = 'unassigned'"))
	require.EqualValues(t, 2, b.count("SELECT count() FROM raw_events WHERE tenant_id = 'unassigned'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM dead_letters WHERE position(reason, 'more than 1h0m0s after its arrival') > 0"))
	require.Zero(t, b.count("SELECT count() FROM dead_letters WHERE position(reason, 'tomorrow') > 0"), "a reason never quotes a message")
}

func TestDeadLetterBodyIsTheItemAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	now := time.Now().Unix()
	b.post(webhook(`"messages":[` + text("wamid.fine", now, "fine") + `,` + text("wamid.future", now+86400, "later") + `]`))
	b.settle()
	var body string
	require.NoError(t, b.warehouse.Conn().QueryRow(t.Context(), "SELECT body FROM dead_letters").Scan(&body))
	payload, err := cloudapi.Decode([]byte(body))
	require.NoError(t, err)
	require.Len(t, payload.Changes, 1)
	require.Len(t, payload.Changes[0].Items, 1)
	require.Equal(t, "wamid.future", payload.Changes[0].Items[0].Message.ID)
}

func TestRedeliveryIsCountedAndNotStored(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, stop := b.start(b.writer)
	now := time.Now().Unix()
	body := webhook(`"messages":[` + text("wamid.1", now, "hello") + `],"statuses":[` + receipt("wamid.0", "sent", now) + `]`)
	b.post(body)
	b.post(body) // in the same batch, or the next
	b.settle()
	b.post(body)
	b.settle()
	stop()
	b.start(b.writer) // a new process remembers
	b.post(body)
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM message_bodies"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM statuses"))
	require.EqualValues(t, 4, b.count("SELECT count() FROM raw_events"))
	require.EqualValues(t, 6, b.count("SELECT sum(duplicates) FROM ingest_audit"))
}

func TestDirectionAndContact(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	now := time.Now().Unix()
	body := func(field, value string) string {
		return strings.Replace(webhook(value), `"field":"messages"`, fmt.Sprintf(`"field":%q`, field), 1)
	}
	b.post(webhook(`"messages":[` + text("wamid.in", now, "hello") + `]`))
	echo := `{"from":%q,"to":%q,"id":%q,"timestamp":"%d","type":"text","text":{"body":"hi"}}`
	b.post(body("smb_message_echoes", `"message_echoes":[`+fmt.Sprintf(echo, "15550009999", "15550008888", "wamid.echo", now)+`]`))
	b.post(body("smb_message_echoes", `"message_echoes":[`+fmt.Sprintf(echo, "15550008888", "15550009999", "wamid.swapped", now)+`]`))
	past := `{"from":%q,"id":%q,"timestamp":"%d","type":"text","text":{"body":"old"},"history_context":{"status":"READ"}}`
	b.post(body("history", `"history":[{"metadata":{"phase":0,"chunk_order":1,"progress":5},"threads":[{"id":"15550008888","messages":[`+
		fmt.Sprintf(past, "15550009999", "wamid.past_out", now-5000)+","+fmt.Sprintf(past, "15550008888", "wamid.past_in", now-5000)+`]}]}]`))
	b.post(webhook(`"statuses":[` + receipt("wamid.echo", "read", now) + `]`))
	b.settle()
	f := func(id, source, direction string) {
		t.Helper()
		require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE wamid = {id:String} AND source = {source:String} AND direction = {direction:String}",
			clickhouse.Named("id", id), clickhouse.Named("source", source), clickhouse.Named("direction", direction)), id)
	}
	f("wamid.in", "live", "inbound")
	f("wamid.echo", "echo", "outbound")
	f("wamid.swapped", "echo", "outbound")
	f("wamid.past_out", "history", "outbound")
	f("wamid.past_in", "history", "inbound")
	require.EqualValues(t, 1, b.count("SELECT uniqExact(conversation_id, contact_id) FROM messages"), "it is all one conversation with one person")
	require.EqualValues(t, 1, b.count("SELECT count() FROM statuses WHERE conversation_id IN (SELECT conversation_id FROM messages)"))
	require.Zero(t, b.count("SELECT count() FROM contacts WHERE phone = '15550009999'"), "the business is no contact of its own")
}

func TestABetterRoadWins(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	now := time.Now().Unix()
	past := fmt.Sprintf(`"history":[{"threads":[{"id":"15550008888","messages":[%s]}]}]`, text("wamid.1", now, "hello"))
	b.post(strings.Replace(webhook(past), `"field":"messages"`, `"field":"history"`, 1))
	b.settle()
	b.post(webhook(`"messages":[` + text("wamid.1", now, "hello") + `]`))
	b.settle()
	b.post(strings.Replace(webhook(past), `"field":"messages"`, `"field":"history"`, 1))
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages FINAL"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages FINAL WHERE source = 'live'"))
}

func TestSessionsOfAnOldChatAreDerived(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	upkeep := pipeline.NewUpkeep(b.config, b.log, b.warehouse, quiet, time.Now, prometheus.NewRegistry())
	now := time.Now()
	b.post(webhook(`"messages":[` + text("wamid.1", now.Unix(), "hello") + `]`))
	b.settle()
	require.NoError(t, upkeep.Derive(t.Context()))
	require.EqualValues(t, 1, b.count("SELECT count() FROM conversations FINAL"))
	old := now.AddDate(-2, 0, 0).Unix()
	body, err := json.Marshal(pipeline.ImportBody{Tenant: acme, Number: "import", Chat: "Ana", Messages: []pipeline.ImportMessage{
		{ID: "import.1", SentAt: old, Sender: "Ana", Peer: "Ana", Type: "text", Text: "hi"},
		{ID: "import.2", SentAt: old + 60, Sender: "Me", Self: true, Peer: "Ana", Type: "text", Text: "hello"},
	}})
	require.NoError(t, err)
	b.append(queue.Record{Kind: queue.Import, Raw: parley.RawID(uuid.Must(uuid.NewV7())), ReceivedAt: now.UTC(), Body: body})
	b.settle()
	require.NoError(t, upkeep.Derive(t.Context()))
	require.EqualValues(t, 2, b.count("SELECT count() FROM conversations FINAL"))
	require.EqualValues(t, 60, b.count("SELECT toUInt64(assumeNotNull(first_response_seconds)) FROM conversations FINAL WHERE phone_number_id = 'import'"))
}

func TestALogThatEndsBeforeItsRecordIsNotWorked(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	record, err := json.Marshal(pipeline.Progress{Done: 1000})
	require.NoError(t, err)
	_, err = b.log.SetState(t.Context(), pipeline.StateKey, record, 0)
	require.NoError(t, err)
	b.post(webhook(`"messages":[` + text("wamid.1", time.Now().Unix(), "hello") + `]`))
	p, _ := b.start(b.writer)
	upkeep := pipeline.NewUpkeep(b.config, b.log, nil, quiet, func() time.Time { return time.Now().Add(1000 * time.Hour) }, prometheus.NewRegistry())
	require.NoError(t, upkeep.Trim(t.Context()))
	usage, err := b.log.Usage(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, usage.First, "nothing is removed")
	require.EqualValues(t, 1, usage.Last)
	require.Error(t, p.Ready(), "and somebody is told")
}

func TestARefusedItemIsNoDuplicateWhenItComesAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	refuse := &refusing{Writer: b.writer}
	refuse.on.Store(true)
	b.start(refuse)
	body := webhook(`"messages":[` + text("wamid.1", time.Now().Unix(), "hello") + `]`)
	b.post(body)
	b.settle()
	refuse.on.Store(false)
	b.post(webhook(`"statuses":[` + receipt("wamid.other", "sent", time.Now().Unix()) + `]`)) // the batch between
	b.settle()
	b.post(body)
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE wamid = 'wamid.1'"))
}

// refusing takes the messages out of a batch and says that they were refused, as long as it is on.
type refusing struct {
	pipeline.Writer
	on atomic.Bool
}

func (r *refusing) Write(ctx context.Context, b *warehouse.Batch) (warehouse.Rejections, error) {
	if !r.on.Load() || len(b.Messages) == 0 {
		return r.Writer.Write(ctx, b)
	}
	without := *b
	without.Messages, without.Enrichments, without.Reject = nil, nil, nil
	if _, err := r.Writer.Write(ctx, &without); err != nil {
		return nil, err
	}
	var refused warehouse.Rejections
	for i := range b.Messages {
		refused = append(refused, warehouse.Rejection{Table: "messages", Index: i, Err: errors.New("no")})
	}
	return refused, nil
}

func TestUnknownNumberGoesToUnassigned(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	now := time.Now().Unix()
	b.post(strings.ReplaceAll(strings.ReplaceAll(webhook(`"messages":[`+text("wamid.1", now, "hello")+`]`), string(number), "1"), string(waba), "2"))
	byAccount := strings.ReplaceAll(webhook(`"messages":[`+text("wamid.2", now, "hello")+`]`), string(number), "3")
	b.post(byAccount)
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM raw_events WHERE tenant_id = 'unassigned'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE tenant_id = 'unassigned' AND wamid = 'wamid.1'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE tenant_id = 'acme' AND wamid = 'wamid.2'"), "its account is known")
}

// flaky fails a write at random, before or after it reached the warehouse, as a crash or a lost answer does.
type flaky struct {
	pipeline.Writer
	rng      *rand.Rand
	failures atomic.Int64
	kind     parley.Kind
}

func (f *flaky) Write(ctx context.Context, b *warehouse.Batch) (warehouse.Rejections, error) {
	switch f.rng.IntN(4) {
	case 0:
		f.failures.Add(1)
		return nil, parley.Errorf(f.kind, "cannot write: the connection broke before")
	case 1:
		if _, err := f.Writer.Write(ctx, b); err != nil {
			return nil, err
		}
		f.failures.Add(1)
		return nil, parley.Errorf(f.kind, "cannot write: the answer was lost")
	}
	return f.Writer.Write(ctx, b)
}

func TestFailedWritesNeitherLoseNorRepeat(t *testing.T) {
	t.Parallel()
	for _, kind := range []parley.Kind{parley.Transient, parley.Internal} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			b := setup(t, nil)
			b.config.BatchRows = 300
			f := &flaky{Writer: b.writer, rng: rand.New(rand.NewPCG(1, 2)), kind: kind}
			_, stop := b.start(f)
			gen, err := simulate.New(func() simulate.Config {
				c := simulate.Defaults(7, "secret", 1500, time.Now)
				c.Duplicate, c.Late = 0.1, 0
				return c
			}())
			require.NoError(t, err)
			n := 0
			for {
				r, more := gen.Next()
				if !more {
					break
				}
				b.post(string(r.Body))
				if n++; n == 250 {
					stop() // stopped and started again in the middle
					_, stop = b.start(f)
				}
			}
			b.settle()
			sum := gen.Summary()
			require.Positive(t, f.failures.Load())
			require.EqualValues(t, sum.Messages, b.count("SELECT count() FROM messages"), "without FINAL: no row is there twice")
			require.EqualValues(t, sum.Messages, b.count("SELECT uniqExact(wamid) FROM messages"))
			require.EqualValues(t, sum.Messages, b.count("SELECT count() FROM message_bodies"))
			require.EqualValues(t, sum.Statuses, b.count("SELECT count() FROM statuses"))
			require.Zero(t, b.count("SELECT count() FROM dead_letters"))
			require.EqualValues(t, sum.Messages, b.count("SELECT sum(messages) FROM ingest_audit"), "no batch is counted twice")
			require.EqualValues(t, sum.Statuses, b.count("SELECT sum(statuses) FROM ingest_audit"))
		})
	}
}

func TestSecondPipelineStandsBy(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	node := func() *bundle { // another process that shares the log and the warehouse, as on a cluster
		attached := queue.NewAttached(queue.Defaults(b.dir), quiet, time.Now)
		require.NoError(t, attached.Start(t.Context()))
		t.Cleanup(func() { attached.Stop(context.Background()) })
		require.False(t, attached.Exclusive())
		n := *b
		n.log, n.config.SeenDir, n.config.TakeOver = attached, filepath.Join(t.TempDir(), "seen"), 2*time.Second
		return &n
	}
	first, second := node(), node()
	_, stop := first.start(b.writer)
	now := time.Now().Unix()
	b.post(webhook(`"messages":[` + text("wamid.1", now, "one") + `]`))
	b.settle()
	before, _, err := pipeline.ReadProgress(t.Context(), b.log)
	require.NoError(t, err)

	second.start(b.writer)
	b.post(webhook(`"messages":[` + text("wamid.2", now, "two") + `]`))
	b.settle()
	after, _, err := pipeline.ReadProgress(t.Context(), b.log)
	require.NoError(t, err)
	require.Equal(t, before.Owner, after.Owner, "the first works on")

	stop()
	b.post(webhook(`"messages":[` + text("wamid.3", now, "three") + `]`))
	b.settle()
	taken, _, err := pipeline.ReadProgress(t.Context(), b.log)
	require.NoError(t, err)
	require.NotEqual(t, before.Owner, taken.Owner, "the second has taken over")
	require.EqualValues(t, 3, b.count("SELECT count() FROM messages"))
}

func TestReplayMovesTrafficOfANumberMappedLater(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	mapped := b.tenants
	var err error
	b.tenants, err = pipeline.NewTenants(nil)
	require.NoError(t, err)
	_, stop := b.start(b.writer)
	now := time.Now().Unix()
	raw := parley.RawID(uuid.Must(uuid.NewV7()))
	record := queue.Record{Raw: raw, ReceivedAt: time.Now().UTC().Truncate(time.Microsecond), Body: []byte(webhook(`"messages":[` + text("wamid.1", now, "one") + `]`))}
	b.append(record)
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE tenant_id = 'unassigned'"))
	stop()
	b.tenants = mapped
	b.start(b.writer)
	record.Kind = queue.Replay
	b.append(record)
	b.append(record) // twice changes nothing
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages FINAL WHERE tenant_id = 'acme'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM raw_events FINAL WHERE tenant_id = 'acme'"))
}

func TestImportedChat(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	b.start(b.writer)
	at := time.Now().Add(-time.Hour).Unix()
	body, err := json.Marshal(pipeline.ImportBody{Tenant: acme, Number: "import", Chat: "Ana", Messages: []pipeline.ImportMessage{
		{ID: "import.1", SentAt: at, Sender: "Ana", Peer: "Ana", Type: "text", Text: "can you send the invoice?"},
		{ID: "import.2", SentAt: at + 1, Sender: "Me", Self: true, Peer: "Ana", Type: "text", Text: "sure"},
		{ID: "import.3", SentAt: at + 1e9, Sender: "Me", Self: true, Peer: "Ana", Type: "text", Text: "from the future"},
	}})
	require.NoError(t, err)
	record := queue.Record{Kind: queue.Import, Raw: parley.RawID(uuid.Must(uuid.NewV7())), ReceivedAt: time.Now().UTC().Truncate(time.Microsecond), Body: body}
	b.append(record)
	b.settle()
	record.Raw = parley.RawID(uuid.Must(uuid.NewV7()))
	b.append(record)
	b.settle()
	require.EqualValues(t, 2, b.count("SELECT count() FROM messages WHERE source = 'import'"))
	require.EqualValues(t, 1, b.count("SELECT uniqExact(conversation_id) FROM messages"), "both sides are one conversation")
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages WHERE direction = 'outbound'"))
	require.EqualValues(t, 1, b.count("SELECT count() FROM dead_letters FINAL"))
}

// TestSharedSamples puts every protocol sample through the pipeline and says what became of each item.
func TestSharedSamples(t *testing.T) {
	t.Parallel()
	root := os.Getenv("PARLEY_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(root, "data", "whatsapp", "webhooks", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the protocol samples (shared/data/whatsapp) are not beside this checkout")
	}
	b := setup(t, nil)
	b.tenants, err = pipeline.NewTenants([]pipeline.Tenant{pipeline.DefaultTenant("unassigned")})
	require.NoError(t, err)
	b.start(b.writer)
	var messages, statuses, events uint64
	type sent struct {
		name string
		raw  parley.RawID
		want [3]uint64
		body string // of the last event
	}
	var all []sent
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		payload, err := cloudapi.Decode(body)
		require.NoError(t, err, file)
		s := sent{name: filepath.Base(file), raw: parley.RawID(uuid.Must(uuid.NewV7()))}
		for _, change := range payload.Changes {
			for _, item := range change.Items {
				require.NoError(t, item.Err, file)
				switch {
				case item.Message != nil:
					s.want[0]++
				case item.Status != nil:
					s.want[1]++
				default:
					s.want[2]++
					s.body = string(item.Raw)
				}
			}
		}
		messages, statuses, events = messages+s.want[0], statuses+s.want[1], events+s.want[2]
		all = append(all, s)
		b.append(queue.Record{Raw: s.raw, ReceivedAt: time.Now().UTC().Truncate(time.Microsecond), Body: body})
	}
	b.settle()
	require.Zero(t, b.count("SELECT count() FROM dead_letters"))
	count := func(table string, raw parley.RawID) uint64 {
		return b.count("SELECT count() FROM "+table+" WHERE raw_id = {raw:UUID}", clickhouse.Named("raw", raw.String()))
	}
	for _, s := range all {
		got := [3]uint64{count("messages", s.raw), count("statuses", s.raw), count("account_events", s.raw)}
		if got[2] < s.want[2] { // two samples hold the same event: it is stored once
			got[2] += b.count("SELECT count() FROM account_events WHERE content = {content:String}", clickhouse.Named("content", s.body))
		}
		t.Logf("%-62s messages %d, statuses %d, events %d", s.name, got[0], got[1], got[2])
		require.Equal(t, s.want, got, s.name)
		require.Positive(t, count("raw_events", s.raw), s.name)
	}
	t.Log("together: messages " + strconv.FormatUint(messages, 10) + ", statuses " + strconv.FormatUint(statuses, 10) + ", events " + strconv.FormatUint(events, 10))
}

func TestStopDoesNotWaitForAWarehouseThatIsGone(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	gone := broken{called: make(chan struct{}, 1000)}
	p, stop := b.start(gone)
	b.post(webhook(`"messages":[` + text("wamid.1", time.Now().Unix(), "one") + `]`))
	<-gone.called
	<-gone.called // a second call: the first has failed
	require.Error(t, p.Ready())
	stop() // gives up after the longest pause; the batch stays on the log
	require.NoError(t, b.stopError)

	b.start(b.writer)
	b.settle()
	require.EqualValues(t, 1, b.count("SELECT count() FROM messages"), "nothing is lost")
}

type broken struct{ called chan struct{} }

func (b broken) Write(context.Context, *warehouse.Batch) (warehouse.Rejections, error) {
	select {
	case b.called <- struct{}{}:
	default:
	}
	return nil, parley.Errorf(parley.Transient, "cannot write: %w", errors.New("no route to host"))
}
