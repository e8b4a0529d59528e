package bench

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	f := func(sorted []int, q float64, want int) {
		t.Helper()
		require.Equal(t, want, quantile(sorted, q))
	}
	f(nil, 0.5, 0)
	f([]int{7}, 0, 7)
	f([]int{7}, 1, 7)
	f([]int{1, 2, 3, 4}, 0.5, 2)
	f([]int{1, 2, 3, 4}, 0.51, 3)
	f([]int{1, 2, 3, 4}, 0.99, 4)
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	f(hundred, 0.99, 99)
	f(hundred, 0.991, 100)
}

func TestVisibleAfter(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	f := func(arrivals []int, sightings []sighting, base uint64, want ...int) {
		t.Helper()
		var times []time.Time
		for _, a := range arrivals {
			times = append(times, at(a))
		}
		got := visibleAfter(times, sightings, base)
		require.Len(t, got, len(want))
		for i := range want {
			require.Equal(t, time.Duration(want[i])*time.Millisecond, got[i], "row %d", i)
		}
	}
	seen := []sighting{{at(0), 10}, {at(100), 10}, {at(200), 12}, {at(300), 13}}
	f([]int{10, 20, 150}, seen, 10, 190, 180, 150)
	f([]int{10, 20, 150, 160}, seen, 10, 190, 180, 150) // the last was never seen
	f([]int{10}, nil, 10)
	f(nil, seen, 10)
	f([]int{90}, []sighting{{at(80), 1}}, 0, 0) // clocks are read one after the other: no negative delay
}

func TestGrows(t *testing.T) {
	t.Parallel()
	f := func(want bool, delay func(i int) time.Duration) {
		t.Helper()
		delays := make([]time.Duration, 400)
		for i := range delays {
			delays[i] = delay(i)
		}
		require.Equal(t, want, grows(delays, time.Second))
	}
	f(false, func(int) time.Duration { return 500 * time.Millisecond })
	f(true, func(i int) time.Duration { return time.Duration(i) * 10 * time.Millisecond })
	f(false, func(i int) time.Duration { return time.Duration(i) * time.Millisecond })
	f(false, func(i int) time.Duration { return max(0, 5*time.Second-time.Duration(i)*20*time.Millisecond) }) // a late start
	require.False(t, grows(nil, 0))
}
