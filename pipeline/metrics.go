package pipeline

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/warehouse"
)

type metrics struct {
	items    *prometheus.CounterVec
	batches  prometheus.Counter
	write    prometheus.Histogram
	visible  prometheus.Histogram
	retries  prometheus.Counter
	restarts prometheus.Counter
	standby  prometheus.Gauge
	done     prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) *metrics {
	seconds := []float64{.01, .025, .05, .1, .25, .5, .75, 1, 2.5, 5, 10, 30, 60, 300}
	m := &metrics{
		items: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parley_pipeline_items_total",
			Help: "Items worked off, by what became of them."}, []string{"outcome"}),
		batches: prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_pipeline_batches_total",
			Help: "Batches that are in the warehouse."}),
		write: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "parley_pipeline_write_seconds",
			Help: "From sealing a batch to recording it as done.", Buckets: seconds}),
		visible: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "parley_pipeline_visible_seconds",
			Help: "From the arrival of a batch's oldest body to the batch being visible to queries.", Buckets: seconds}),
		retries: prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_pipeline_write_retries_total",
			Help: "Attempts to write a batch that failed for a passing reason."}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{Name: "parley_pipeline_restarts_total",
			Help: "Times the pipeline began again from its record after an error."}),
		standby: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_pipeline_standby",
			Help: "1 while another process works the log."}),
		done: prometheus.NewGauge(prometheus.GaugeOpts{Name: "parley_pipeline_done_frame",
			Help: "Last frame of the log whose facts are all in the warehouse."}),
	}
	registry.MustRegister(m.items, m.batches, m.write, m.visible, m.retries, m.restarts, m.standby, m.done)
	return m
}

// batch counts a batch that is in.
func (m *metrics) batch(f *Facts, rejected warehouse.Rejections, begin, end time.Time) {
	add := func(outcome string, n int) { m.items.WithLabelValues(outcome).Add(float64(n)) }
	add("message", len(f.Messages))
	add("status", len(f.Statuses))
	add("account_event", len(f.AccountEvents))
	add("duplicate", int(f.Duplicates))
	add("dead_letter", len(f.DeadLetters))
	add("rejected", len(rejected))
	m.batches.Inc()
	m.write.Observe(end.Sub(begin).Seconds())
	if len(f.RawEvents) > 0 && !f.replay {
		m.visible.Observe(end.Sub(f.RawEvents[0].ReceivedAt).Seconds())
	}
	m.done.Set(float64(f.LastSeq))
}
