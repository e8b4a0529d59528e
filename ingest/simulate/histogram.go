package simulate

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets that are at most 1/32 apart: 32 to each power of two of
// microseconds, up to 2^40 µs. It is not safe for concurrent use.
type histogram struct {
	buckets [36 * 32]int64
	count   int64
	max     time.Duration
}

const subBuckets = 32

func bucketOf(d time.Duration) int {
	us := uint64(max(0, d.Microseconds()))
	if us < subBuckets {
		return int(us)
	}
	exp := bits.Len64(us) - 6 // us>>exp lies in [32, 64)
	return min(len(histogram{}.buckets)-1, (exp+1)*subBuckets+int(us>>exp)-subBuckets)
}

// upTo is the greatest duration of a bucket.
func upTo(bucket int) time.Duration {
	if bucket < subBuckets {
		return time.Duration(bucket) * time.Microsecond
	}
	exp := bucket/subBuckets - 1
	return time.Duration(uint64(bucket%subBuckets+subBuckets+1)<<exp-1) * time.Microsecond
}

func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)]++
	h.count++
	h.max = max(h.max, d)
}

// quantile is a bound that the part q of the durations do not exceed, at most 1/32 too high; 0 when there
// are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q*float64(h.count) + 0.9999999)
	var seen int64
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen >= rank {
			return min(h.max, upTo(i))
		}
	}
	return h.max
}

// Latency is how long acknowledgements took, from the first byte sent to the 200 read.
type Latency struct {
	P50 time.Duration `json:"p50_ns"`
	P90 time.Duration `json:"p90_ns"`
	P99 time.Duration `json:"p99_ns"`
	Max time.Duration `json:"max_ns"`
}

func (h *histogram) latency() Latency {
	return Latency{P50: h.quantile(0.5), P90: h.quantile(0.9), P99: h.quantile(0.99), Max: h.max}
}
