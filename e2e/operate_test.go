package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley/ingest/simulate"
)

// TestStopUnderLoad ends a server with SIGTERM while webhooks come in: it ends with 0 within its deadline,
// and everything that it acknowledged is there when it starts again.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	const deadline = 20 * time.Second
	s := startServer(t, "PARLEY_STOP_TIMEOUT="+deadline.String())
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ledger := simulate.NewLedger()
	traffic := simulate.Defaults(42, appSecret, 0, time.Now)
	traffic.Identities = true
	generator, err := simulate.New(traffic)
	require.NoError(t, err)
	loaded := make(chan struct{})
	told := false
	sender, err := simulate.NewSender(simulate.SenderConfig{URL: s.url, Rate: 1500, Now: time.Now, Seed: 1, Ledger: ledger,
		Progress: func(p simulate.Progress) {
			if p.Messages > 2000 && !told {
				told = true
				close(loaded)
			}
		}}, generator)
	require.NoError(t, err)
	sent := make(chan simulate.Result, 1)
	go func() {
		result, _ := sender.Run(ctx) // its error says that it was stopped
		sent <- result
	}()
	select {
	case <-loaded:
	case <-ctx.Done():
		t.Fatal("no load comes up")
	}
	begin := time.Now()
	code := s.stop()
	took := time.Since(begin)
	cancel()
	result := <-sent
	require.Zero(t, code, s.logs.tail())
	require.Less(t, took, deadline)
	require.NotZero(t, result.Messages)

	s.start()
	s.awaitReady()
	s.awaitWorked()
	conn := s.conn()
	stored := map[string]bool{}
	for _, id := range column(t, conn, "SELECT phone_number_id || ' ' || wamid FROM messages FINAL") {
		stored[id] = true
	}
	for key := range ledger.Messages() { // what was taken without the answer arriving may be there as well
		require.True(t, stored[string(key.Number)+" "+string(key.ID)], "acknowledged and lost")
	}
	verified(t, s)
	require.Zero(t, s.stop())
	t.Logf("stopped in %v with %d messages acknowledged", took.Round(time.Millisecond), result.Messages)
}

func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	env := append(append([]string{}, s.env...), fmt.Sprintf("PARLEY_LISTEN=127.0.0.1:%d", freePort(t)))
	r := command(t.Context(), t, env, "", "serve")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "another process has it open")
	s.taken(message("1", "wamid.SECOND", "the first one goes on"))
	s.awaitWorked()
	require.EqualValues(t, 1, s.number(s.conn(), "SELECT count() FROM messages"))
	require.Zero(t, s.stop())
}

// TestReadyFollowsTheEngine kills the engine: until it is back /readyz says 503 and why, webhooks are taken
// all the same, and /healthz goes on.
func TestReadyFollowsTheEngine(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	pid := s.enginePID()
	require.NotZero(t, pid)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	within(t, 10*time.Second, "/readyz does not notice", func() bool {
		code, why := s.get("/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(why, "warehouse")
	})
	s.taken(message("1", "wamid.AWAY", "while the engine is away"))
	require.Equal(t, 200, s.status("/healthz"))
	took := within(t, time.Minute, "the engine does not come back", func() bool { return s.status("/readyz") == 200 })
	s.awaitWorked()
	require.EqualValues(t, 1, s.number(s.conn(), "SELECT count() FROM messages"))
	require.Zero(t, s.stop())
	t.Logf("ready again after %v", took.Round(time.Millisecond))
}

// TestFullLog fills a small log while the engine is halted: webhooks are then answered 503 with Retry-After,
// nothing acknowledged is lost, and when the engine goes on so does everything else.
func TestFullLog(t *testing.T) {
	t.Parallel()
	s := startServer(t, "PARLEY_LOG_MAX_BYTES=16777216", "PARLEY_LOG_HIGH_WATER=0.5", "PARLEY_PIPELINE_BATCH_BYTES=1048576")
	engine := s.enginePID()
	require.NotZero(t, engine)
	require.NoError(t, syscall.Kill(engine, syscall.SIGSTOP)) // ended by the cleanup whatever happens
	words := strings.Repeat("a long message ", 1<<16)
	taken := 0
	for ; ; taken++ {
		require.Less(t, taken, 100, "the log takes more than its bound")
		res, err := s.send("", []byte(message("1", fmt.Sprintf("wamid.FULL-%d", taken), words)), appSecret)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		if res.StatusCode == http.StatusServiceUnavailable {
			require.NotEmpty(t, res.Header.Get("Retry-After"))
			break
		}
		require.Equal(t, 200, res.StatusCode)
	}
	require.NotZero(t, taken)
	_, metrics := s.get("/metrics")
	require.Contains(t, metrics, `parley_webhooks_refused_total{reason="full"} 1`)
	require.NoError(t, syscall.Kill(engine, syscall.SIGCONT))
	took := within(t, time.Minute, "webhooks are not taken again", func() bool {
		code, _ := s.answer(message("1", "wamid.FULL-again", "short"))
		return code == 200
	})
	s.awaitWorked()
	require.EqualValues(t, taken+1, s.number(s.conn(), "SELECT count() FROM messages FINAL"))
	require.Zero(t, s.stop())
	t.Logf("%d bodies of a megabyte taken, then 503; taken again %v after the engine went on", taken, took.Round(time.Millisecond))
}
