package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"math/rand/v2"

	"github.com/stretchr/testify/require"
)

// children lists the processes whose parent is pid.
func children(pid int) []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var found []int
	for _, path := range stats {
		state, parent := stat(path)
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && parent == pid && state != "Z" {
			found = append(found, child)
		}
	}
	return found
}

// gone reports whether no process of this number runs; a zombie does not.
func gone(pid int) bool {
	state, _ := stat(fmt.Sprintf("/proc/%d/stat", pid))
	return state == "" || state == "Z"
}

// stat reads the state and the parent of a process; nothing where it has ended. The line is
// "pid (name) state parent ..."; the name may hold spaces and brackets.
func stat(path string) (state string, parent int) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", 0
	}
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}

// freePort finds a port below those that the system gives to outgoing connections: while a server is
// down, none of its clients can be given its port.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			require.NoError(t, l.Close())
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// output collects what a process writes. It is safe for concurrent use.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// tail is the end of it, for a failure's message.
func (o *output) tail() string {
	s := o.String()
	return s[max(0, len(s)-8<<10):]
}

// lookEvery is how often a condition of another process is looked at: processes send us no events.
const lookEvery = 5 * time.Millisecond
