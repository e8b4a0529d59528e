package chatexport

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// format renders stamps the way a phone does.
type format struct {
	name    string
	layout  string // of package time; AM stands for the half of the day
	am, pm  string
	foreign rune // the zero of other digits
	seconds bool
}

var formats = []format{
	{name: "android en-US", layout: "1/2/06, 3:04\u202fPM - ", am: "AM", pm: "PM"},
	{name: "android en-US 24 hours", layout: "1/2/06, 15:04 - "},
	{name: "android en-GB", layout: "02/01/2006, 15:04 - "},
	{name: "android en-IN", layout: "02/01/06, 3:04 PM - ", am: "am", pm: "pm"},
	{name: "android en-CA", layout: "2006-01-02, 3:04 PM - ", am: "a.m.", pm: "p.m."},
	{name: "android de", layout: "02.01.06, 15:04 - "},
	{name: "android es", layout: "2/1/06 15:04 - "},
	{name: "android es 12 hours", layout: "2/1/06 3:04 PM - ", am: "a. m.", pm: "p. m."},
	{name: "android pt-BR", layout: "02/01/2006 15:04 - "},
	{name: "android fr", layout: "02/01/2006 à 15:04 - "},
	{name: "android nl", layout: "02-01-2006 15:04 - "},
	{name: "android id", layout: "02/01/06 15.04 - "},
	{name: "android tr", layout: "2.01.2006 15:04 - "},
	{name: "android ja, zh", layout: "2006/01/02 15:04 - "},
	{name: "android zh 12 hours", layout: "2006/1/2 PM3:04 - ", am: "上午", pm: "下午"},
	{name: "android ko", layout: "2006. 1. 2. PM 3:04 - ", am: "오전", pm: "오후"},
	{name: "android sv", layout: "2006-01-02 15:04 - "},
	{name: "android fi", layout: "2.1.2006 klo 15.04 - "},
	{name: "android ar", layout: "2\u200f/1\u200f/2006، 3:04 PM - ", am: "ص", pm: "م", foreign: '٠'},
	{name: "android hi", layout: "2/1/06, 3:04 PM - ", am: "पूर्वाह्न", pm: "अपराह्न", foreign: '०'},
	{name: "android vi", layout: "15:04, 02/01/2006 - "},
	{name: "iphone en-US", layout: "[1/2/06, 3:04:05\u202fPM] ", am: "AM", pm: "PM", seconds: true},
	{name: "iphone en-GB", layout: "[02/01/2006, 15:04:05] ", seconds: true},
	{name: "iphone de", layout: "[02.01.06, 15:04:05] ", seconds: true},
	{name: "iphone ISO", layout: "[2006-01-02, 3:04:05 PM] ", am: "AM", pm: "PM", seconds: true},
	{name: "iphone da", layout: "[02.01.2006 15.04.05] ", seconds: true},
	{name: "iphone zh", layout: "[2006/1/2 PM3:04:05] ", am: "上午", pm: "下午", seconds: true},
}

func (f format) stamp(at time.Time) string {
	s := at.Format(f.layout)
	if f.am != "" {
		s = strings.NewReplacer("AM", f.am, "PM", f.pm).Replace(s)
	}
	if f.foreign != 0 {
		s = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return f.foreign + r - '0'
			}
			return r
		}, s)
	}
	return s
}

// TestRoundTrip writes a chat of four months in every format and reads it back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	senders := []string{"Ana", "Bo 🌻", "+49 151 23456789", "Dr. O'Neil (work)", "李雷", "سلمى"}
	texts := []string{"ok", "see you at 6:30: gate B", "one\n\ntwo\n31/12 maybe", "a < b > c (d)", "¿qué tal?", "नमस्ते", "12", "…"}
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(1, uint64(len(f.name))))
			at := time.Date(2021, 11, 3, 0, 0, 0, 0, time.UTC)
			var b strings.Builder
			var want []Message
			seen := map[string]uint32{}
			for line := 1; len(want) < 400; {
				at = at.Add(time.Duration(rnd.IntN(12*3600)) * time.Second)
				shown := at.Truncate(time.Minute)
				if f.seconds {
					shown = at
				}
				for range 1 + rnd.IntN(3) {
					m := Message{Line: line, At: shown, Sender: senders[rnd.IntN(len(senders))], Text: texts[rnd.IntN(len(texts))], Kind: KindText}
					m.Lines = 1 + strings.Count(m.Text, "\n")
					line += m.Lines
					fmt.Fprintf(&b, "%s%s: %s\n", f.stamp(at), m.Sender, m.Text)
					key := m.At.String() + m.Sender + m.Text
					m.Seq = seen[key]
					seen[key]++
					want = append(want, m)
				}
			}
			c := read(t, "x.txt", b.String(), Options{})
			got := messages(t, c)
			for i := range got {
				got[i].identity = ""
			}
			require.Equal(t, want, got, c.Why)
			require.Zero(t, c.Preamble+c.Strays)
			require.NotEqual(t, Guess, c.Confidence, c.Why)
		})
	}
}

// bigChat writes n bytes or a little more of a chat of two.
func bigChat(n int) string {
	var b strings.Builder
	at := time.Date(2019, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := 0; b.Len() < n; i++ {
		at = at.Add(time.Duration(i%37) * time.Minute)
		b.WriteString(at.Format("02/01/2006, 15:04 - "))
		switch i % 10 {
		case 3:
			b.WriteString("Bo: <Media omitted>\n")
		case 7:
			b.WriteString("Ana: the list for " + strconv.Itoa(i) + ":\n- two boxes of tiles\n- the grey paint, 10 l\n")
		default:
			b.WriteString([]string{"Ana", "Bo"}[i%2] + ": could you send me the offer number " + strconv.Itoa(i) + " before Friday please?\n")
		}
	}
	return b.String()
}

// BenchmarkRead measures all three readings of a text: stamps, survey, messages.
func BenchmarkRead(b *testing.B) {
	text := bigChat(16 << 20)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		c := read(b, "WhatsApp Chat with Ana.txt", text, Options{})
		n := 0
		for _, err := range c.Messages() {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		require.Equal(b, c.Count, n)
	}
}

func BenchmarkStamps(b *testing.B) {
	text := bigChat(16 << 20)
	b.SetBytes(int64(len(text)))
	src, err := newSource(strings.NewReader(text), int64(len(text)), "x.txt", Limits{}.withDefaults())
	require.NoError(b, err)
	for b.Loop() {
		_, err := readStamps(src, Options{Limits: Limits{}.withDefaults()})
		require.NoError(b, err)
	}
}

func BenchmarkID(b *testing.B) {
	c := read(b, "WhatsApp Chat with Ana.txt", small, Options{})
	m := messages(b, c)[1]
	b.ReportAllocs()
	for b.Loop() {
		c.ID("tenant", m)
	}
}
