package bench

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"parley"
	"parley/ingest/simulate"
)

// Bounds of a child process.
const (
	startWithin = 60 * time.Second
	stopWithin  = 60 * time.Second
	maxLogLine  = 1 << 20
	keptLines   = 20 // of what it said last, for the error when it fails
)

// child is a process of this same program that serves HTTP.
type child struct {
	cmd   *exec.Cmd
	url   string
	ended chan struct{} // closed when its output has ended
	last  []string      // what it said last; read after ended
}

// startChild runs this program with arguments and waits until it says where it serves: a line of JSON with
// the field url on standard error, as `parley serve` writes it.
func startChild(ctx context.Context, executable string, args, environ []string) (*child, error) {
	c := &child{cmd: exec.Command(executable, args...), ended: make(chan struct{})}
	c.cmd.Env = environ
	output, err := c.cmd.StderrPipe()
	if err == nil {
		err = c.cmd.Start()
	}
	if err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot start %s: %w", args[0], err)
	}
	found := make(chan string, 1)
	go c.read(output, found)
	timer := time.NewTimer(startWithin)
	defer timer.Stop()
	select {
	case c.url = <-found:
		return c, nil
	case <-c.ended:
		err = parley.Errorf(parley.Internal, "cannot start %s: it ended: %s", args[0], strings.Join(c.last, "\n"))
	case <-timer.C:
		err = parley.Errorf(parley.Internal, "cannot start %s: it does not serve after %v", args[0], startWithin)
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, c.stop())
}

// read follows what the child says until it ends.
func (c *child) read(output io.Reader, found chan<- string) {
	defer close(c.ended)
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, maxLogLine)
	announced := false
	for lines.Scan() {
		var line struct{ URL string }
		if !announced && json.Unmarshal(lines.Bytes(), &line) == nil && line.URL != "" {
			announced = true
			found <- line.URL
			continue
		}
		c.last = append(c.last, lines.Text())
		c.last = c.last[max(0, len(c.last)-keptLines):]
	}
	io.Copy(io.Discard, output) // a line too long ends the scan, but must not stop the child
}

// stop asks the child to end and waits for it.
func (c *child) stop() error {
	c.cmd.Process.Signal(syscall.SIGTERM)
	kill := time.AfterFunc(stopWithin, func() { c.cmd.Process.Kill() })
	defer kill.Stop()
	<-c.ended
	if err := c.cmd.Wait(); err != nil {
		return parley.Errorf(parley.Internal, "cannot stop process cleanly: %w: %s", err, strings.Join(c.last, "\n"))
	}
	return nil
}

// server is a `parley serve` in a folder of its own.
type server struct {
	*child
	dir    string
	secret string
}

// tenant owns the simulator's numbers.
const tenant parley.TenantID = "bench"

func startServer(ctx context.Context, c Config, dir string, more ...string) (*server, error) {
	var key [16]byte
	rand.Read(key[:])
	s := &server{dir: filepath.Join(dir, "data"), secret: hex.EncodeToString(key[:])}
	file := filepath.Join(dir, "parley.yaml")
	if err := os.WriteFile(file, serverConfig(s.dir, s.secret), 0o600); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot write the server's configuration: %w", err)
	}
	args := append([]string{"serve", "--config", file}, more...)
	var err error
	s.child, err = startChild(ctx, c.Executable, args, serverEnvironment(os.Environ()))
	return s, err
}

// serverConfig sets what a benchmark must set, and nothing that changes how fast the server is. JSON is YAML.
func serverConfig(dir, secret string) []byte {
	var numbers []parley.PhoneNumberID
	for _, n := range simulate.DemoNumbers() {
		numbers = append(numbers, n.ID)
	}
	content, err := json.Marshal(map[string]any{
		"data_dir": dir, "listen": "127.0.0.1:0", "logging": map[string]any{"format": "json"},
		"whatsapp": map[string]any{"app_secret": secret},
		"tenants":  []any{map[string]any{"id": tenant, "phone_number_ids": numbers}},
	})
	if err != nil {
		panic(err) // only words and numbers are in it
	}
	return content
}

// serverEnvironment leaves out the settings of another installation, but for where the engine is.
func serverEnvironment(environ []string) []string {
	var kept []string
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "PARLEY_") || strings.HasPrefix(pair, "PARLEY_ENGINE_LIB=") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// ServeBare is the ceiling of the receiver: a handler that reads the body and answers 200. It says where it
// listens as `parley serve` does, and serves until ctx ends.
func ServeBare(ctx context.Context, announce io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return parley.Errorf(parley.Internal, "cannot listen: %w", err)
	}
	s := &http.Server{ReadTimeout: 30 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
	})}
	stop := context.AfterFunc(ctx, func() { s.Close() })
	defer stop()
	fmt.Fprintf(announce, "{\"url\":\"http://%s\"}\n", listener.Addr())
	if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return parley.Errorf(parley.Internal, "cannot serve: %w", err)
	}
	return nil
}
