package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"parley"
)

// memory is the resident memory of processes, in bytes.
type memory struct {
	resident  int64 // VmRSS: everything, also the parts of files that are mapped
	anonymous int64 // RssAnon: what belongs to the process alone
}

// parseStatus reads /proc/<pid>/status.
func parseStatus(status []byte) (m memory, err error) {
	fields := map[string]*int64{"VmRSS": &m.resident, "RssAnon": &m.anonymous}
	found := 0
	for line := range bytes.Lines(status) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		into := fields[string(name)]
		if !ok || into == nil {
			continue
		}
		number, unit, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" "))
		kib, err := strconv.ParseInt(string(number), 10, 64)
		if err != nil || kib < 0 || kib > 1<<50 || string(unit) != "kB" {
			return memory{}, parley.Errorf(parley.Invalid, "cannot read memory: %s is not a number of kB", name)
		}
		*into = kib << 10
		found++
	}
	if found == 0 { // a process that has ended and was not waited for has none
		return memory{}, parley.Errorf(parley.NotFound, "cannot read memory: the process has ended")
	}
	return m, nil
}

// clockTick is the unit of processor times in /proc, USER_HZ: 100 on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// processStat is what of /proc/<pid>/stat is used.
type processStat struct {
	parent    int
	processor time.Duration // user and system time
}

// parseStat reads /proc/<pid>/stat. The second field is the program's name in parentheses and may hold
// anything, parentheses and spaces included.
func parseStat(stat []byte) (processStat, error) {
	fail := func() (processStat, error) {
		return processStat{}, parley.Errorf(parley.Invalid, "cannot read process: not a line of /proc/<pid>/stat")
	}
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return fail()
	}
	fields := bytes.Fields(stat[end+1:])
	if len(fields) < 13 {
		return fail()
	}
	number := func(i int) int64 {
		n, err := strconv.ParseInt(string(fields[i]), 10, 64)
		if err != nil {
			return -1
		}
		return n
	}
	parent, user, system := number(1), number(11), number(12)
	if parent < 0 || user < 0 || system < 0 {
		return fail()
	}
	return processStat{parent: int(parent), processor: time.Duration(user+system) * clockTick}, nil
}

func readStat(pid int) (processStat, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processStat{}, err
	}
	return parseStat(content)
}

// family gives a process and everything that descends from it.
func family(root int) []int {
	names, _ := filepath.Glob("/proc/[0-9]*")
	parents := map[int]int{}
	for _, name := range names {
		pid, err := strconv.Atoi(filepath.Base(name))
		if err != nil {
			continue
		}
		if stat, err := readStat(pid); err == nil {
			parents[pid] = stat.parent
		}
	}
	members := []int{root}
	for i := 0; i < len(members); i++ {
		for pid, parent := range parents {
			if parent == members[i] {
				members = append(members, pid)
			}
		}
	}
	return members
}

// processorTime is what the processes have used so far.
func processorTime(pids []int) time.Duration {
	var sum time.Duration
	for _, pid := range pids {
		if stat, err := readStat(pid); err == nil {
			sum += stat.processor
		}
	}
	return sum
}

// sampleEvery is how often memory is looked at.
const sampleEvery = 100 * time.Millisecond

// familyEvery is after how many samples descendants are looked for again; that reads all of /proc.
const familyEvery = 10

// sampler watches the memory of a process and its descendants.
type sampler struct {
	root    int
	mu      sync.Mutex
	peak    memory // each figure's own highest
	samples int
	stop    chan struct{}
	stopped chan struct{}
}

func startSampler(root int) *sampler {
	s := &sampler{root: root, stop: make(chan struct{}), stopped: make(chan struct{})}
	go s.run()
	return s
}

func (s *sampler) run() {
	defer close(s.stopped)
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	var pids []int
	for n := 0; ; n++ {
		if n%familyEvery == 0 {
			pids = family(s.root)
		}
		s.sample(pids)
		select {
		case <-tick.C:
		case <-s.stop:
			s.sample(pids)
			return
		}
	}
}

func (s *sampler) sample(pids []int) {
	var sum memory
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		if m, err := parseStatus(status); err == nil {
			sum.resident += m.resident
			sum.anonymous += m.anonymous
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.peak.resident, s.peak.anonymous = max(s.peak.resident, sum.resident), max(s.peak.anonymous, sum.anonymous)
	s.samples++
}

// end stops the sampler and gives the highest figures and the number of samples.
func (s *sampler) end() (memory, int) {
	close(s.stop)
	<-s.stopped
	return s.peak, s.samples
}
