package chatexport

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzRead: no input panics, every line belongs to one message or to the preamble, texts are valid and
// bounded, ids are unique, and reading twice gives the same.
func FuzzRead(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.txt")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add(zipOf(f, "_chat.txt", small))
	f.Add([]byte("\xff\xfe3\x001\x00/\x001\x002\x00"))
	f.Add([]byte("2021年12月31日 下午6:05 - a: \u200e<x: y.z>"))
	limits := Limits{TextBytes: 1 << 20, BodyBytes: 4000, LineBytes: 3000, Senders: 10}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Read(bytes.NewReader(b), int64(len(b)), "WhatsApp Chat with Ana.txt", Options{Limits: limits})
		if err != nil {
			return
		}
		lines, next, count := c.Preamble, c.Preamble+1, 0
		ids := map[string]bool{}
		for m, err := range c.Messages() {
			require.NoError(t, err)
			require.Equal(t, next, m.Line)
			require.Positive(t, m.Lines)
			next, lines, count = m.Line+m.Lines, lines+m.Lines, count+1
			require.True(t, utf8.ValidString(m.Text) && utf8.ValidString(m.Sender) && utf8.ValidString(m.File))
			require.LessOrEqual(t, len(m.Text), 3*limits.BodyBytes) // an invalid byte becomes three
			require.False(t, m.At.Before(c.First) || m.At.After(c.Last))
			id := string(c.ID("t", m))
			require.False(t, ids[id], "line %d", m.Line)
			ids[id] = true
		}
		require.Equal(t, c.Lines, lines)
		require.Equal(t, c.Count, count)
	})
}

// FuzzParseStamp: what follows a stamp is the end of its line, and all its numbers are in range.
func FuzzParseStamp(f *testing.F) {
	f.Add([]byte("[31/12/21, 6:05:33 p. m.] Ana: hi"))
	f.Add([]byte("\u200f٣١\u200f/١٢\u200f/٢٠٢١، ٦:٠٥ م - a: b"))
	f.Add([]byte("18:05, 31/12/2021 BE - a"))
	f.Add([]byte("31/12/21, 6:05 - a\n31/12/21, 16:05 - a"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var stamps stamper // what it remembers changes nothing
		for line := range bytes.Lines(b) {
			want, wantRest, wantOK := parseStamp(line)
			got, gotRest, gotOK := stamps.parse(line)
			require.Equal(t, wantOK, gotOK)
			if wantOK {
				require.Equal(t, want, got)
				require.Equal(t, wantRest, gotRest)
			}
		}
		st, rest, ok := parseStamp(b)
		if !ok {
			return
		}
		require.True(t, bytes.HasSuffix(b, rest))
		require.True(t, st.hour >= 0 && st.hour < 24 && st.minute < 60 && st.second < 60)
		for _, order := range orders {
			if clock, ok := st.clock(order); ok {
				year := inZone(clock, time.UTC).Year()
				require.True(t, year >= 2000 && year < 2200)
			}
		}
	})
}

// FuzzLines: the line reader gives the lines that a simple split gives.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\r\nb\n\nc"), 3)
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		limit = max(1, min(limit, 1<<20))
		var want []string
		for line := range strings.Lines(string(b)) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if len(want) == 0 {
				line = strings.TrimPrefix(line, "\ufeff")
			}
			want = append(want, line[:min(len(line), limit)])
		}
		r := newLineReader(bytes.NewReader(b), limit)
		for i := 0; ; i++ {
			line, _, err := r.next()
			if err == io.EOF {
				require.Equal(t, len(want), i)
				return
			}
			require.NoError(t, err)
			require.Equal(t, want[i], string(line))
		}
	})
}
