package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Secrets of the servers under test. They are also looked for in the logs.
const (
	appSecret   = "e2e-app-secret-5d41402abc4b2a76"
	verifyToken = "e2e-verify-token-b9719d911017c592"
	identityKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
)

// server is `parley serve` as a process that can be started again on the same folder and port.
type server struct {
	t    testing.TB
	dir  string // its data folder
	url  string
	env  []string
	args []string
	logs *output // of all its lives

	cmd    *exec.Cmd
	done   chan struct{} // closed when the process has ended
	engine int           // pid of the last engine process seen
}

// newServer prepares a server; settings are variables of its environment, NAME=VALUE.
func newServer(t testing.TB, settings ...string) *server {
	t.Helper()
	lib := library(t)
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("the system has no /proc to find the engine's process in")
	}
	home := tempDir(t)
	s := &server{t: t, dir: filepath.Join(home, "d"), logs: &output{}, args: []string{"serve"}}
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	s.url = "http://" + address
	s.env = append(baseEnv(home), "PARLEY_DATA_DIR="+s.dir, "PARLEY_LISTEN="+address, "PARLEY_ENGINE_LIB="+lib,
		"PARLEY_WHATSAPP_APP_SECRET="+appSecret, "PARLEY_WHATSAPP_VERIFY_TOKEN="+verifyToken,
		"PARLEY_IDENTITY_KEY="+identityKey, "PARLEY_VERIFY_AT=")
	s.env = append(s.env, settings...)
	t.Cleanup(func() {
		if s.running() {
			s.enginePID()
			s.kill()
		}
		require.Eventually(t, func() bool { return s.engine == 0 || gone(s.engine) }, 20*time.Second, lookEvery,
			"the engine's process outlived its server")
		if t.Failed() {
			t.Logf("server:\n%s", s.logs.tail())
		}
	})
	return s
}

// startServer starts a server and waits until it is ready.
func startServer(t testing.TB, settings ...string) *server {
	t.Helper()
	s := newServer(t, settings...)
	s.start()
	s.awaitReady()
	return s
}

// start starts the process and does not wait for anything.
func (s *server) start() {
	s.t.Helper()
	require.NoError(s.t, s.launch())
}

// launch is start for other goroutines than the test's.
func (s *server) launch() error {
	cmd := exec.Command(binary, s.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = s.env, s.logs, s.logs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { // ends with the process
		defer close(done)
		cmd.Wait()
	}()
	s.cmd, s.done = cmd, done
	return nil
}

func (s *server) running() bool {
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// awaitReady waits until /readyz answers 200.
func (s *server) awaitReady() {
	s.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for s.status("/readyz") != http.StatusOK {
		require.True(s.t, s.running(), "the server has ended:\n%s", s.logs.tail())
		require.True(s.t, time.Now().Before(deadline), "the server does not get ready:\n%s", s.logs.tail())
		time.Sleep(lookEvery)
	}
	s.enginePID()
}

// client of all requests of the tests; it keeps no connection that a killed server has left behind.
var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// status asks a path and gives the status code; 0 where nobody answers.
func (s *server) status(path string) int {
	code, _ := s.get(path)
	return code
}

// get asks a path; code 0 where nobody answers.
func (s *server) get(path string) (int, string) {
	res, err := client.Get(s.url + path)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, ""
	}
	return res.StatusCode, string(body)
}

// enginePID finds the process of the engine, 0 where there is none.
func (s *server) enginePID() int {
	for _, pid := range children(s.cmd.Process.Pid) {
		s.engine = pid
		return pid
	}
	return 0
}

// awaitEngine waits for a process of the engine other than before.
func (s *server) awaitEngine(ctx context.Context, before int) (int, error) {
	for ctx.Err() == nil {
		if pid := s.enginePID(); pid != 0 && pid != before {
			return pid, nil
		}
		if !s.running() {
			return 0, errors.New("the server has ended")
		}
		time.Sleep(lookEvery)
	}
	return 0, fmt.Errorf("no engine process appears: %w", ctx.Err())
}

// kill ends the process with SIGKILL and waits for its end. The engine ends by itself.
func (s *server) kill() {
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.done
}

// stop asks the process to end, waits for it and gives its exit code.
func (s *server) stop() int {
	s.t.Helper()
	s.enginePID()
	require.NoError(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		s.t.Fatalf("the server does not stop:\n%s", s.logs.tail())
	}
	return s.cmd.ProcessState.ExitCode()
}

// run runs another command of the program with the server's configuration.
func (s *server) run(args ...string) result {
	s.t.Helper()
	return command(s.t.Context(), s.t, s.env, "", args...)
}
