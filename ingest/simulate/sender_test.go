package simulate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

// keeper is a server that keeps what it takes, as a set of identities, and fails as it is told.
type keeper struct {
	mu       sync.Mutex
	messages map[MessageKey]int
	statuses map[StatusKey]int
	events   int
	posts    int64 // taken
	attempts int64
	secret   string
	fault    func(n int64) fault
	onPost   func(*http.Request)
}

type fault int

const (
	fine         fault = iota
	busy               // 503 before anything is kept
	throttle           // 429
	broken             // 500
	hangUpBefore       // the connection ends, nothing is kept
	hangUpAfter        // the connection ends after the body was kept
)

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if k.onPost != nil {
		k.onPost(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if r.Header.Get(SignatureHeader) != Sign(k.secret, body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	f := fine
	if n := atomic.AddInt64(&k.attempts, 1); k.fault != nil {
		f = k.fault(n)
	}
	switch f {
	case busy:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case throttle:
		http.Error(w, "slow down", http.StatusTooManyRequests)
		return
	case broken:
		http.Error(w, "broken", http.StatusInternalServerError)
		return
	case hangUpBefore:
		panic(http.ErrAbortHandler)
	}
	k.keep(body)
	if f == hangUpAfter {
		panic(http.ErrAbortHandler)
	}
	io.WriteString(w, "ok")
}

func (k *keeper) keep(body []byte) {
	seen := readUpdates(body)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.posts++
	for _, u := range seen {
		switch {
		case u.field == "event":
			k.events++
		case u.status != nil:
			k.statuses[u.status.key()]++
		default:
			k.messages[MessageKey{u.number, u.message.ID}]++
		}
	}
}

// newKeeper starts a server; prepare, if any, sets up its faults before.
func newKeeper(t *testing.T, secret string, prepare func(*keeper)) (*keeper, *httptest.Server) {
	t.Helper()
	k := &keeper{messages: map[MessageKey]int{}, statuses: map[StatusKey]int{}, secret: secret}
	if prepare != nil {
		prepare(k)
	}
	server := httptest.NewServer(k)
	t.Cleanup(server.Close)
	return k, server
}

func newTestSender(t *testing.T, gen Config, cfg SenderConfig) *Sender {
	t.Helper()
	g, err := New(gen)
	require.NoError(t, err)
	cfg.Now = time.Now
	s, err := NewSender(cfg, g)
	require.NoError(t, err)
	return s
}

func TestSenderDeliversEverythingOverAServerThatFails(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(1, 2))
	var injected [6]int64
	k, server := newKeeper(t, "s3cret", func(k *keeper) {
		k.fault = func(int64) fault {
			mu.Lock()
			defer mu.Unlock()
			f := fine
			if rng.IntN(10) == 0 {
				f = fault(1 + rng.IntN(5))
			}
			injected[f]++
			return f
		}
	})
	cfg := Defaults(5, "s3cret", 1500, time.Now)
	cfg.Identities = true
	ledger := NewLedger()
	var progress []Progress
	s := newTestSender(t, cfg, SenderConfig{URL: server.URL, Connections: 8, Ledger: ledger, Progress: func(p Progress) { progress = append(progress, p) }})
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	server.Close() // waits for its handlers

	require.Equal(t, int64(1500), r.Messages)
	require.Equal(t, r.Generated.Messages, r.Messages)
	require.Equal(t, r.Generated.Statuses, r.Statuses)
	require.Equal(t, r.Generated.Events, r.Events)
	require.Equal(t, r.Generated.Posts, r.Posts)
	require.Equal(t, k.attempts, r.Attempts)
	require.Equal(t, injected[busy], r.Unavailable)
	require.Equal(t, injected[throttle], r.Throttled)
	require.Equal(t, injected[broken], r.Failed)
	require.Equal(t, injected[hangUpBefore]+injected[hangUpAfter], r.Unanswered)
	require.Positive(t, injected[hangUpAfter])
	require.Equal(t, k.posts, r.Posts+injected[hangUpAfter], "a body taken before the connection ended is taken again")
	require.GreaterOrEqual(t, r.Redelivered, r.Unanswered, "after an unknown outcome every attempt may be a duplicate")
	require.Positive(t, r.Latency.P50)
	require.LessOrEqual(t, r.Latency.P50, r.Latency.P99)
	require.LessOrEqual(t, r.Latency.P99, r.Latency.Max)

	require.Len(t, ledger.Messages(), 1500)
	requireSameKeys(t, ledger.Messages(), k.messages)
	requireSameKeys(t, ledger.Statuses(), k.statuses)
	require.NotEmpty(t, progress)
	require.Equal(t, int64(1500), progress[len(progress)-1].Messages, "the last progress is the end")
}

func requireSameKeys[K comparable, A, B any](t *testing.T, want map[K]A, got map[K]B) {
	t.Helper()
	require.Len(t, got, len(want))
	for key := range want {
		if _, ok := got[key]; !ok {
			require.Failf(t, "missing", "%v", key)
		}
	}
}

func TestSenderStopsAtARefusal(t *testing.T) {
	t.Parallel()
	f := func(code int, kind parley.Kind, word string) {
		t.Helper()
		var posts atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			posts.Add(1)
			http.Error(w, "no", code)
		}))
		defer server.Close()
		s := newTestSender(t, Defaults(1, "x", 1_000_000, time.Now), SenderConfig{URL: server.URL, Connections: 4})
		_, err := s.Run(t.Context())
		require.Error(t, err)
		require.Equal(t, kind, parley.KindOf(err))
		require.ErrorContains(t, err, word)
		require.LessOrEqual(t, posts.Load(), int64(4), "at most what was under way")
	}
	f(401, parley.Denied, "app secret differs")
	f(404, parley.NotFound, "no webhook")
	f(413, parley.TooLarge, "bound")
	f(302, parley.Invalid, "302")
	f(204, parley.Invalid, "204") // Meta takes nothing but 200 for an acknowledgement
}

func TestSenderWrongSecret(t *testing.T) {
	t.Parallel()
	_, server := newKeeper(t, "the server's", nil)
	s := newTestSender(t, Defaults(1, "another", 10, time.Now), SenderConfig{URL: server.URL})
	r, err := s.Run(t.Context())
	require.Equal(t, parley.Denied, parley.KindOf(err))
	require.Zero(t, r.Messages)
	require.NotContains(t, err.Error(), "another")
}

func TestSenderEndsWithItsContext(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	accepted := make(chan struct{}, 1)
	go func() { // takes connections and never answers
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			select {
			case accepted <- struct{}{}:
			default:
			}
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	s := newTestSender(t, Defaults(1, "x", 0, time.Now), SenderConfig{URL: "http://" + listener.Addr().String(), Connections: 3})
	go func() {
		<-accepted
		cancel()
	}()
	r, err := s.Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, parley.Transient, parley.KindOf(err))
	require.Zero(t, r.Posts)
}

func TestSenderWaitsForAServerThatIsNotThereYet(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	k := &keeper{messages: map[MessageKey]int{}, statuses: map[StatusKey]int{}, secret: "s"}
	server := httptest.NewUnstartedServer(k)
	cfg := SenderConfig{URL: "http://" + address, Connections: 2}
	s := newTestSender(t, Defaults(1, "s", 20, time.Now), cfg)
	var mu sync.Mutex
	started := false
	s.cfg.Now = func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		if !started && s.refusedNow() >= 2 {
			if again, err := net.Listen("tcp", address); err == nil {
				server.Listener.Close()
				server.Listener = again
				server.Start()
				started = true
			}
		}
		return time.Now()
	}
	r, err := s.Run(t.Context())
	defer server.Close()
	require.NoError(t, err)
	require.Equal(t, int64(20), r.Messages)
	require.Positive(t, r.Unsent)
	require.Zero(t, r.Redelivered, "what was never sent is no duplicate")
}

// refusedNow is how many attempts found no server so far.
func (s *Sender) refusedNow() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tally.unsent
}

func TestSenderKeepsConnectionsAndNamesTheApp(t *testing.T) {
	t.Parallel()
	var first, second atomic.Int64
	var connections sync.Map
	_, server := newKeeper(t, "second", func(k *keeper) {
		k.onPost = func(r *http.Request) {
			connections.Store(r.RemoteAddr, true)
			switch r.URL.Path {
			case "/webhooks/whatsapp/one":
				first.Add(1)
			case "/webhooks/whatsapp/two":
				second.Add(1)
			}
		}
	})
	cfg := Defaults(1, "", 300, time.Now)
	cfg.Apps = []App{{"one", "second"}, {"two", "second"}}
	for i := range cfg.Numbers {
		cfg.Numbers[i].App = cfg.Apps[i%2].ID
	}
	s := newTestSender(t, cfg, SenderConfig{URL: server.URL + "/webhooks/whatsapp/", Connections: 3})
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Positive(t, first.Load())
	require.Positive(t, second.Load())
	require.Equal(t, r.Posts, first.Load()+second.Load())
	count := 0
	connections.Range(func(any, any) bool { count++; return true })
	require.LessOrEqual(t, count, 3)
}

// TestSenderRate runs on the clock of a synctest bubble: only the pace is under test, so the first
// connection attempt is where it looks at the time.
func TestSenderRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, err := New(Defaults(1, "s", 500, time.Now))
		require.NoError(t, err)
		s, err := NewSender(SenderConfig{URL: "http://127.0.0.1:1", Rate: 50, Now: time.Now}, g)
		require.NoError(t, err)
		begin := time.Now()
		s.next = begin
		w := &worker{}
		messages := 0
		for {
			before := messages
			r, ok, err := s.take(t.Context(), w)
			require.NoError(t, err)
			if !ok {
				break
			}
			messages += r.Messages
			require.Equal(t, time.Duration(before)*20*time.Millisecond, time.Since(begin), "after %d messages", before)
		}
		require.Equal(t, 500, messages)
	})
}

// TestSenderRateAfterAPause checks that time lost is caught up for at most maxBehind.
func TestSenderRateAfterAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := Defaults(1, "s", 0, time.Now)
		cfg.Batch, cfg.Duplicate, cfg.Event = 1, 0, 0
		g, err := New(cfg)
		require.NoError(t, err)
		s, err := NewSender(SenderConfig{URL: "http://127.0.0.1:1", Rate: 100, Now: time.Now}, g)
		require.NoError(t, err)
		s.next = time.Now()
		time.Sleep(time.Hour)
		begin := time.Now()
		burst := 0
		w := &worker{}
		for time.Since(begin) == 0 {
			r, _, err := s.take(t.Context(), w)
			require.NoError(t, err)
			burst += r.Messages
		}
		require.InDelta(t, 100, burst, 3)
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	for attempt := range 2000 {
		d := backoff(attempt, rng)
		full := maxBackoff
		if attempt < 7 {
			full = min(maxBackoff, firstBackoff<<attempt)
		}
		require.GreaterOrEqual(t, d, full/2)
		require.Less(t, d, full)
	}
}

func TestNewSenderChecksItsConfig(t *testing.T) {
	t.Parallel()
	g, err := New(Defaults(1, "s", 1, time.Now))
	require.NoError(t, err)
	f := func(cfg SenderConfig, word string) {
		t.Helper()
		_, err := NewSender(cfg, g)
		require.Equal(t, parley.Invalid, parley.KindOf(err))
		require.ErrorContains(t, err, word)
	}
	f(SenderConfig{URL: "localhost:80", Now: time.Now}, "http://host:port")
	f(SenderConfig{URL: "ftp://localhost", Now: time.Now}, "http://host:port")
	f(SenderConfig{URL: "http://localhost"}, "clock")
	f(SenderConfig{URL: "http://localhost", Now: time.Now, Connections: -1}, "connections")
	f(SenderConfig{URL: "http://localhost", Now: time.Now, Rate: -1}, "rate")
	f(SenderConfig{URL: "http://localhost", Now: time.Now, Timeout: -1}, "timeout")
	f(SenderConfig{URL: "http://localhost", Now: time.Now, Ledger: NewLedger()}, "identities")
}

func TestNewTarget(t *testing.T) {
	t.Parallel()
	f := func(raw, address, path, host string, secure bool) {
		t.Helper()
		got, err := newTarget(raw)
		require.NoError(t, err)
		require.Equal(t, address, got.address)
		require.Equal(t, path, got.path)
		require.Equal(t, host, got.host)
		require.Equal(t, secure, got.tls != nil)
	}
	f("http://localhost", "localhost:80", "/webhooks/whatsapp", "localhost", false)
	f("http://localhost:8080/", "localhost:8080", "/webhooks/whatsapp", "localhost:8080", false)
	f("https://parley.example/in/wa/", "parley.example:443", "/in/wa", "parley.example", true)
	f("http://[::1]:9", "[::1]:9", "/webhooks/whatsapp", "[::1]:9", false)
}

func TestSenderOverTLS(t *testing.T) {
	t.Parallel()
	k := &keeper{messages: map[MessageKey]int{}, statuses: map[StatusKey]int{}, secret: "s"}
	server := httptest.NewTLSServer(k)
	defer server.Close()
	s := newTestSender(t, Defaults(1, "s", 50, time.Now), SenderConfig{URL: server.URL, Connections: 2})
	s.target.tls.RootCAs = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	r, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(50), r.Messages)
	require.Len(t, k.messages, 50)
}

func TestResultIsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(Result{})
	require.NoError(t, err)
	require.True(t, bytes.Contains(text, []byte(`"p99_ns"`)))
}

func TestLedgerFailsOnce(t *testing.T) {
	t.Parallel()
	l := NewLedgerWriter(failingWriter{})
	long := []Identity{{Item: "message", Recipient: strings.Repeat("1", 100_000)}}
	require.Error(t, l.Record(long))
	require.Error(t, l.Record(nil))
	require.Error(t, l.Flush())
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }
