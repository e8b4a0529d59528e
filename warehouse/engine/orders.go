package engine

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"parley"
)

// orders is the first line of the child's standard input: everything it needs to know. The secret travels
// here because arguments and environment of a process can be read by others.
type orders struct {
	Library string `json:"library"`
	Dir     string `json:"dir"`
	Socket  string `json:"socket"` // path of a unix socket; empty for a loopback port
	Secret  string `json:"secret"`
	Memory  int64  `json:"memory"`   // bytes
	Queries int    `json:"queries"`  // running at the same time
	MaxBody int64  `json:"max_body"` // bytes of one request
	Threads int    `json:"threads"`  // per query
}

// address is the one line the child writes to its standard output, once it answers.
type address struct {
	Network string `json:"network"` // unix or tcp
	Address string `json:"address"`
}

// maxLine bounds both lines.
const maxLine = 64 << 10

// Files in the engine's folder.
func dataDir(dir string) string    { return filepath.Join(dir, "data") }
func backupDir(dir string) string  { return filepath.Join(dir, "backups") }
func configPath(dir string) string { return filepath.Join(dir, "config.xml") }
func socketPath(dir string) string { return filepath.Join(dir, "engine.sock") }
func lockPath(dir string) string   { return filepath.Join(dir, "lock") }
func recordPath(dir string) string { return filepath.Join(dir, "engine.json") }

// maxSocketPath is the longest path a unix socket can be bound to on every system we run on, with room for
// the terminating zero (sun_path has 104 bytes on macOS, 108 on Linux).
const maxSocketPath = 100

// shutdownTimeout is how long the child waits for running queries when it is asked to end.
const shutdownTimeout = 10 * time.Second

// ordersFD names, in the environment of an enclosed child, the descriptor with its orders.
const ordersFD = "PARLEY_ENGINE_ORDERS_FD"

// takeOrders reads the orders and has the kernel enclose the process. That starts it anew: the second time
// the orders come from a pipe, and what is left of the standard input is the parent's sign of life.
func takeOrders(c ChildConfig) (orders, error) {
	if fd, err := strconv.Atoi(os.Getenv(ordersFD)); err == nil && fd > 2 {
		pipe := os.NewFile(uintptr(fd), "orders")
		defer pipe.Close()
		o, _, err := readOrders(pipe)
		return o, err
	}
	o, line, err := readOrders(c.Stdin)
	if err != nil {
		return o, err
	}
	if err := prepareFolder(o); err != nil {
		return o, err
	}
	if err := enclose(o, line); err != nil {
		c.Log.Warn("the engine may read every file that its user may read", "why", err)
	}
	return o, nil
}

// readOrders reads one line, and gives it back as well.
func readOrders(r io.Reader) (orders, []byte, error) {
	var o orders
	line, err := readLine(r)
	if err != nil {
		return o, nil, parley.Errorf(parley.Invalid, "cannot read the engine's orders: %w", err)
	}
	if err := json.Unmarshal(line, &o); err != nil {
		// The text of the error could quote the secret.
		return o, nil, parley.Errorf(parley.Invalid, "cannot read the engine's orders: they are not valid JSON")
	}
	if o.Library == "" || o.Dir == "" || o.Secret == "" || o.Memory <= 0 || o.Queries <= 0 || o.MaxBody <= 0 || o.Threads <= 0 {
		return o, nil, parley.Errorf(parley.Invalid, "cannot use the engine's orders: a field is missing or not positive")
	}
	return o, line, nil
}

// readLine reads up to a newline byte by byte, so that what follows stays unread.
func readLine(r io.Reader) ([]byte, error) {
	var line []byte
	var b [1]byte
	for len(line) < maxLine {
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			return line, nil
		}
		line = append(line, b[0])
	}
	return nil, parley.Errorf(parley.TooLarge, "cannot read a line: longer than %d bytes", maxLine)
}
