package bench

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

func TestParseStatus(t *testing.T) {
	t.Parallel()
	m, err := parseStatus([]byte("Name:\tparley\nVmPeak:\t  999 kB\nVmRSS:\t    2048 kB\nRssAnon:\t     1024 kB\nRssFile:\t 1024 kB\n"))
	require.NoError(t, err)
	require.Equal(t, memory{resident: 2 << 20, anonymous: 1 << 20}, m)
	bad := func(status string, kind parley.Kind) {
		t.Helper()
		_, err := parseStatus([]byte(status))
		require.Equal(t, kind, parley.KindOf(err), status)
	}
	bad("Name:\tzombie\n", parley.NotFound)
	bad("", parley.NotFound)
	bad("VmRSS:\t 12 MB\n", parley.Invalid)
	bad("VmRSS:\t -12 kB\n", parley.Invalid)
	bad("VmRSS:\t 99999999999999999999 kB\n", parley.Invalid)
	bad("VmRSS:\n", parley.Invalid)
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	line := func(name string) []byte {
		return []byte("42 (" + name + ") S 7 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 8 0 1000 1 1\n")
	}
	for _, name := range []string{"parley", "a b", "x) R 9 (y", ""} {
		stat, err := parseStat(line(name))
		require.NoError(t, err, name)
		require.Equal(t, processStat{parent: 7, processor: 2 * time.Second}, stat, name)
	}
	for _, bad := range []string{"", "42 (parley", "42 (parley) S 7", "42 (parley) S x 42 42 0 -1 4194560 100 0 0 0 150 50 0 0", "42 (parley) S 7 42 42 0 -1 4194560 100 0 0 0 150 -50 0 0"} {
		_, err := parseStat([]byte(bad))
		require.Error(t, err, bad)
	}
}

func FuzzProcess(f *testing.F) {
	f.Add([]byte("VmRSS:\t 12 kB\n"))
	f.Add([]byte("42 (parley) S 7 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20"))
	f.Fuzz(func(t *testing.T, content []byte) {
		if m, err := parseStatus(content); err == nil {
			require.GreaterOrEqual(t, m.resident, int64(0))
			require.GreaterOrEqual(t, m.anonymous, int64(0))
		}
		if s, err := parseStat(content); err == nil {
			require.GreaterOrEqual(t, s.parent, 0)
		}
	})
}

// TestSampler looks at this very process.
func TestSampler(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("there is no /proc here")
	}
	require.Contains(t, family(os.Getppid()), os.Getpid())
	s := startSampler(os.Getpid())
	held := []byte(strings.Repeat("x", 64<<20))
	peak, samples := s.end()
	require.Greater(t, peak.resident, int64(len(held)))
	require.GreaterOrEqual(t, samples, 2, "one at the start, one at the end")
	require.NotEmpty(t, held)
}
