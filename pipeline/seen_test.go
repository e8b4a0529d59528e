package pipeline

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
)

func openSeen(t testing.TB, dir string) *Seen {
	t.Helper()
	s, err := OpenSeen(dir, 8, 8<<20)
	require.NoError(t, err)
	return s
}

func TestSeenRemembersTheBatchAcrossReopening(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	dir := t.TempDir()
	s := openSeen(t, dir)
	a, b := uuid.UUID{1}, uuid.UUID{2}
	first, second := itemKey{dayOf(now), parley.EventID{1}}, itemKey{dayOf(now), parley.EventID{2}}
	require.NoError(t, s.Mark(a, []itemKey{first}, now))
	require.NoError(t, s.Mark(b, []itemKey{second}, now))
	require.NoError(t, s.Close())

	s = openSeen(t, dir)
	defer s.Close()
	got, ok, err := s.Batch(first)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, a, got)
	got, ok, err = s.Batch(second)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, b, got)
	_, ok, err = s.Batch(itemKey{dayOf(now), parley.EventID{3}})
	require.NoError(t, err)
	require.False(t, ok)
	_, ok, err = s.Batch(itemKey{dayOf(now) + 1, parley.EventID{1}})
	require.NoError(t, err)
	require.False(t, ok, "the day is part of the key")
}

func TestSeenForgetsWhatIsOutOfReach(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	s := openSeen(t, t.TempDir())
	defer s.Close()
	old, recent, ancient := itemKey{dayOf(now), parley.EventID{1}}, itemKey{dayOf(now) + 5, parley.EventID{2}}, itemKey{dayOf(now) - 30, parley.EventID{3}}
	require.NoError(t, s.Mark(uuid.UUID{1}, []itemKey{old, recent, ancient}, now))
	_, ok, _ := s.Batch(ancient)
	require.False(t, ok, "never marked: out of reach already")
	_, ok, _ = s.Batch(old)
	require.True(t, ok)
	require.NoError(t, s.Mark(uuid.UUID{2}, nil, now.AddDate(0, 0, 9)))
	_, ok, _ = s.Batch(old)
	require.False(t, ok)
	_, ok, _ = s.Batch(recent)
	require.True(t, ok)
}

func BenchmarkSeen(b *testing.B) {
	now := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	s := openSeen(b, b.TempDir())
	defer s.Close()
	key := func(n uint64) itemKey {
		var in [8]byte
		binary.BigEndian.PutUint64(in[:], n)
		return itemKey{dayOf(now), parley.HashEvent(string(in[:]))}
	}
	const batch = 10_000
	var n uint64
	b.ReportAllocs()
	for b.Loop() { // one operation: ten thousand items looked up and marked, as the pipeline does for a batch
		keys := make([]itemKey, batch)
		view, err := s.View()
		if err != nil {
			b.Fatal(err)
		}
		for i := range keys {
			keys[i] = key(n)
			n++
			if _, ok, err := view.Batch(keys[i]); ok || err != nil {
				b.Fatal(ok, err)
			}
		}
		if err := view.Close(); err != nil {
			b.Fatal(err)
		}
		if err := s.Mark(uuid.UUID{1}, keys, now); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "items/s")
}
