package pipeline

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecent(t *testing.T) {
	t.Parallel()
	key := func(n uint32) itemKey { return itemKey{day: n} }
	r := newRecent(3)
	require.False(t, r.has(key(1)))
	for n := range uint32(3) {
		r.add(key(n))
	}
	r.add(key(3)) // begins a generation
	require.True(t, r.has(key(0)), "the generation before is still there, and what is asked for goes over")
	r.add(key(4))
	r.add(key(5)) // begins another
	require.True(t, r.has(key(0)))
	require.True(t, r.has(key(3)))
	require.False(t, r.has(key(1)), "what nobody asked for was forgotten")
	require.LessOrEqual(t, len(r.newer)+len(r.older), 6)
}
