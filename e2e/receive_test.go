package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// twoApps is a configuration whose bare path has two secrets, as during a rotation, beside an app of a name.
const twoApps = `
whatsapp:
  max_body: 65536
  apps:
    - secrets: [new-secret, old-secret]
      verify_tokens: [token-of-the-bare-path]
    - name: shop
      secrets: [shop-secret]
      verify_tokens: [token-of-the-shop]
tenants:
  - id: acme
    phone_number_ids: ["880200000000001"]
`

// configured is a server with a configuration file instead of the short settings of one app.
func configured(t *testing.T, yaml string) *server {
	t.Helper()
	file := filepath.Join(tempDir(t), "parley.yaml")
	require.NoError(t, os.WriteFile(file, []byte(yaml), 0o600))
	s := newServer(t, "PARLEY_CONFIG="+file, "PARLEY_WHATSAPP_APP_SECRET=", "PARLEY_WHATSAPP_VERIFY_TOKEN=")
	s.start()
	s.awaitReady()
	return s
}

func TestWhatMetaSees(t *testing.T) {
	t.Parallel()
	s := configured(t, twoApps)

	verify := func(app, token string) (int, string) {
		t.Helper()
		q := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {"1158201444"}, "hub.verify_token": {token}}
		return s.get("/webhooks/whatsapp" + app + "?" + q.Encode())
	}
	code, body := verify("", "token-of-the-bare-path")
	require.Equal(t, 200, code)
	require.Equal(t, "1158201444", body)
	code, _ = verify("", "token-of-the-shop")
	require.Equal(t, 403, code)
	code, body = verify("/shop", "token-of-the-shop")
	require.Equal(t, []any{200, "1158201444"}, []any{code, body})
	code, _ = verify("/nobody", "token-of-the-shop")
	require.Equal(t, 404, code)

	f := func(app, secret string, want int) {
		t.Helper()
		code, text := s.answerTo(app, message("880200000000001", fmt.Sprintf("wamid.SIGNED-%s-%s", app, secret), "hello"), secret)
		require.Equal(t, want, code, text)
	}
	f("", "new-secret", 200)
	f("", "old-secret", 200)
	f("shop", "shop-secret", 200)
	f("", "shop-secret", 401)
	f("shop", "new-secret", 401)
	f("", "", 401)
	f("nobody", "new-secret", 404)
	code, _ = s.answerTo("", strings.Repeat(" ", 65537), "new-secret")
	require.Equal(t, 413, code)
	code, _ = s.answerTo("", "this is no JSON", "new-secret")
	require.Equal(t, 200, code)
	code, _ = s.answerTo("", message("880200000000002", "wamid.UNKNOWN-NUMBER", "hello"), "new-secret")
	require.Equal(t, 200, code)
	s.awaitWorked()

	conn := s.conn()
	require.ElementsMatch(t, []string{"acme|wamid.SIGNED--new-secret", "acme|wamid.SIGNED--old-secret", "acme|wamid.SIGNED-shop-shop-secret",
		"unassigned|wamid.UNKNOWN-NUMBER"}, column(t, conn, "SELECT tenant_id || '|' || wamid FROM messages FINAL"))
	require.Equal(t, []string{"unassigned|decode|this is no JSON"}, column(t, conn, "SELECT tenant_id || '|' || stage || '|' || body FROM dead_letters FINAL"))
	_, metrics := s.get("/metrics")
	require.Contains(t, metrics, `parley_webhooks_refused_total{reason="unauthorized"} 3`)
	require.Contains(t, metrics, `parley_webhooks_refused_total{reason="too_large"} 1`)
	require.Contains(t, metrics, `parley_webhooks_accepted_total 5`)
	verified(t, s)
	require.Zero(t, s.stop())
}

// TestDocumentedMetrics holds the list of docs/operations.md: every metric named there is there.
func TestDocumentedMetrics(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "docs", "operations.md"))
	require.NoError(t, err)
	names := regexp.MustCompile("(?m)^\\| `(parley_[a-z_]+)").FindAllStringSubmatch(string(doc), -1)
	require.Greater(t, len(names), 10)
	s := startServer(t, "PARLEY_VERIFY_AT=03:30")
	s.taken(message("1", "wamid.METRICS", "hello"))
	code, _ := s.answerTo("", "unsigned", "")
	require.Equal(t, 401, code)
	s.awaitWorked()
	_, metrics := s.get("/metrics")
	for _, name := range names {
		require.Regexp(t, `(?m)^`+name[1]+`(_count)?[ {]`, metrics, name[1])
	}
	require.Equal(t, 200, s.status("/healthz"))
}

// TestHostileBodies posts what no sender should: the server goes on, and every body is accounted for.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	deep := func(n int, open, end string) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	field := func(name, value string) string {
		return webhook("1", `"messages":[{"from":"15550002001","id":"wamid.H-`+name+`","timestamp":"1767225600","type":"text","text":{"body":"x"},"`+name+`":`+value+`}]`)
	}
	bodies := map[string]string{
		"empty": "", "null": "null", "zero": "\x00", "brace": "{", "array": "[]", "number": "1e999999", "deep arrays": deep(200_000, "[", "]"),
		"deep objects": deep(100_000, `{"a":`, "1}"), "broken UTF-8": message("1", "wamid.H-utf8", "a") + "\xff\xfe", "no entry": `{"object":"whatsapp_business_account"}`,
		"other object": `{"object":"page","entry":[]}`, "entry of another type": `{"object":"whatsapp_business_account","entry":7}`,
		"deep in a message": field("deep", deep(50_000, "[", "]")), "huge number": field("n", strings.Repeat("9", 100_000)),
		"huge exponent": field("e", "1e400"), "time beyond all bounds": strings.Replace(field("t", "1"), `"1767225600"`, `"99999999999999999999999999"`, 1),
		"negative time":          strings.Replace(field("neg", "1"), `"1767225600"`, `"-5"`, 1),
		"UTF-8 broken in a text": strings.Replace(field("u", "1"), `"body":"x"`, "\"body\":\"a\xc3\x28\xff\"", 1),
		"lone surrogate":         strings.Replace(field("s", "1"), `"body":"x"`, `"body":"\ud800"`, 1),
		"zero byte in a text":    strings.Replace(field("z", "1"), `"body":"x"`, `"body":"a\u0000b"`, 1),
		"same key twice":         strings.Replace(field("d", "1"), `"type":"text"`, `"type":"text","type":"image"`, 1),
		"long id":                message("1", "wamid."+strings.Repeat("A", 1<<20), "x"),
		"long text":              message("1", "wamid.H-long", strings.Repeat("é", 1<<20)),
	}
	for name, body := range bodies {
		code, text := s.answer(body)
		require.Equal(t, 200, code, "%s: %s", name, text)
	}
	s.taken(message("1", "wamid.H-last", "still here"))
	s.awaitWorked()
	conn := s.conn()
	require.EqualValues(t, len(bodies)+1, s.number(conn, "SELECT uniqExact(raw_id) FROM raw_events"), "every body is there as it came")
	require.EqualValues(t, 1, s.number(conn, "SELECT count() FROM messages FINAL WHERE wamid = 'wamid.H-last'"))
	items := s.number(conn, "SELECT (SELECT count() FROM messages FINAL) + (SELECT count() FROM account_events FINAL) + (SELECT count() FROM dead_letters FINAL)")
	require.GreaterOrEqual(t, items, uint64(len(bodies)), "a body became nothing at all")
	require.Equal(t, 200, s.status("/readyz"))
	verified(t, s)
	require.Zero(t, s.stop())
	require.NotContains(t, s.logs.String(), "panic")
}

// TestThousandUpdatesInABody posts the most that Meta puts into one body: receipts and messages mixed.
func TestThousandUpdatesInABody(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var messages, statuses []string
	for i := range 500 {
		messages = append(messages, text(fmt.Sprintf("wamid.K-%d", i), "hello"))
		statuses = append(statuses, fmt.Sprintf(`{"id":"wamid.K-OUT-%d","status":"delivered","timestamp":"%d","recipient_id":"15550002001"}`, i, time.Now().Unix()))
	}
	s.taken(webhook("1", `"messages":[`+strings.Join(messages, ",")+`],"statuses":[`+strings.Join(statuses, ",")+`]`))
	s.awaitWorked()
	conn := s.conn()
	require.EqualValues(t, 500, s.number(conn, "SELECT count() FROM messages FINAL"))
	require.EqualValues(t, 500, s.number(conn, "SELECT count() FROM statuses FINAL"))
	require.Zero(t, s.number(conn, "SELECT count() FROM dead_letters FINAL"))
}

// TestVisibleSoon measures how long it takes from the answer to a webhook until a query sees the message.
// The bound is only that of a machine with other work; the figure is in the output.
func TestVisibleSoon(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	conn := s.conn()
	var longest, sum time.Duration
	const posts = 10
	for i := range posts {
		id := fmt.Sprintf("wamid.SOON-%d", i)
		s.taken(message("1", id, "hello"))
		took := within(t, 10*time.Second, "the message is not visible", func() bool {
			return s.number(conn, "SELECT count() FROM messages WHERE wamid = $1", id) == 1
		})
		sum, longest = sum+took, max(longest, took)
	}
	t.Logf("visible after %v on average, %v at most", (sum / posts).Round(time.Millisecond), longest.Round(time.Millisecond))
}

// TestSamples posts the webhooks that Meta publishes as examples to a server as it comes out of the box.
func TestSamples(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("PARLEY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "whatsapp", "webhooks", "*.json"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no webhook samples: set PARLEY_SHARED to the folder that holds data/whatsapp/webhooks")
	}
	s := startServer(t)
	var changes uint64
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(t, err)
		var top struct {
			Entry []struct{ Changes []json.RawMessage }
		}
		require.NoError(t, json.Unmarshal(body, &top), file)
		for _, e := range top.Entry {
			changes += uint64(len(e.Changes))
		}
		code, reply := s.answer(string(body))
		require.Equal(t, 200, code, "%s: %s", file, reply)
	}
	s.awaitWorked()
	conn := s.conn()
	require.Equal(t, changes, s.number(conn, "SELECT count() FROM raw_events FINAL"))
	items := s.number(conn, "SELECT sum(items) FROM raw_events FINAL")
	landed := s.number(conn, `SELECT (SELECT count() FROM messages FINAL) + (SELECT count() FROM statuses FINAL) +
		(SELECT count() FROM account_events FINAL) + (SELECT count() FROM dead_letters FINAL) + (SELECT sum(duplicates) FROM ingest_audit FINAL)`)
	require.Equal(t, items, landed, "items found, items in the tables or left out as duplicates")
	require.GreaterOrEqual(t, items, changes)
	reasons := column(t, conn, "SELECT reason FROM dead_letters FINAL")
	t.Logf("%d samples, %d changes, %d items, %d dead letters", len(files), changes, items, len(reasons))
	require.Empty(t, reasons)
	verified(t, s)
	require.Zero(t, s.stop())
}

// TestWordsNeverReachTheLog looks for the words of messages, the names and numbers of people and the secrets
// in everything that the program says while it runs at its most talkative.
func TestWordsNeverReachTheLog(t *testing.T) {
	t.Parallel()
	s := startServer(t, "PARLEY_LOGGING_LEVEL=debug")
	const words, name, phone = "MARKERWORDS7F3A", "MARKERNAME91BC", "15559876543"
	good := webhook("1", `"contacts":[{"profile":{"name":"`+name+`"},"wa_id":"`+phone+`"}],"messages":[{"from":"`+phone+
		`","id":"wamid.M-1","timestamp":"1767225600","type":"text","text":{"body":"`+words+`"}}]`)
	variants := []string{
		good,
		good[:len(good)-20],
		words,
		strings.Replace(good, `"1767225600"`, `"`+words+`"`, 1),
		strings.Replace(good, `"text":{"body":"`+words+`"}`, `"text":"`+words+`"`, 1),
		strings.Replace(good, `"type":"text"`, `"type":"`+words+`"`, 1),
		strings.Replace(good, `"wamid.M-1"`, `{"`+words+`":1}`, 1),
		strings.Replace(good, `"field":"messages"`, `"field":"`+words+`"`, 1),
		strings.Replace(good, words, words+"\xff\u0000", 1),
		strings.Replace(good, `"object":"whatsapp_business_account"`, `"object":"`+words+`"`, 1),
	}
	for _, body := range variants {
		code, reply := s.answer(body)
		require.Equal(t, 200, code)
		require.NotContains(t, reply, "MARKER")
		code, reply = s.answerTo("", body, "wrong")
		require.Equal(t, 401, code)
		require.NotContains(t, reply, "MARKER")
	}
	_, reply := s.answer(words + strings.Repeat(" ", 5<<20))
	require.NotContains(t, reply, "MARKER")
	req, err := http.NewRequest(http.MethodGet, s.url+"/webhooks/whatsapp?hub.mode=subscribe&hub.challenge=1&hub.verify_token="+words, nil)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.NotContains(t, string(text), "MARKER")
	s.awaitWorked()
	conn := s.conn()
	require.NotZero(t, s.number(conn, "SELECT count() FROM message_bodies WHERE text = $1", words))
	reasons := strings.Join(column(t, conn, "SELECT reason FROM dead_letters FINAL"), "\n")
	require.NotEmpty(t, reasons)
	listed := s.run("deadletters", "list")
	require.Zero(t, listed.code)
	require.Zero(t, s.stop())
	for where, text := range map[string]string{"log": s.logs.String(), "reasons of dead letters": reasons, "list of dead letters": listed.stdout + listed.stderr} {
		for _, secret := range []string{words, name, phone, appSecret, verifyToken, identityKey} {
			require.NotContains(t, text, secret, where)
		}
	}
	require.Contains(t, s.logs.String(), "level=DEBUG")
}
