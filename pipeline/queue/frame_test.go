package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

func TestFrameRoundTrip(t *testing.T) {
	t.Parallel()
	want := []Record{
		{Raw: parley.RawID{1, 2, 3}, ReceivedAt: time.UnixMicro(1_750_000_000_123_456).UTC(), App: "shop", Body: []byte(`{"a":1}`)},
		{Kind: Import, Raw: parley.RawID{4}, ReceivedAt: time.UnixMicro(-1).UTC(), Body: []byte{}},
	}
	got, err := parseFrame(appendFrame(nil, want))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestTruncatedFrameIsAnError(t *testing.T) {
	t.Parallel()
	whole := appendFrame(nil, []Record{{Body: []byte("body")}, {App: "a", Body: []byte("another")}})
	for n := range len(whole) {
		_, err := parseFrame(whole[:n])
		require.Error(t, err, "cut at %d of %d", n, len(whole))
	}
	_, err := parseFrame(append(whole, 0))
	require.Error(t, err, "trailing byte")
}

func FuzzParseFrame(f *testing.F) {
	f.Add(appendFrame(nil, []Record{{App: "a", Body: []byte("body")}}))
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, b []byte) {
		records, err := parseFrame(b)
		if err != nil {
			return
		}
		again, err := parseFrame(appendFrame(nil, records))
		require.NoError(t, err)
		require.Equal(t, records, again)
	})
}
