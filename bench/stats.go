package bench

import (
	"cmp"
	"slices"
	"time"
)

// quantile is the smallest value that at least the part q of the values do not exceed; sorted must be in
// ascending order. It is zero for no values.
func quantile[T cmp.Ordered](sorted []T, q float64) T {
	var zero T
	n := len(sorted)
	if n == 0 {
		return zero
	}
	rank := int(q * float64(n))
	if float64(rank) < q*float64(n) {
		rank++
	}
	return sorted[min(max(rank, 1), n)-1]
}

// sighting is what a query saw: so many rows at that time.
type sighting struct {
	at    time.Time
	count uint64
}

// visibleAfter pairs arrivals with sightings: the k-th row to arrive was visible at the first sighting of at
// least k rows. Both must be in ascending order; base is the number of rows that were there before. It gives
// the delays in the order of arrival; rows that no sighting has seen are left out.
//
// It holds where rows become visible in the order in which they arrived, as batches do. Within a batch all
// rows become visible together, so their order there does not matter.
func visibleAfter(arrivals []time.Time, sightings []sighting, base uint64) []time.Duration {
	delays := make([]time.Duration, 0, len(arrivals))
	s := 0
	for k, arrival := range arrivals {
		for s < len(sightings) && sightings[s].count < base+uint64(k)+1 {
			s++
		}
		if s == len(sightings) {
			break
		}
		delays = append(delays, max(0, sightings[s].at.Sub(arrival)))
	}
	return delays
}

// spread is a distribution in figures.
type spread struct {
	p50, p99, max time.Duration
}

func spreadOf(delays []time.Duration) spread {
	sorted := slices.Clone(delays)
	slices.Sort(sorted)
	return spread{quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)}
}

// grows compares the delays of the last quarter of the arrivals with those of the second: a backlog that
// grows delays the later ones more. The first quarter is left out, the server is still finding its pace.
// slack is the difference that one batch more or less makes.
func grows(delays []time.Duration, slack time.Duration) bool {
	n := len(delays)
	if n < 4 {
		return false
	}
	early, late := spreadOf(delays[n/4:n/2]), spreadOf(delays[3*n/4:])
	return late.p50 > early.p50+slack
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
