package engine

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/stretchr/testify/require"

	"parley"
)

const patience = 20 * time.Second

func TestKilledChildIsStartedAgainWithItsData(t *testing.T) {
	t.Parallel()
	s, log := started(t, nil)
	conn := database(t, s)
	ctx := t.Context()
	require.NoError(t, conn.Exec(ctx, "CREATE TABLE k (a UInt64) ENGINE = MergeTree ORDER BY a"))
	for round := range 3 {
		require.NoError(t, conn.Exec(ctx, "INSERT INTO k SELECT number FROM numbers(1000)"))
		before := s.PID()
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		require.Eventually(t, func() bool { pid := s.PID(); return pid != 0 && pid != before }, patience, 5*time.Millisecond, log)
		require.NoError(t, s.Ready())
		var n uint64
		require.Eventually(t, func() bool { // connections made before the kill fail once each
			return conn.QueryRow(ctx, "SELECT count() FROM k").Scan(&n) == nil
		}, patience, 5*time.Millisecond)
		require.EqualValues(t, 1000*(round+1), n)
	}
	require.EqualValues(t, 3, s.Restarts())
}

func TestConnectionsWaitForARestart(t *testing.T) {
	t.Parallel()
	s, _ := started(t, nil)
	before := s.PID()
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	require.Eventually(t, func() bool { return s.PID() != before }, patience, time.Millisecond)
	// A fresh connection is made while there may be no child: it waits instead of failing.
	require.NoError(t, connect(t, s.Options()).Ping(t.Context()))
}

func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	command := exec.Command(os.Args[0], "parent", t.TempDir(), libraryPath(t))
	stdin, err := command.StdinPipe()
	require.NoError(t, err)
	defer stdin.Close()
	stdout, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0))
	require.NoError(t, command.Process.Kill())
	command.Wait()
	require.Eventually(t, func() bool { return gone(pid) }, patience, 10*time.Millisecond)
}

// gone reports whether a process that is not our child has ended. One that waits to be reaped by whoever
// inherited it has ended.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	status, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && bytes.Contains(status, []byte(") Z "))
}

// TestEndOfInputEndsTheChild covers systems on which the kernel does not help.
func TestEndOfInputEndsTheChild(t *testing.T) {
	t.Parallel()
	s, _ := started(t, nil)
	c := s.child()
	require.NoError(t, c.stdin.Close())
	select {
	case <-c.done:
		require.ErrorContains(t, c.why, "exit status 0")
	case <-time.After(patience):
		t.Fatal("the child still runs")
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	s, log := started(t, nil)
	o := s.Options()
	o.Auth.Password = "wrong"
	err := connect(t, o).Ping(t.Context())
	require.ErrorContains(t, err, "AUTHENTICATION_FAILED")
	require.ErrorContains(t, s.child().address.check(t.Context(), ""), "AUTHENTICATION_FAILED")
	arguments, err := os.ReadFile("/proc/" + strconv.Itoa(s.PID()) + "/cmdline")
	if err == nil {
		require.NotContains(t, string(arguments), s.secret)
	}
	environment, err := os.ReadFile("/proc/" + strconv.Itoa(s.PID()) + "/environ")
	if err == nil {
		require.NotContains(t, string(environment), s.secret)
		require.NotContains(t, string(environment), "PARLEY_ENGINE_LIB")
	}
	require.NotContains(t, log.String(), s.secret)
}

func TestMemoryCap(t *testing.T) {
	t.Parallel()
	s, _ := started(t, func(c *Config) { c.Memory = 384 << 20 })
	conn := connect(t, s.Options())
	pid := s.PID()
	f := func(settings clickhouse.Settings) {
		t.Helper()
		var n uint64
		err := conn.QueryRow(clickhouse.Context(t.Context(), clickhouse.WithSettings(settings)),
			"SELECT length(groupArray(number)) FROM numbers(300000000)").Scan(&n)
		var exception *clickhouse.Exception
		require.ErrorAs(t, err, &exception)
		require.EqualValues(t, 241, exception.Code)
	}
	f(nil)                                        // one query's share
	f(clickhouse.Settings{"max_memory_usage": 0}) // the cap of the engine, when a query lifts its own
	require.NoError(t, conn.Ping(t.Context()))
	require.Equal(t, pid, s.PID())
}

func TestLock(t *testing.T) {
	t.Parallel()
	s, _ := started(t, nil)
	second, err := New(s.config, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	err = second.Start(t.Context())
	require.Equal(t, parley.Conflict, parley.KindOf(err))
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid()))
}

func TestAttach(t *testing.T) {
	t.Parallel()
	f := func(change func(*Config)) {
		t.Helper()
		s, log := started(t, change)
		dir := s.config.Dir
		info, err := os.Stat(recordPath(dir))
		require.NoError(t, err)
		require.EqualValues(t, 0o600, info.Mode().Perm())
		o, err := Attach(t.Context(), dir)
		require.NoError(t, err)
		conn := connect(t, o)
		require.NoError(t, conn.Ping(t.Context()))
		before := s.PID()
		require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
		require.Eventually(t, func() bool { pid := s.PID(); return pid != 0 && pid != before }, patience, 5*time.Millisecond, log)
		require.Eventually(t, func() bool { return conn.Ping(t.Context()) == nil }, patience, 5*time.Millisecond)
	}
	f(nil)
	f(func(c *Config) { c.Loopback = true })
	f(func(c *Config) { // too long a path for a socket
		c.Dir = filepath.Join(c.Dir, strings.Repeat("d", 100))
	})
}

func TestAttachWithoutAnEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := Attach(t.Context(), dir)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
	// What a killed parent leaves behind is not an engine.
	require.NoError(t, writeRecord(dir, record{1, "s", "d", address{"unix", socketPath(dir)}}))
	_, err = Attach(t.Context(), dir)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
	require.NoError(t, os.WriteFile(recordPath(dir), []byte("{"), 0o600))
	_, err = Attach(t.Context(), dir)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
}

func TestStopRemovesTheRecordAndEndsTheChild(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Dir: t.TempDir(), Library: libraryPath(t), Random: rand.Reader}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	pid := s.PID()
	require.NoError(t, s.Stop(t.Context()))
	require.Error(t, syscall.Kill(pid, 0))
	require.Zero(t, s.PID())
	require.Equal(t, parley.Transient, parley.KindOf(s.Ready()))
	_, err = Attach(t.Context(), s.config.Dir)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	f := func(change func(*Config), want string) {
		t.Helper()
		c := Config{Dir: t.TempDir(), Library: libraryPath(t), Random: rand.Reader}
		change(&c)
		s, err := New(c, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		require.ErrorContains(t, s.Start(ctx), want)
		lock, err := lockFolder(c.Dir) // the folder is free again
		require.NoError(t, err)
		require.NoError(t, lock.release())
	}
	f(func(c *Config) { c.Library = "/nonexistent/libchdb.so" }, "cannot start the engine") // its end and its silence race
	f(func(c *Config) { c.Command = []string{"/nonexistent/parley"} }, "cannot start the engine")
	f(func(c *Config) {
		c.Command = []string{"/bin/sh", "-c", "sleep 100"}
		c.StartTimeout = 200 * time.Millisecond
	}, "deadline")
	f(func(c *Config) { c.Command = []string{"/bin/sh", "-c", "echo hello; sleep 100"} }, "where it answers")
}

// TestCallerGoesAway proves that a query ends when nobody waits for it any more.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	s, _ := started(t, nil)
	conn := connect(t, s.Options())
	running := func(text string) bool {
		var n uint64
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM system.processes WHERE query LIKE concat('%', {text:String}, '%') AND query NOT LIKE '%system.processes%'",
			clickhouse.Named("text", text)).Scan(&n))
		return n > 0
	}
	f := func(sql, mark string) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			var n uint64
			done <- conn.QueryRow(ctx, sql).Scan(&n)
		}()
		require.Eventually(t, func() bool { return running(mark) }, patience, 5*time.Millisecond)
		cancel()
		require.Error(t, <-done)
		require.Eventually(t, func() bool { return !running(mark) }, patience, 5*time.Millisecond)
	}
	f("SELECT sum(sipHash64(number)) FROM numbers(300000000000)", "300000000000")
	f("SELECT number FROM numbers(400000000000)", "400000000000")
}

func TestHTTPRefusals(t *testing.T) {
	t.Parallel()
	s, _ := started(t, func(c *Config) { c.MaxBody = 1 << 20 })
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return s.child().address.dial(ctx)
	}}}
	defer client.CloseIdleConnections()
	f := func(method, query, body, encoding string, status int, code string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+host+"/?"+query, strings.NewReader(body))
		require.NoError(t, err)
		r.Header.Set("X-ClickHouse-Key", s.secret)
		if encoding != "" {
			r.Header.Set("Content-Encoding", encoding)
		}
		response, err := client.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, status, response.StatusCode)
		require.Equal(t, code, response.Header.Get("X-ClickHouse-Exception-Code"))
	}
	f("POST", "", "SELECT 1", "", 200, "")
	f("GET", "query=SELECT+1", "", "", 405, "36")
	f("POST", "", "SELECT 1", "gzip", 400, "48")
	f("POST", "compress=1", "SELECT 1", "", 400, "48")
	f("POST", "decompress=1", "SELECT 1", "", 400, "48")
	f("POST", "session_id=x", "SELECT 1", "", 400, "48")
	f("POST", "database=a%60b", "SELECT 1", "", 400, "36")
	f("POST", "default_format=a+b", "SELECT 1", "", 400, "36")
	f("POST", "nonsense=1", "SELECT 1", "", 400, "115")
	f("POST", "max_threads=1%00", "SELECT 1", "", 400, "36")
	f("POST", "database=nowhere", "SELECT 1", "", 500, "81")
	f("POST", "query=INSERT+INTO+FUNCTION+null('a+String')+FORMAT+RawBLOB", strings.Repeat("x", 2<<20), "", 413, "307")
	f("POST", "", "SELECT 1"+strings.Repeat(" ", 2<<20), "", 400, "210")
}

func TestOrders(t *testing.T) {
	t.Parallel()
	good, err := json.Marshal(orders{"l", "d", "", "s", 1, 1, 1, 1})
	require.NoError(t, err)
	f := func(in string, kind parley.Kind, ok bool) {
		t.Helper()
		_, _, err := readOrders(strings.NewReader(in))
		require.Equal(t, ok, err == nil)
		if !ok {
			require.Equal(t, kind, parley.KindOf(err))
			require.NotContains(t, err.Error(), "topsecret")
		}
	}
	f(string(good)+"\n", 0, true)
	f(string(good), parley.Invalid, false)
	f("", parley.Invalid, false)
	f("{}\n", parley.Invalid, false)
	f(`{"secret":"topsecret",x}`+"\n", parley.Invalid, false)
	f(strings.Repeat("x", maxLine+1)+"\n", parley.Invalid, false)
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	f := func(n int, random string, want time.Duration) {
		t.Helper()
		require.InDelta(t, want, usualPace.wait(n, strings.NewReader(random)), float64(time.Millisecond))
	}
	low, high := strings.Repeat("\x00", 8), strings.Repeat("\xff", 8)
	f(1, low, 50*time.Millisecond)
	f(1, high, 150*time.Millisecond)
	f(2, low, 100*time.Millisecond)
	f(1000, high, 15*time.Second)
	f(3, "", 400*time.Millisecond)
}
