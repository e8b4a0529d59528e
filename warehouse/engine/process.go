package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"parley"
)

// child is a running engine process.
type child struct {
	command *exec.Cmd
	stdin   io.WriteCloser // open as long as we want it to live
	address address
	done    chan struct{} // closed when the process has ended and its output is read
	why     error         // valid after done
}

// startChild starts a child, gives it its orders and waits until it has answered a query. When it returns
// an error no process is left.
func startChild(ctx context.Context, config Config, secret string, log *slog.Logger) (*child, error) {
	c := &child{done: make(chan struct{})}
	stdout, err := c.spawn(config, log)
	if err != nil {
		return nil, parley.Errorf(parley.Transient, "cannot start the engine: %w", err)
	}
	ready := make(chan error, 1)
	go func() { // ends when the child has spoken or its output is closed
		ready <- c.greet(ctx, config, secret, stdout)
		io.Copy(io.Discard, stdout)
	}()
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	case <-c.done:
		err = fmt.Errorf("it ended: %w", c.why)
	}
	if err != nil {
		c.kill()
		return nil, parley.Errorf(parley.Transient, "cannot start the engine: %w", err)
	}
	return c, nil
}

// spawn starts the process and the goroutines that read its standard error and wait for its end.
func (c *child) spawn(config Config, log *slog.Logger) (io.Reader, error) {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return nil, err
	}
	c.command = exec.Command(config.Command[0], config.Command[1:]...)
	c.command.Dir = dir
	c.command.Env = childEnv(dir)
	// A process group of its own keeps a Ctrl-C on the terminal from reaching the engine before us.
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.stdin, err = c.command.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stderr, errOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, stdout.Close(), out.Close())
	}
	c.command.Stdout, c.command.Stderr = out, errOut
	err = c.command.Start()
	out.Close()
	errOut.Close()
	if err != nil {
		return nil, errors.Join(err, stdout.Close(), stderr.Close())
	}
	go c.reap(stdout, stderr, log)
	return stdout, nil
}

// reap owns the process until its end.
func (c *child) reap(stdout, stderr *os.File, log *slog.Logger) {
	logLines(stderr, log.With("pid", c.pid()))
	err := c.command.Wait()
	if err == nil {
		err = errors.New("exit status 0")
	}
	c.why = err
	stdout.Close()
	stderr.Close()
	close(c.done)
}

// childEnv is the whole environment of the child. It inherits none of ours: what is in the environment of
// the engine can be read with SQL. Times without a zone are UTC.
func childEnv(dir string) []string {
	env := []string{"TZ=UTC", "HOME=" + dir, "LANG=C.UTF-8"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// greet sends the orders, reads the address and asks a first query.
func (c *child) greet(ctx context.Context, config Config, secret string, stdout io.Reader) error {
	dir, err := filepath.Abs(config.Dir)
	if err != nil {
		return err
	}
	o := orders{Library: config.Library, Dir: dir, Secret: secret, Memory: config.Memory,
		Queries: config.Queries, MaxBody: config.MaxBody, Threads: config.Threads}
	if path := socketPath(dir); !config.Loopback && len(path) <= maxSocketPath {
		o.Socket = path
	}
	line, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := c.stdin.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot give it its orders: %w", err)
	}
	if line, err = readLine(stdout); err != nil {
		return fmt.Errorf("it did not say where it answers: %w", err)
	}
	if err := json.Unmarshal(line, &c.address); err != nil {
		return fmt.Errorf("it did not say where it answers: %w", err)
	}
	return c.address.check(ctx, secret)
}

func (c *child) pid() int { return c.command.Process.Pid }

// end asks the child to finish and waits for it, killing it when it takes longer than it promises.
func (c *child) end() {
	c.stdin.Close()
	c.command.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(3 * shutdownTimeout)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		c.kill()
	}
}

// kill ends the child, and whatever it may have started, at once and waits for it.
func (c *child) kill() {
	c.stdin.Close()
	select {
	case <-c.done: // its number may belong to somebody else by now
	default:
		syscall.Kill(-c.pid(), syscall.SIGKILL)
	}
	<-c.done
}

// maxLogLine bounds a line of the child's standard error, in bytes; the rest of a longer line is dropped.
const maxLogLine = 4 << 10

// logLines passes the child's standard error on, line by line, until it is closed.
func logLines(r io.Reader, log *slog.Logger) {
	lines := bufio.NewReaderSize(r, maxLogLine)
	for {
		line, isPrefix, err := lines.ReadLine()
		if len(line) > 0 {
			log.Warn("engine: " + string(line))
		}
		for isPrefix && err == nil {
			_, isPrefix, err = lines.ReadLine()
		}
		if err != nil {
			return
		}
	}
}
