package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/term"

	"parley"
	"parley/ingest/simulate"
	"parley/pipeline"
)

// liveView shows a demo in the terminal: what goes in, what is visible, and how to look at it. On a
// terminal it is drawn in place once a second; elsewhere it is a line now and then.
type liveView struct {
	out    io.Writer
	node   *node
	url    string
	file   string // the demo's configuration
	tenant parley.TenantID

	mu   sync.Mutex
	sent simulate.Progress
}

// progress takes note of what the sender did.
func (v *liveView) progress(p simulate.Progress) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.sent = p
}

// start draws until stop is called.
func (v *liveView) start(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	screen, every := v.terminal(), time.Second
	if !screen {
		every = 5 * time.Second
		v.introduce()
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		lines := 0
		for {
			if screen {
				lines = v.draw(ctx, lines)
			} else {
				v.line(ctx)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (v *liveView) terminal() bool {
	f, ok := v.out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// snapshot is what the warehouse says now.
type snapshot struct {
	messages, statuses, events, duplicates, deadLetters uint64
	waiting                                             uint64
	urgent, negative                                    uint64
	languages                                           []string
	recent                                              []string
}

const snapshotSQL = `SELECT
	(SELECT uniqExact(wamid) FROM messages WHERE tenant_id = {tenant:String}),
	(SELECT count() FROM statuses WHERE tenant_id = {tenant:String}),
	(SELECT count() FROM account_events WHERE tenant_id = {tenant:String}),
	(SELECT sum(duplicates) FROM ingest_audit),
	(SELECT count() FROM dead_letters FINAL),
	(SELECT uniqExactIf(wamid, priority = 'urgent') FROM enrichments WHERE tenant_id = {tenant:String}),
	(SELECT uniqExactIf(wamid, sentiment = 'negative') FROM enrichments WHERE tenant_id = {tenant:String}),
	(SELECT arrayMap(x -> concat(x.1, ' ', toString(x.2)), arraySlice(arrayReverseSort(x -> x.2, groupArray((language, n))), 1, 8))
		FROM (SELECT language, count() AS n FROM enrichments WHERE tenant_id = {tenant:String} GROUP BY language)),
	(SELECT groupArray(line) FROM (
		SELECT concat(formatDateTime(b.sent_at, '%H:%i:%S'), '  ', if(m.direction = 'inbound', '<- ', '-> '), rightPadUTF8(e.priority, 7), rightPadUTF8(e.sentiment, 9), rightPadUTF8(e.language, 4),
			substringUTF8(replaceRegexpAll(b.text, '\\s+', ' '), 1, 60)) AS line
		FROM message_bodies AS b
		INNER JOIN enrichments AS e ON e.tenant_id = b.tenant_id AND e.wamid = b.wamid
		INNER JOIN messages AS m ON m.tenant_id = b.tenant_id AND m.wamid = b.wamid
		WHERE b.tenant_id = {tenant:String} AND b.sent_at > now() - 20 AND e.sent_at > now() - 20 AND m.sent_at > now() - 20
		ORDER BY b.sent_at DESC LIMIT 8))`

func (v *liveView) snapshot(ctx context.Context) (s snapshot, err error) {
	err = v.node.warehouse.Conn().QueryRow(ctx, snapshotSQL, clickhouse.Named("tenant", string(v.tenant))).Scan(
		&s.messages, &s.statuses, &s.events, &s.duplicates, &s.deadLetters, &s.urgent, &s.negative, &s.languages, &s.recent)
	if usage, usageErr := v.node.queue.Usage(ctx); usageErr == nil {
		if p, _, progressErr := pipeline.ReadProgress(ctx, v.node.queue); progressErr == nil {
			s.waiting = usage.Last - min(usage.Last, p.Done)
		}
	}
	return s, err
}

// introduce says where to look.
func (v *liveView) introduce() {
	fmt.Fprintf(v.out, "Parley demo: %s\n", v.url)
	for _, line := range v.addresses() {
		fmt.Fprintln(v.out, line)
	}
}

func (v *liveView) addresses() []string {
	return []string{
		"  webhooks  " + v.url + "/webhooks/whatsapp",
		"  metrics   " + v.url + "/metrics     ready? " + v.url + "/readyz",
		"  ask       bin/parley -c " + v.file + " query \"SELECT * FROM daily_traffic\"",
		"  prove     bin/parley -c " + v.file + " verify",
	}
}

func (v *liveView) line(ctx context.Context) {
	s, err := v.snapshot(ctx)
	if err != nil {
		return
	}
	v.mu.Lock()
	sent := v.sent
	v.mu.Unlock()
	fmt.Fprintf(v.out, "sent %d messages, %d receipts (%.0f/s); visible %d and %d; %d urgent; %d duplicates skipped; %d dead letters\n",
		sent.Messages, sent.Statuses, sent.PerSecond, s.messages, s.statuses, s.urgent, s.duplicates, s.deadLetters)
}

// draw writes the view over the one before it, which had so many lines, and gives its own number of lines.
func (v *liveView) draw(ctx context.Context, before int) int {
	s, err := v.snapshot(ctx)
	if err != nil && ctx.Err() != nil {
		return before
	}
	v.mu.Lock()
	sent := v.sent
	v.mu.Unlock()
	lines := []string{
		"\x1b[1mParley demo\x1b[0m   simulated WhatsApp traffic on embedded engines; Ctrl-C stops it",
		"",
		fmt.Sprintf("  in        %8d messages  %8d receipts   %6.0f messages/s", sent.Messages, sent.Statuses, sent.PerSecond),
		fmt.Sprintf("  visible   %8d messages  %8d receipts   %6d frames wait on the log", s.messages, s.statuses, s.waiting),
		fmt.Sprintf("  found     %8d urgent    %8d negative   %6d account events", s.urgent, s.negative, s.events),
		fmt.Sprintf("  skipped   %8d duplicates%8d dead letters", s.duplicates, s.deadLetters),
		"  languages " + strings.Join(s.languages, "  "),
		"",
	}
	if err != nil {
		lines = append(lines, "  the warehouse does not answer: "+err.Error())
	}
	for i := range 8 {
		if i < len(s.recent) {
			lines = append(lines, "  "+s.recent[i])
		} else {
			lines = append(lines, "")
		}
	}
	lines = append(append(lines, ""), v.addresses()...)
	var b strings.Builder
	if before > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", before)
	}
	for _, line := range lines {
		b.WriteString("\x1b[2K" + line + "\n")
	}
	io.WriteString(v.out, b.String())
	return len(lines)
}
