package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/pipeline/verify"
)

// ledger is the state of a log, by compare and swap.
type ledger struct {
	value    []byte
	revision uint64
}

func (l *ledger) State(context.Context, string) ([]byte, uint64, error) {
	return l.value, l.revision, nil
}

func (l *ledger) SetState(_ context.Context, key string, value []byte, revision uint64) (uint64, error) {
	if key != verify.DayKey || revision != l.revision {
		return 0, parley.Errorf(parley.Conflict, "cannot set state")
	}
	l.value, l.revision = value, revision+1
	return l.revision, nil
}

// runner records what it was asked for.
type runner struct {
	asked []string // day and the hour at which it was asked
	fail  int      // how many calls fail
	wrong uint64   // differences of every report
	hang  bool
}

func (r *runner) Run(ctx context.Context, from, to time.Time) (*verify.Report, error) {
	if r.hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if r.fail > 0 {
		r.fail--
		return nil, parley.Errorf(parley.Transient, "cannot reach warehouse")
	}
	if to.Sub(from) != 24*time.Hour || from.Truncate(24*time.Hour) != from {
		return nil, parley.Errorf(parley.Internal, "not a day: %v to %v", from, to)
	}
	r.asked = append(r.asked, from.Format("01-02")+" at "+time.Now().UTC().Format("01-02 15:04"))
	report := &verify.Report{From: from, To: to, MissingTotal: r.wrong}
	if r.wrong > 0 {
		report.Missing = []verify.Difference{{Table: "messages", ID: "wamid.1"}}
	}
	return report, nil
}

// daily runs the service for a while of pretended time, which begins on 2000-01-01 at midnight.
func daily(t *testing.T, state *ledger, r *runner, wait, run time.Duration) (log string, metrics map[string]float64) {
	t.Helper()
	var out bytes.Buffer
	registry := prometheus.NewRegistry()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(wait)
		d := verify.NewDaily(verify.DefaultDaily(), r, state, slog.New(slog.NewTextHandler(&out, nil)), time.Now, registry)
		require.NoError(t, d.Start(t.Context()))
		time.Sleep(run)
		synctest.Wait()
		require.NoError(t, d.Stop(t.Context()))
	})
	families, err := registry.Gather()
	require.NoError(t, err)
	metrics = map[string]float64{}
	for _, family := range families {
		metrics[family.GetName()] = family.GetMetric()[0].GetGauge().GetValue()
	}
	return out.String(), metrics
}

func TestDailyVerifiesTheDayBefore(t *testing.T) {
	t.Parallel()
	r, state := &runner{}, &ledger{}
	log, metrics := daily(t, state, r, 50*time.Hour+30*time.Minute, 48*time.Hour)
	require.Equal(t, []string{"01-02 at 01-03 02:30", "01-03 at 01-04 02:00", "01-04 at 01-05 02:00"}, r.asked)
	require.Equal(t, 3, strings.Count(log, "level=INFO"))
	require.Zero(t, metrics["parley_verify_differences"])
	require.EqualValues(t, time.Date(2000, 1, 5, 2, 0, 0, 0, time.UTC).Unix(), metrics["parley_verify_last_success_timestamp_seconds"])
	var v verify.Verified
	require.NoError(t, json.Unmarshal(state.value, &v))
	require.Equal(t, "2000-01-04", v.Day)
}

func TestDailyWaitsForItsTime(t *testing.T) {
	t.Parallel()
	r := &runner{}
	daily(t, &ledger{value: []byte(`{"day":"2000-01-01"}`), revision: 1}, r, 49*time.Hour, time.Hour+time.Minute) // starts at one
	require.Equal(t, []string{"01-02 at 01-03 02:00"}, r.asked)
}

func TestDailyMakesUpForMissedDays(t *testing.T) {
	t.Parallel()
	r := &runner{}
	state := &ledger{value: []byte(`{"day":"2000-01-02"}`), revision: 1}
	daily(t, state, r, 6*24*time.Hour+12*time.Hour, time.Minute) // on the 7th at noon
	require.Equal(t, []string{"01-03 at 01-07 12:00", "01-04 at 01-07 12:00", "01-05 at 01-07 12:00", "01-06 at 01-07 12:00"}, r.asked)
	daily(t, state, r, 6*24*time.Hour+13*time.Hour, time.Minute)
	require.Len(t, r.asked, 4, "a start later that day has nothing to do")
}

func TestDailyBoundsTheDaysItMakesUpFor(t *testing.T) {
	t.Parallel()
	r := &runner{}
	log, _ := daily(t, &ledger{value: []byte(`{"day":"2000-01-02"}`), revision: 1}, r, 100*24*time.Hour, time.Minute)
	require.Len(t, r.asked, 31)
	require.Contains(t, log, "days were not verified")
}

func TestDailyTriesAgain(t *testing.T) {
	t.Parallel()
	r := &runner{fail: 3}
	log, _ := daily(t, &ledger{}, r, 50*time.Hour, time.Hour)
	require.Equal(t, []string{"01-02 at 01-03 02:45"}, r.asked)
	require.Equal(t, 3, strings.Count(log, "could not be done"))
}

func TestDailyTellsDifferences(t *testing.T) {
	t.Parallel()
	r, state := &runner{wrong: 7}, &ledger{}
	log, metrics := daily(t, state, r, 50*time.Hour, time.Hour)
	require.Contains(t, log, "level=ERROR")
	require.Contains(t, log, "wamid.1")
	require.EqualValues(t, 7, metrics["parley_verify_differences"])
	require.Zero(t, metrics["parley_verify_last_success_timestamp_seconds"])
	require.Len(t, r.asked, 1, "a day with differences is verified once")
}

func TestDailyStopsInTheMiddle(t *testing.T) {
	t.Parallel()
	r, state := &runner{hang: true}, &ledger{}
	log, _ := daily(t, state, r, 50*time.Hour, time.Hour)
	require.Empty(t, log)
	require.Zero(t, state.revision, "the day is not done")
}

func TestDailyConfig(t *testing.T) {
	t.Parallel()
	require.NoError(t, verify.DefaultDaily().Validate())
	require.Error(t, verify.DailyConfig{At: 24 * time.Hour, Retry: time.Minute}.Validate())
	require.Error(t, verify.DailyConfig{At: -1, Retry: time.Minute}.Validate())
	require.Error(t, verify.DailyConfig{}.Validate())
	require.NoError(t, verify.Defaults().Validate())
	require.Error(t, verify.Config{}.Validate())
}

// TestDailyOnARealLog verifies a real day and keeps it with the log.
func TestDailyOnARealLog(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start()
	r := b.record(webhook(messagesOf(message("wamid.1", time.Now().Unix()))))
	r.ReceivedAt = r.ReceivedAt.Add(-24 * time.Hour)
	b.append(r)
	b.settle()
	told := make(chan *verify.Report, 1)
	d := verify.NewDaily(verify.DailyConfig{Retry: time.Minute}, tell{b.verifier(), told}, b.log, quiet, time.Now, prometheus.NewRegistry())
	require.NoError(t, d.Start(t.Context()))
	report := <-told
	require.NotNil(t, report)
	require.Eventually(t, func() bool {
		_, revision, err := b.log.State(t.Context(), verify.DayKey)
		return err == nil && revision > 0
	}, time.Minute, 5*time.Millisecond)
	require.NoError(t, d.Stop(t.Context()))
}

type tell struct {
	verify.Runner
	told chan *verify.Report
}

func (r tell) Run(ctx context.Context, from, to time.Time) (*verify.Report, error) {
	report, err := r.Runner.Run(ctx, from, to)
	r.told <- report
	return report, err
}
