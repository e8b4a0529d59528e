package queue_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/pipeline/queue"
)

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// start opens a log in dir and stops it with the test.
func start(t testing.TB, config queue.Config) *queue.Log {
	t.Helper()
	require.NoError(t, config.Validate())
	l := queue.New(config, quiet(), time.Now)
	require.NoError(t, l.Start(t.Context()))
	t.Cleanup(func() { stop(t, l) })
	return l
}

func stop(t testing.TB, l *queue.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, l.Stop(ctx))
}

func record(body string) queue.Record {
	return queue.Record{Raw: parley.RawID(uuid.New()), ReceivedAt: time.UnixMicro(1_750_000_000_000_001).UTC(), App: "shop", Body: []byte(body)}
}

// read reads records until n have come.
func read(t testing.TB, l *queue.Log, from uint64, n int) (records []queue.Record, last uint64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := l.NewReader(ctx, from)
	require.NoError(t, err)
	defer r.Close()
	for len(records) < n {
		frame, err := r.Next(ctx)
		require.NoError(t, err)
		require.Greater(t, frame.Seq, last)
		records, last = append(records, frame.Records...), frame.Seq
	}
	return records, last
}

func TestAppendedRecordsComeBackAfterReopening(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	l := start(t, config)
	var want []queue.Record
	for i := range 20 {
		r := record(fmt.Sprintf("body %d", i))
		want = append(want, r)
		require.NoError(t, l.Append(t.Context(), r))
	}
	stop(t, l)

	l = start(t, config)
	got, last := read(t, l, 1, 20)
	require.Equal(t, want, got)
	require.Equal(t, uint64(20), last, "one caller at a time means one frame each")
	tail, _ := read(t, l, 18, 3)
	require.Equal(t, want[17:], tail)
}

func TestCallersShareASync(t *testing.T) {
	t.Parallel()
	l := start(t, queue.Defaults(t.TempDir()))
	const callers, each = 64, 20
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				require.NoError(t, l.Append(context.Background(), record(fmt.Sprintf("%d/%d", c, i))))
			}
		})
	}
	wg.Wait()
	records, last := read(t, l, 1, callers*each)
	require.Len(t, records, callers*each)
	require.Less(t, last, uint64(callers*each), "some frames must carry more than one record")
	next := map[string]int{}
	for _, r := range records {
		var caller string
		var i int
		_, err := fmt.Sscanf(string(bytes.Replace(r.Body, []byte("/"), []byte(" "), 1)), "%s %d", &caller, &i)
		require.NoError(t, err)
		require.Equal(t, next[caller], i, "each caller's records keep their order")
		next[caller]++
	}
}

func TestFullLogRefusesAndDropsNothing(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	config.MaxBytes, config.MaxRecord, config.MaxPending = 16<<20, 1<<20, 4<<20
	l := start(t, config)
	body := string(make([]byte, 512<<10))
	accepted := 0
	var err error
	for accepted < 64 {
		if err = l.Append(t.Context(), record(body)); err != nil {
			break
		}
		accepted++
	}
	require.Equal(t, parley.Full, parley.KindOf(err), "%v", err)
	require.Equal(t, 503, parley.KindOf(err).HTTPStatus())
	got, last := read(t, l, 1, accepted)
	require.Len(t, got, accepted)

	require.NoError(t, l.Trim(t.Context(), last))
	usage, err := l.Usage(t.Context())
	require.NoError(t, err)
	require.Equal(t, last, usage.First)
	require.NoError(t, l.Append(t.Context(), record("room again")))
}

func TestBodyOverTheBoundIsRefused(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	config.MaxRecord = 2048
	l := start(t, config)
	require.NoError(t, l.Append(t.Context(), record(string(make([]byte, 2048)))))
	err := l.Append(t.Context(), record(string(make([]byte, 2049))))
	require.Equal(t, parley.TooLarge, parley.KindOf(err))
}

func TestLargestBodyFits(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	l := start(t, config)
	require.NoError(t, l.Append(t.Context(), record(string(make([]byte, config.MaxRecord)))))
	got, _ := read(t, l, 1, 1)
	require.Len(t, got[0].Body, config.MaxRecord)
}

func TestStateChangesByCompareAndSwap(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	l := start(t, config)
	value, rev, err := l.State(t.Context(), "pipeline")
	require.NoError(t, err)
	require.Empty(t, value)
	require.Zero(t, rev)

	first, err := l.SetState(t.Context(), "pipeline", []byte("a"), 0)
	require.NoError(t, err)
	_, err = l.SetState(t.Context(), "pipeline", []byte("b"), 0)
	require.Equal(t, parley.Conflict, parley.KindOf(err), "%v", err)
	second, err := l.SetState(t.Context(), "pipeline", []byte("c"), first)
	require.NoError(t, err)
	_, err = l.SetState(t.Context(), "pipeline", []byte("d"), first)
	require.Equal(t, parley.Conflict, parley.KindOf(err), "%v", err)

	stop(t, l)
	l = start(t, config)
	value, rev, err = l.State(t.Context(), "pipeline")
	require.NoError(t, err)
	require.Equal(t, "c", string(value))
	require.Equal(t, second, rev)
}

func TestSecondProcessReadsARunningLog(t *testing.T) {
	t.Parallel()
	config := queue.Defaults(t.TempDir())
	l := start(t, config)
	require.NoError(t, l.Append(t.Context(), record("seen by both")))

	other := queue.New(config, quiet(), time.Now)
	require.Equal(t, parley.Conflict, parley.KindOf(other.Start(t.Context())), "a folder has one owner")

	attached := queue.NewAttached(config, quiet(), time.Now)
	require.NoError(t, attached.Start(t.Context()))
	got, _ := read(t, attached, 1, 1)
	require.Equal(t, "seen by both", string(got[0].Body))
	stop(t, attached)

	stop(t, l)
	require.NoFileExists(t, filepath.Join(config.Dir, "log.json"))
	alone := queue.NewAttached(config, quiet(), time.Now)
	require.NoError(t, alone.Start(t.Context()))
	got, _ = read(t, alone, 1, 1)
	require.Len(t, got, 1)
	stop(t, alone)
}

func TestReaderStartsAtATime(t *testing.T) {
	t.Parallel()
	l := start(t, queue.Defaults(t.TempDir()))
	require.NoError(t, l.Append(t.Context(), record("old")))
	usage, err := l.Usage(t.Context())
	require.NoError(t, err)
	r, err := l.NewReaderAt(t.Context(), usage.FirstAt.Add(time.Nanosecond))
	require.NoError(t, err)
	defer r.Close()
	require.NoError(t, l.Append(t.Context(), record("new")))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	frame, err := r.Next(ctx)
	require.NoError(t, err)
	require.Equal(t, "new", string(frame.Records[0].Body))

	at := func(when time.Time) uint64 {
		seq, err := l.SeqAt(t.Context(), when)
		require.NoError(t, err)
		return seq
	}
	require.EqualValues(t, 1, at(usage.FirstAt))
	require.EqualValues(t, 2, at(usage.FirstAt.Add(time.Nanosecond)))
	require.EqualValues(t, 1, at(time.Unix(0, 0)))
	require.EqualValues(t, 3, at(time.Now().Add(time.Hour)))
}

func TestUsageOfAnEmptyLog(t *testing.T) {
	t.Parallel()
	l := start(t, queue.Defaults(t.TempDir()))
	usage, err := l.Usage(t.Context())
	require.NoError(t, err)
	require.Equal(t, []uint64{1, 0}, []uint64{usage.First, usage.Last}, "never had a frame")
	require.NoError(t, l.Append(t.Context(), record("body")))
	require.NoError(t, l.Trim(t.Context(), 2))
	usage, err = l.Usage(t.Context())
	require.NoError(t, err)
	require.Equal(t, []uint64{2, 1}, []uint64{usage.First, usage.Last}, "lost all")
}

func TestStoppedLogRefuses(t *testing.T) {
	t.Parallel()
	l := start(t, queue.Defaults(t.TempDir()))
	stop(t, l)
	err := l.Append(t.Context(), record("late"))
	require.Equal(t, parley.Transient, parley.KindOf(err))
}

func TestValidateReportsEverything(t *testing.T) {
	t.Parallel()
	err := queue.Config{Stream: "no dots.", Replicas: 2}.Validate()
	for _, field := range []string{"log.dir", "log.stream", "log.replicas", "log.max_bytes", "log.high_water", "log.max_record", "log.publish_timeout"} {
		require.ErrorContains(t, err, field)
	}
}

// BenchmarkAppend is the group commit beside its ceilings: one caller (a sync each) and the disk's own
// write-and-sync of the same bytes.
func BenchmarkAppend(b *testing.B) {
	body := make([]byte, 600)
	for i := range body {
		body[i] = byte(rand.IntN(256))
	}
	b.Run("disk", func(b *testing.B) {
		f, err := os.Create(filepath.Join(b.TempDir(), "f"))
		require.NoError(b, err)
		defer f.Close()
		for b.Loop() {
			_, err := f.Write(body)
			require.NoError(b, err)
			require.NoError(b, f.Sync())
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
	for _, callers := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			l := start(b, queue.Defaults(b.TempDir()))
			b.SetBytes(int64(len(body)))
			var wg sync.WaitGroup
			next := make(chan struct{}, 1024)
			for range callers {
				wg.Go(func() {
					for range next {
						if err := l.Append(context.Background(), queue.Record{ReceivedAt: time.UnixMicro(1), Body: body}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for range b.N {
				next <- struct{}{}
			}
			close(next)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		})
	}
}
