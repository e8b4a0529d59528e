package bench

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is what a run found. It is the JSON document of --json.
type Report struct {
	Format    int               `json:"format"` // rises when a field changes its meaning
	Benchmark string            `json:"benchmark"`
	StartedAt time.Time         `json:"started_at"`
	Seconds   float64           `json:"seconds"` // of each phase
	Quick     bool              `json:"quick"`   // too short to be quoted
	Hardware  Hardware          `json:"hardware"`
	Versions  map[string]string `json:"versions"`
	Load      [2]float64        `json:"load_average"` // of the last minute, before and after
	Figures   []Figure          `json:"figures"`
}

// Figure is one result beside what it is judged by.
type Figure struct {
	Name    string             `json:"name"`
	What    string             `json:"what"`
	Value   float64            `json:"value"`
	Unit    string             `json:"unit"`
	Target  Target             `json:"target"`
	Ceiling *Ceiling           `json:"ceiling,omitempty"`
	Ratio   float64            `json:"ratio,omitempty"` // of the value to the ceiling
	OK      bool               `json:"ok"`
	Details map[string]float64 `json:"details,omitempty"` // by name and unit
	Faults  []string           `json:"faults,omitempty"`  // why it is not ok beside the value
}

// Target is what a value must reach.
type Target struct {
	Value    float64 `json:"value"`
	AtMost   bool    `json:"at_most"`             // else at least
	MinRatio float64 `json:"min_ratio,omitempty"` // to the ceiling
}

// Ceiling is the same work without Parley.
type Ceiling struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
}

// judge compares value, ceiling and target.
func (f *Figure) judge() {
	if f.Ceiling != nil && f.Ceiling.Value > 0 {
		f.Ratio = f.Value / f.Ceiling.Value
	}
	reached := f.Value >= f.Target.Value
	if f.Target.AtMost {
		reached = f.Value <= f.Target.Value
	}
	f.OK = reached && f.Ratio >= f.Target.MinRatio && len(f.Faults) == 0
}

// fault takes note of something that makes the value worthless.
func (f *Figure) fault(format string, args ...any) {
	f.Faults = append(f.Faults, fmt.Sprintf(format, args...))
}

// Write shows the report to a person.
func (r *Report) Write(w io.Writer) error {
	var b strings.Builder
	h := r.Hardware
	fmt.Fprintf(&b, "%s, %d cores, %.0f GiB, Linux %s; 4 KiB synced in %.2f ms (p99 %.2f ms)\n",
		h.Processor, h.Cores, float64(h.MemoryBytes)/(1<<30), h.Kernel, h.FsyncP50, h.FsyncP99)
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		fmt.Fprintf(&b, "%s %s  ", name, r.Versions[name])
	}
	fmt.Fprintf(&b, "\nload average %.1f before, %.1f after; load generator on the same machine; %s a phase\n",
		r.Load[0], r.Load[1], time.Duration(r.Seconds*float64(time.Second)))
	if r.Quick {
		b.WriteString("a quick run: it shows that the benchmark works, its figures mean nothing\n")
	}
	for i := range r.Figures {
		r.Figures[i].write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Figure) write(b *strings.Builder) {
	mark := "missed"
	if f.OK {
		mark = "ok"
	}
	than := "at least"
	if f.Target.AtMost {
		than = "at most"
	}
	fmt.Fprintf(b, "\n%-18s %12s %-12s target %s %s", f.Name, number(f.Value), f.Unit, than, number(f.Target.Value))
	if f.Target.MinRatio > 0 {
		fmt.Fprintf(b, " and %.2f of the ceiling", f.Target.MinRatio)
	}
	fmt.Fprintf(b, ": %s\n    %s\n", mark, f.What)
	if f.Ceiling != nil {
		fmt.Fprintf(b, "    ceiling %s %s (%s): %.2f of it\n", number(f.Ceiling.Value), f.Unit, f.Ceiling.What, f.Ratio)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Details)) {
		fmt.Fprintf(b, "      %-36s %12s\n", strings.ReplaceAll(name, "_", " "), number(f.Details[name]))
	}
	for _, fault := range f.Faults {
		fmt.Fprintf(b, "    ! %s\n", fault)
	}
}

// number writes as many digits as mean something.
func number(v float64) string {
	switch {
	case v >= 1000 || v == float64(int64(v)):
		return grouped(int64(math.Round(v)))
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

// grouped writes thousands apart.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
