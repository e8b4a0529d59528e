package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/ingest"
	"parley/ingest/simulate"
	"parley/pipeline/queue"
)

const secret, oldSecret, token = "the-app-secret", "the-app-secret-before", "the-verify-token"

// appender records what was appended, or fails with err.
type appender struct {
	err     error
	records []queue.Record
}

func (a *appender) Append(_ context.Context, r queue.Record) error {
	if a.err != nil {
		return a.err
	}
	r.Body = bytes.Clone(r.Body)
	a.records = append(a.records, r)
	return nil
}

type bundle struct {
	log    *appender
	output *bytes.Buffer
	mux    *http.ServeMux
}

var arrival = time.Date(2026, 3, 14, 15, 9, 26, 535_897_000, time.UTC)

func setup(t *testing.T, change func(*ingest.Config)) *bundle {
	t.Helper()
	config := ingest.Defaults()
	config.Apps = []ingest.App{
		{Secrets: []string{secret, oldSecret}, VerifyTokens: []string{token}},
		{Name: "second", Secrets: []string{"another-secret"}, VerifyTokens: []string{"another-token"}},
		{Name: "no-secret"},
	}
	if change != nil {
		change(&config)
	}
	require.NoError(t, config.Validate())
	b := &bundle{log: &appender{}, output: &bytes.Buffer{}, mux: http.NewServeMux()}
	r := ingest.NewReceiver(config, b.log, slog.New(slog.NewTextHandler(b.output, nil)), func() time.Time { return arrival },
		func() (parley.RawID, error) { return parley.RawID(uuid.UUID{7}), nil }, prometheus.NewRegistry())
	r.Register(b.mux)
	return b
}

func (b *bundle) post(path, body, signature string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	if signature != "" {
		req.Header.Set(ingest.SignatureHeader, signature)
	}
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, req)
	return w
}

func TestSignedBodyIsKeptAsItArrived(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	body := "{\"object\":\"whatsapp_business_account\",\"entry\":[] \n}\xff"
	w := b.post("/webhooks/whatsapp", body, simulate.Sign(secret, []byte(body)))
	require.Equal(t, 200, w.Code)
	require.Equal(t, []queue.Record{{Raw: parley.RawID{7}, ReceivedAt: arrival, Body: []byte(body)}}, b.log.records)
}

func TestSecretsOfARotationAndOfOtherApps(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	f := func(path, secret string, want int) {
		t.Helper()
		require.Equal(t, want, b.post(path, "{}", simulate.Sign(secret, []byte("{}"))).Code)
	}
	f("/webhooks/whatsapp", secret, 200)
	f("/webhooks/whatsapp", oldSecret, 200)
	f("/webhooks/whatsapp", "another-secret", 401)
	f("/webhooks/whatsapp/second", "another-secret", 200)
	f("/webhooks/whatsapp/second", secret, 401)
	f("/webhooks/whatsapp/third", secret, 404)
	f("/webhooks/whatsapp/no-secret", "", 401)
	require.Equal(t, parley.AppID("second"), b.log.records[2].App)
}

func TestWrongSignatures(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	good := simulate.Sign(secret, []byte("{}"))
	f := func(signature string) {
		t.Helper()
		require.Equal(t, 401, b.post("/webhooks/whatsapp", "{}", signature).Code)
	}
	f("")
	f("sha256=")
	f(good[:len(good)-1])
	f(good + "0")
	f(strings.TrimPrefix(good, "sha256="))
	f("sha1=" + strings.TrimPrefix(good, "sha256="))
	f("sha256=" + strings.Repeat("g", 64))
	f(simulate.Sign(secret, []byte("{} ")))
	require.Empty(t, b.log.records)
	require.NotContains(t, b.output.String(), secret)
}

// TestSharedVectors checks the signature and endpoint vectors that come with the protocol samples.
func TestSharedVectors(t *testing.T) {
	t.Parallel()
	var signatures struct {
		Secret  string `json:"app_secret"`
		Vectors []struct {
			Name, Body, Header string
			Valid              *bool
		}
	}
	readShared(t, "signature_vectors.json", &signatures)
	require.NotEmpty(t, signatures.Vectors)
	b := setup(t, func(c *ingest.Config) { c.Apps[0].Secrets = []string{signatures.Secret} })
	for _, v := range signatures.Vectors {
		if v.Valid == nil {
			continue // either answer is right
		}
		want := map[bool]int{true: 200, false: 401}[*v.Valid]
		require.Equal(t, want, b.post("/webhooks/whatsapp", v.Body, v.Header).Code, v.Name)
	}
}

func readShared(t *testing.T, name string, into any) {
	t.Helper()
	root := os.Getenv("PARLEY_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "shared")
	}
	content, err := os.ReadFile(filepath.Join(root, "data", "whatsapp", name))
	if os.IsNotExist(err) {
		t.Skip("the protocol samples (shared/data/whatsapp) are not beside this checkout")
	}
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, into))
}

func TestEndpointCheck(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	f := func(path, mode, tok, challenge string, status int, answer string) {
		t.Helper()
		q := url.Values{"hub.mode": {mode}, "hub.verify_token": {tok}, "hub.challenge": {challenge}}
		w := httptest.NewRecorder()
		b.mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path+"?"+q.Encode(), nil))
		require.Equal(t, status, w.Code)
		if status == 200 {
			require.Equal(t, answer, w.Body.String())
			require.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		} else {
			require.NotContains(t, w.Body.String(), "<script>")
		}
	}
	f("/webhooks/whatsapp", "subscribe", token, "1158201444", 200, "1158201444")
	f("/webhooks/whatsapp", "subscribe", token, "<script>", 200, "<script>")
	f("/webhooks/whatsapp", "subscribe", "wrong", "<script>", 403, "")
	f("/webhooks/whatsapp", "subscribe", "", "1", 403, "")
	f("/webhooks/whatsapp", "unsubscribe", token, "1", 400, "")
	f("/webhooks/whatsapp", "subscribe", token, "", 400, "")
	f("/webhooks/whatsapp", "subscribe", token, strings.Repeat("1", 1025), 400, "")
	f("/webhooks/whatsapp/second", "subscribe", "another-token", "2", 200, "2")
	f("/webhooks/whatsapp/second", "subscribe", token, "2", 403, "")
	f("/webhooks/whatsapp/no-secret", "subscribe", "", "2", 403, "")
}

func TestBodyOverTheCapIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxBody = 2048 })
	fits, over := strings.Repeat(" ", 2048), strings.Repeat(" ", 2049)
	require.Equal(t, 200, b.post("/webhooks/whatsapp", fits, simulate.Sign(secret, []byte(fits))).Code)
	require.Equal(t, 413, b.post("/webhooks/whatsapp", over, simulate.Sign(secret, []byte(over))).Code)

	chunked := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", io.MultiReader(strings.NewReader(over)))
	chunked.ContentLength = -1
	chunked.Header.Set(ingest.SignatureHeader, simulate.Sign(secret, []byte(over)))
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, chunked)
	require.Equal(t, 413, w.Code)
	require.Len(t, b.log.records, 1)
}

func TestWhatCannotBeKeptIsAskedForAgain(t *testing.T) {
	t.Parallel()
	f := func(err error, want int) {
		t.Helper()
		b := setup(t, nil)
		b.log.err = err
		w := b.post("/webhooks/whatsapp", "{}", simulate.Sign(secret, []byte("{}")))
		require.Equal(t, want, w.Code)
		require.Equal(t, want == 503, w.Header().Get("Retry-After") != "")
	}
	f(parley.Errorf(parley.Full, "cannot log body: full"), 503)
	f(parley.Errorf(parley.Transient, "cannot log body: sync"), 503)
	f(io.ErrUnexpectedEOF, 503)
	f(parley.Errorf(parley.TooLarge, "cannot log body: 9 bytes"), 413)
}

func TestTooManyAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxInFlight = 1 })
	body, feed := io.Pipe()
	first := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", body)
	first.Header.Set(ingest.SignatureHeader, simulate.Sign(secret, []byte("{}")))
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		b.mux.ServeHTTP(w, first)
		done <- w.Code
	}()
	feed.Write([]byte("{")) // returns when the handler has read it: it is inside now
	require.Equal(t, 503, b.post("/webhooks/whatsapp", "{}", simulate.Sign(secret, []byte("{}"))).Code)
	feed.Write([]byte("}"))
	feed.Close()
	require.Equal(t, 200, <-done)
}

func TestTooMuchAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *ingest.Config) { c.MaxBody, c.MaxInFlightBytes = 2048, 3000 })
	body, feed := io.Pipe()
	first := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", body) // of unknown length: counts as 2048
	first.ContentLength = -1
	first.Header.Set(ingest.SignatureHeader, simulate.Sign(secret, []byte("{}")))
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		b.mux.ServeHTTP(w, first)
		done <- w.Code
	}()
	feed.Write([]byte("{"))
	large, small := strings.Repeat(" ", 1000), strings.Repeat(" ", 900)
	require.Equal(t, 503, b.post("/webhooks/whatsapp", large, simulate.Sign(secret, []byte(large))).Code)
	require.Equal(t, 200, b.post("/webhooks/whatsapp", small, simulate.Sign(secret, []byte(small))).Code)
	feed.Write([]byte("}"))
	feed.Close()
	require.Equal(t, 200, <-done)
	require.Equal(t, 200, b.post("/webhooks/whatsapp", large, simulate.Sign(secret, []byte(large))).Code, "the room comes back")
}

func TestCompressedBodyIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	req := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", strings.NewReader("{}"))
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set(ingest.SignatureHeader, simulate.Sign(secret, []byte("{}")))
	w := httptest.NewRecorder()
	b.mux.ServeHTTP(w, req)
	require.Equal(t, 400, w.Code)
}

func TestValidateReportsEverything(t *testing.T) {
	t.Parallel()
	err := ingest.Config{Apps: []ingest.App{{Name: "a/b"}, {Name: "x", Secrets: []string{"", "b", "c"}}, {Name: "x"}}}.Validate()
	for _, part := range []string{`"a/b"`, "apps[1].secrets: 3", "apps[1].secrets[0]", "there twice", "max_body", "max_in_flight", "body_timeout"} {
		require.ErrorContains(t, err, part)
	}
}

func FuzzSignatureHeader(f *testing.F) {
	f.Add("sha256=" + strings.Repeat("0", 64))
	f.Add("sha1=00")
	f.Add("")
	b := &bundle{log: &appender{}, mux: http.NewServeMux()}
	config := ingest.Defaults()
	config.Apps = []ingest.App{{Secrets: []string{secret}}}
	ingest.NewReceiver(config, b.log, slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now,
		func() (parley.RawID, error) { return parley.RawID{}, nil }, prometheus.NewRegistry()).Register(b.mux)
	good := simulate.Sign(secret, []byte("{}"))
	f.Fuzz(func(t *testing.T, header string) {
		want := 401
		if strings.EqualFold(header, good) && strings.HasPrefix(header, "sha256=") {
			want = 200
		}
		require.Equal(t, want, b.post("/webhooks/whatsapp", "{}", header).Code)
	})
}

func BenchmarkReceive(b *testing.B) {
	config := ingest.Defaults()
	config.Apps = []ingest.App{{Secrets: []string{secret}}}
	mux := http.NewServeMux()
	ingest.NewReceiver(config, discard{}, slog.New(slog.NewTextHandler(io.Discard, nil)), time.Now,
		func() (parley.RawID, error) { return parley.RawID{}, nil }, prometheus.NewRegistry()).Register(mux)
	body := bytes.Repeat([]byte("x"), 600)
	signature := simulate.Sign(secret, body)
	reader := bytes.NewReader(body)
	req := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp", reader)
	req.Header.Set(ingest.SignatureHeader, signature)
	b.ReportAllocs()
	for b.Loop() {
		reader.Reset(body)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

type discard struct{}

func (discard) Append(context.Context, queue.Record) error { return nil }
