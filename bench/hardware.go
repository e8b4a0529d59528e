package bench

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley"
)

// Hardware is the machine that was measured.
type Hardware struct {
	Processor   string  `json:"processor"`
	Cores       int     `json:"cores"`
	MemoryBytes int64   `json:"memory_bytes"`
	Kernel      string  `json:"kernel"`
	FsyncP50    float64 `json:"fsync_p50_ms"` // 4 KiB appended and synced, in the folder of the data
	FsyncP99    float64 `json:"fsync_p99_ms"`
}

func readHardware(dir string, now func() time.Time) (Hardware, error) {
	h := Hardware{Cores: runtime.NumCPU()}
	if content, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		h.Processor = valueOf(content, "model name")
	}
	if content, err := os.ReadFile("/proc/meminfo"); err == nil {
		kib, _ := strconv.ParseInt(strings.TrimSuffix(valueOf(content, "MemTotal"), " kB"), 10, 64)
		h.MemoryBytes = kib << 10
	}
	if content, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		h.Kernel = strings.TrimSpace(string(content))
	}
	took, err := syncTimes(dir, now)
	h.FsyncP50, h.FsyncP99 = millis(took.p50), millis(took.p99)
	return h, err
}

// valueOf finds the first line "name : value" of a file of /proc.
func valueOf(content []byte, name string) string {
	for line := range bytes.Lines(content) {
		if key, value, ok := bytes.Cut(line, []byte(":")); ok && string(bytes.TrimSpace(key)) == name {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// syncs is how often the disk is asked.
const syncs = 200

// syncTimes measures how long the disk takes to keep 4 KiB.
func syncTimes(dir string, now func() time.Time) (took spread, err error) {
	f, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return took, parley.Errorf(parley.Internal, "cannot measure the disk: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	block := slices.Repeat([]byte{'p'}, 4096)
	times := make([]time.Duration, 0, syncs)
	for range syncs {
		begin := now()
		if _, err = f.Write(block); err == nil {
			err = f.Sync()
		}
		if err != nil {
			return took, parley.Errorf(parley.Internal, "cannot measure the disk: %w", err)
		}
		times = append(times, now().Sub(begin))
	}
	return spreadOf(times), nil
}

// loadAverage is that of the last minute: whether somebody else used the machine.
func loadAverage() float64 {
	content, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	one, _, _ := strings.Cut(string(content), " ")
	load, _ := strconv.ParseFloat(one, 64)
	return load
}
