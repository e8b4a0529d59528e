package simulate

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
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

// discard is a server that answers every POST with 200 as cheaply as net/http can.
func discard(b *testing.B) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "ok")
	}))
	b.Cleanup(server.Close)
	return server.URL
}

// BenchmarkSender shares its cores with the server: compare with BenchmarkNetHTTP for what the client of
// this package saves.
func BenchmarkSender(b *testing.B) {
	for _, connections := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			cfg := Defaults(1, "benchmark-secret", int64(b.N), time.Now)
			cfg.Batch = 1
			g, err := New(cfg)
			if err != nil {
				b.Fatal(err)
			}
			s, err := NewSender(SenderConfig{URL: discard(b), Connections: connections, Now: time.Now}, g)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			r, err := s.Run(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(r.PostsPerSecond, "posts/s")
			b.ReportMetric(float64(r.Latency.P99.Microseconds()), "p99-µs")
		})
	}
}

func BenchmarkNetHTTP(b *testing.B) {
	const connections = 16
	cfg := Defaults(1, "benchmark-secret", 0, time.Now)
	cfg.Batch = 1
	g, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	url := discard(b)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	var turn sync.Mutex
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var workers sync.WaitGroup
	for range connections {
		workers.Go(func() {
			var body []byte
			for left.Add(-1) >= 0 {
				turn.Lock()
				r, _ := g.Next()
				body = append(body[:0], r.Body...)
				turn.Unlock()
				req, _ := http.NewRequest("POST", url, bytes.NewReader(body))
				req.Header.Set(SignatureHeader, r.Signature)
				res, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
		})
	}
	workers.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}
