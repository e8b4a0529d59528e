package bench

import (
	"context"
	"time"

	"parley/ingest/simulate"
)

// How often a query looks at what is visible: often enough for the figure, seldom enough not to be the load.
const (
	watchLatency = 20 * time.Millisecond
	watchBacklog = 200 * time.Millisecond
)

// passage is traffic that was sent, and what a query saw of it.
type passage struct {
	sent     simulate.Result
	delays   []time.Duration // from arrival to visible, in the order of arrival
	elapsed  time.Duration   // from the first post until all was visible
	drain    time.Duration   // from the last answer until all was visible
	complete bool
	details  map[string]float64
}

// pass sends traffic and waits until all of it is visible.
func (b *run) pass(ctx context.Context, l load, every time.Duration) (p passage, err error) {
	used, begin := b.usage(), b.Now()
	w, err := b.watch(ctx, every)
	if err != nil {
		return p, err
	}
	l.url = b.server.url
	p.sent, err = b.send(ctx, l)
	answered := b.Now()
	var at time.Time
	if err == nil {
		want := counts{w.base.messages + uint64(p.sent.Messages), w.base.statuses + uint64(p.sent.Statuses)}
		at, p.complete, err = w.await(ctx, b.Now, stalled, func(c counts) bool { return c.messages >= want.messages && c.statuses >= want.statuses })
	}
	p.details = map[string]float64{}
	now := b.usage()
	used.cores(now, p.details)
	used.each(now, "item", p.sent.Messages+p.sent.Statuses, p.details)
	sightings, watchErr := w.end()
	if err == nil {
		err = watchErr
	}
	if err != nil {
		return p, err
	}
	p.elapsed, p.drain = at.Sub(begin), at.Sub(answered)
	times, err := b.arrivals(ctx, begin)
	p.delays = visibleAfter(times, sightings, w.base.messages)
	return p, err
}

// rates are what went through a second, from the first post until all was visible.
func (p *passage) rates() (messages, statuses, posts float64) {
	s := p.elapsed.Seconds()
	return float64(p.sent.Messages) / s, float64(p.sent.Statuses) / s, float64(p.sent.Posts) / s
}

// missing notes what was acknowledged and did not become visible.
func (p *passage) missing(f *Figure) {
	if !p.complete {
		f.fault("not all that was acknowledged became visible")
	}
	if len(p.delays) != int(p.sent.Messages) {
		f.fault("%d messages were acknowledged, %d were seen to appear", p.sent.Messages, len(p.delays))
	}
}

// visibleLatency measures the time from arrival to visible at a moderate rate.
func (b *run) visibleLatency(ctx context.Context) (Figure, error) {
	b.Say("%v of %d messages a second", b.Duration, latencyRate)
	p, err := b.pass(ctx, load{rate: latencyRate, messages: b.messages(latencyRate)}, watchLatency)
	if err != nil {
		return Figure{}, err
	}
	d := spreadOf(p.delays)
	f := Figure{Name: VisibleLatency, What: "from the arrival of a message until a query sees it, p99, at 1,000 messages/s with their receipts, as WhatsApp mixes them",
		Value: millis(d.p99), Unit: "ms", Target: Target{Value: targetVisible, AtMost: true}, Details: p.details}
	f.Details["p50_ms"], f.Details["max_ms"] = millis(d.p50), millis(d.max)
	f.Details["acknowledged_p99_ms"] = millis(p.sent.Latency.P99)
	f.Details["messages/s"], f.Details["statuses/s"], f.Details["posts/s"] = p.rates()
	p.missing(&f)
	return f, nil
}

func (b *run) messages(rate float64) int64 { return int64(rate * b.Duration.Seconds()) }

// sustained is the least part of the offered rate that must have been taken, and drainWithin the longest time
// after the last answer until all is visible: at a rate that is sustained there is no more than a batch or
// two to be worked off.
const (
	sustained   = 0.99
	drainWithin = 2 * time.Second
)

// endToEnd measures what goes through to the tables: at the target's rate, which must hold, and then as fast
// as it goes.
func (b *run) endToEnd(ctx context.Context, name string, batch int, target float64) (Figure, error) {
	f := Figure{Name: name, Unit: "messages/s", Target: Target{Value: sustained * target}}
	f.What = map[bool]string{true: "one item a post, through to visible, at a fixed rate with its receipts", false: "100 items a post, through to visible, at a fixed rate with their receipts"}[batch == 1]
	b.Say("%v of %.0f messages a second, %d in a post", b.Duration, target, batch)
	paced, err := b.pass(ctx, load{batch: batch, rate: target, messages: b.messages(target)}, watchBacklog)
	if err != nil {
		return f, err
	}
	f.Details = paced.details
	// The rate while posts were sent; that it was sustained is said by the backlog.
	seconds := paced.sent.Elapsed.Seconds()
	f.Value = float64(paced.sent.Messages) / seconds
	f.Details["statuses/s"], f.Details["posts/s"] = float64(paced.sent.Statuses)/seconds, float64(paced.sent.Posts)/seconds
	d := spreadOf(paced.delays)
	f.Details["visible_p50_ms"], f.Details["visible_p99_ms"], f.Details["visible_max_ms"] = millis(d.p50), millis(d.p99), millis(d.max)
	f.Details["acknowledged_p99_ms"] = millis(paced.sent.Latency.P99)
	f.Details["all_visible_after_the_last_post_ms"] = millis(paced.drain)
	paced.missing(&f)
	if !b.Quick && (paced.drain > drainWithin || grows(paced.delays, drainWithin/2)) {
		f.fault("the backlog grew: the last message was visible %v after the last answer", paced.drain.Round(time.Millisecond))
	}
	b.Say("the same, as fast as it goes")
	b.rows = b.Now()
	most, err := b.pass(ctx, load{batch: batch, messages: b.messages(target)}, watchBacklog)
	if err != nil {
		return f, err
	}
	f.Details["unpaced_messages/s"], f.Details["unpaced_statuses/s"], f.Details["unpaced_posts/s"] = most.rates()
	for _, who := range []string{"server", "engine", "load_generator"} {
		f.Details["unpaced_cores_"+who] = most.details["cores_"+who]
	}
	most.missing(&f)
	return f, nil
}
