package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley/warehouse/engine"
)

// binary is the path of the program under test.
var binary string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// run builds the program, unless one is given, and runs the tests.
func run(m *testing.M) (int, error) {
	if binary = os.Getenv("PARLEY_TEST_BINARY"); binary != "" {
		var err error
		if binary, err = filepath.Abs(binary); err != nil {
			return 1, err
		}
		if _, err := os.Stat(binary); err != nil {
			return 1, fmt.Errorf("cannot use PARLEY_TEST_BINARY: %w", err)
		}
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "parley-e2e-bin-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "parley")
	if out, err := exec.Command("go", "build", "-o", binary, "parley/cmd/parley").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("cannot build the program: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// library is the path of the engine library; the test is skipped where there is none.
func library(t testing.TB) string {
	t.Helper()
	path, err := engine.Locate(os.Getenv("PARLEY_ENGINE_LIB"))
	if err != nil {
		t.Skip("no engine library: run `make engine`, or set PARLEY_ENGINE_LIB")
	}
	return path
}

// tempDir makes a folder with a short name: a unix socket's path has at most 108 bytes.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// result is what a command did.
type result struct {
	code           int
	stdout, stderr string
}

// command runs the program to its end, with an environment of its own, in a group of its own.
func command(ctx context.Context, t testing.TB, env []string, stdin string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.Stdin = env, &stdout, &stderr, bytes.NewReader([]byte(stdin))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err, "parley %q", args)
	}
	require.NoError(t, ctx.Err(), "parley %q took too long\n%s", args, &stderr)
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// baseEnv is the environment of every process that is started: none of our own PARLEY_* settings.
func baseEnv(home string) []string {
	env := []string{"HOME=" + home, "TZ=UTC"}
	for _, name := range []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH", "GOCOVERDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
