package simulate

import "time"

// Result is what a run of a Sender reached.
type Result struct {
	Generated Summary `json:"generated"`

	// Acknowledged with 200, duplicates of the Generator not counted among messages, statuses and events.
	Messages int64 `json:"messages"`
	Statuses int64 `json:"statuses"`
	Events   int64 `json:"events"`
	Posts    int64 `json:"posts"`

	Attempts    int64 `json:"attempts"`    // requests, retries included
	Redelivered int64 `json:"redelivered"` // attempts for bodies that the server may have taken before: duplicates on the wire besides those generated
	Unsent      int64 `json:"unsent"`      // attempts that the server cannot have read: no connection
	Unanswered  int64 `json:"unanswered"`  // attempts without an answer: outcome unknown
	Throttled   int64 `json:"throttled"`   // 429
	Unavailable int64 `json:"unavailable"` // 503
	Failed      int64 `json:"failed"`      // other 5xx

	Elapsed           time.Duration `json:"elapsed_ns"`
	MessagesPerSecond float64       `json:"messages_per_second"`
	PostsPerSecond    float64       `json:"posts_per_second"`
	Latency           Latency       `json:"latency"`
}

// tally is a Result while it is counted.
type tally struct {
	messages, statuses, events, posts int64
	redelivered, unsent, unanswered   int64
	throttled, unavailable, failed    int64
	waiting                           int
	latency                           histogram
}

func (t *tally) acknowledge(r *Request, took time.Duration) {
	t.messages += int64(r.Messages)
	t.statuses += int64(r.Statuses)
	t.events += int64(r.Events)
	t.posts++
	t.latency.add(took)
}

// retry counts an attempt that is to be repeated.
func (t *tally) retry(code int, sent bool, err error) {
	switch {
	case err != nil && !sent:
		t.unsent++
	case err != nil:
		t.unanswered++
	case code == 429:
		t.throttled++
	case code == 503:
		t.unavailable++
	default:
		t.failed++
	}
}

func (t *tally) retries() int64 {
	return t.unsent + t.unanswered + t.throttled + t.unavailable + t.failed
}

func (s *Sender) count(f func(*tally)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.tally)
}

// result is called when no worker runs any more.
func (s *Sender) result(begin time.Time) Result {
	t := &s.tally
	elapsed := s.cfg.Now().Sub(begin)
	r := Result{
		Generated: s.gen.Summary(),
		Messages:  t.messages, Statuses: t.statuses, Events: t.events, Posts: t.posts,
		Attempts: t.posts + t.retries(), Redelivered: t.redelivered, Unsent: t.unsent, Unanswered: t.unanswered,
		Throttled: t.throttled, Unavailable: t.unavailable, Failed: t.failed,
		Elapsed: elapsed, Latency: t.latency.latency(),
	}
	if seconds := elapsed.Seconds(); seconds > 0 {
		r.MessagesPerSecond, r.PostsPerSecond = float64(t.messages)/seconds, float64(t.posts)/seconds
	}
	return r
}

// watch calls Progress until done, and once more at the end.
func (s *Sender) watch(begin time.Time, done <-chan struct{}) {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	var before int64
	last := begin
	for running := true; running; {
		select {
		case <-tick.C:
		case <-done:
			running = false
		}
		now := s.cfg.Now()
		var p Progress
		s.count(func(t *tally) {
			p = Progress{
				Elapsed: now.Sub(begin), Messages: t.messages, Statuses: t.statuses, Events: t.events, Posts: t.posts,
				Retries: t.retries(), Waiting: t.waiting,
			}
		})
		if passed := now.Sub(last).Seconds(); passed > 0 {
			p.PerSecond = float64(p.Messages-before) / passed
		}
		before, last = p.Messages, now
		s.cfg.Progress(p)
	}
}
