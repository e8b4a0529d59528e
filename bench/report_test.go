package bench

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

func TestJudge(t *testing.T) {
	t.Parallel()
	f := func(want bool, figure Figure) {
		t.Helper()
		figure.judge()
		require.Equal(t, want, figure.OK)
	}
	f(true, Figure{Value: 10, Target: Target{Value: 10}})
	f(false, Figure{Value: 9, Target: Target{Value: 10}})
	f(true, Figure{Value: 9, Target: Target{Value: 10, AtMost: true}})
	f(false, Figure{Value: 11, Target: Target{Value: 10, AtMost: true}})
	f(true, Figure{Value: 10, Target: Target{Value: 10, MinRatio: 0.4}, Ceiling: &Ceiling{Value: 25}})
	f(false, Figure{Value: 10, Target: Target{Value: 10, MinRatio: 0.4}, Ceiling: &Ceiling{Value: 26}})
	f(false, Figure{Value: 10, Target: Target{Value: 10, MinRatio: 0.4}}) // no ceiling: nothing to compare with
	f(false, Figure{Value: 10, Target: Target{Value: 10}, Faults: []string{"not all became visible"}})
}

func TestNumber(t *testing.T) {
	t.Parallel()
	f := func(v float64, want string) {
		t.Helper()
		require.Equal(t, want, number(v))
	}
	f(0, "0")
	f(0.123, "0.12")
	f(12.34, "12.3")
	f(123.4, "123")
	f(1234.5, "1,235")
	f(1e6, "1,000,000")
	f(999, "999")
	f(-1234, "-1,234")
	f(1234.4, "1,234")
	f(-123, "-123")
}

// sampleReport has every shape a report can have.
func sampleReport() *Report {
	r := &Report{
		Format: 1, Benchmark: "ingest", StartedAt: time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC), Seconds: 20, Quick: true,
		Hardware: Hardware{Processor: "Example 9000", Cores: 2, MemoryBytes: 8 << 30, Kernel: "6.1", FsyncP50: 0.2, FsyncP99: 1.5},
		Versions: map[string]string{"parley": "1.0", "engine": "26.7"}, Load: [2]float64{0.5, 3},
		Figures: []Figure{
			{Name: AckSingle, What: "posts of one item", Value: 12_000, Unit: "posts/s", Target: Target{Value: 10_000, MinRatio: 0.4},
				Ceiling: &Ceiling{What: "a bare handler", Value: 24_000}, Details: map[string]float64{"latency_p50_ms": 3.8}},
			{Name: EndToEnd100, What: "100 items a post", Value: 9_000, Unit: "messages/s", Target: Target{Value: 9_900}, Faults: []string{"the backlog grew"}},
			{Name: Memory, What: "highest resident memory", Value: 800, Unit: "MB", Target: Target{Value: 1_500, AtMost: true}},
		},
	}
	for i := range r.Figures {
		r.Figures[i].judge()
	}
	return r
}

func TestReport(t *testing.T) {
	t.Parallel()
	golden := func(name, got string) {
		t.Helper()
		file := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, string(want), got)
	}
	var text strings.Builder
	require.NoError(t, sampleReport().Write(&text))
	golden("report.txt", text.String())
	document, err := json.MarshalIndent(sampleReport(), "", "  ")
	require.NoError(t, err)
	golden("report.json", string(document)+"\n")
}
