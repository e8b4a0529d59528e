package ingest

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	bodies   prometheus.Counter
	bytes    prometheus.Counter
	refused  *prometheus.CounterVec
	duration prometheus.Histogram
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		bodies: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_webhooks_accepted_total", Help: "Webhook bodies answered 200, each safe on the log."}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_webhooks_bytes_total", Help: "Bytes of the accepted webhook bodies."}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_webhooks_refused_total", Help: "Webhook requests not accepted, by reason."}, []string{"reason"}),
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "parley_webhook_duration_seconds", Help: "From a request's start to its body being safe on the log.",
			Buckets: []float64{.001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}}),
	}
	registry.MustRegister(m.bodies, m.bytes, m.refused, m.duration)
	return m
}

func (m *metrics) accepted(n int, took time.Duration) {
	m.bodies.Inc()
	m.bytes.Add(float64(n))
	m.duration.Observe(took.Seconds())
}
