package simulate

import (
	"fmt"
	"testing"
	"time"
)

func BenchmarkNext(b *testing.B) {
	for _, size := range []int{1, 0, 100, 1000} {
		name := fmt.Sprintf("batch=%d", size)
		if size == 0 {
			name = "batch=mix"
		}
		b.Run(name, func(b *testing.B) {
			cfg := Defaults(1, "benchmark-secret", 0, time.Now)
			cfg.Batch = size
			g, err := New(cfg)
			if err != nil {
				b.Fatal(err)
			}
			for range 2000 { // past the first use of every buffer
				g.Next()
			}
			before := g.Summary()
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				g.Next()
			}
			b.StopTimer()
			after := g.Summary()
			seconds := b.Elapsed().Seconds()
			b.SetBytes((after.Bytes - before.Bytes) / int64(b.N))
			b.ReportMetric(float64(after.Items-before.Items)/seconds, "items/s")
			b.ReportMetric(float64(after.Messages-before.Messages)/seconds, "messages/s")
		})
	}
}

func BenchmarkSign(b *testing.B) {
	s := newSigner("benchmark-secret")
	body := make([]byte, 700)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for range b.N {
		s.sign(body)
	}
}
