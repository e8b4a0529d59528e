package chatexport

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

// lines writes one message per date.
func dated(format string, dates ...string) string {
	var b strings.Builder
	for _, d := range dates {
		fmt.Fprintf(&b, format, d)
		b.WriteString("Ana: hi\n")
	}
	return b.String()
}

func TestInfer(t *testing.T) {
	t.Parallel()
	const h24, h12, ios = "%s, 18:05 - ", "%s, 6:05 PM - ", "[%s, 18:05:33] "
	f := func(name string, order DateOrder, confidence Confidence, format string, dates ...string) {
		t.Helper()
		c := read(t, "x.txt", dated(format, dates...), Options{})
		require.Equal(t, order, c.Order, "%s: %s", name, c.Why)
		require.Equal(t, confidence, c.Confidence, "%s: %s", name, c.Why)
		require.NotEmpty(t, c.Why)
	}
	f("a first number over 12", DMY, Certain, h24, "1/2/21", "13/2/21")
	f("a second number over 12", MDY, Certain, h24, "2/1/21", "2/13/21")
	f("year first", YMD, Certain, h24, "2021/02/01")
	f("short year first, days over 12 last", YMD, Certain, h24, "21-02-01", "21-02-28")
	f("one day, over 12", DMY, Likely, h24, "25/12/21", "25/12/21")
	january := make([]string, 0, 40)
	for day := 1; day <= 31; day++ {
		january = append(january, fmt.Sprintf("%02d/01/22", day), fmt.Sprintf("%02d/01/22", day), fmt.Sprintf("%02d/01/22", day))
	}
	f("days over 12, once pasted otherwise", DMY, Certain, h24, append(january, "01/26/22", "31/01/22")...)
	f("dates that contradict each other", DMY, Guess, h24, "13/1/21", "14/1/21", "1/15/21")
	f("only one order runs forward", DMY, Likely, h24, "1/2/21", "5/2/21", "9/2/21", "1/3/21", "2/3/21")
	f("only the other order runs forward", MDY, Likely, h24, "2/1/21", "2/5/21", "2/9/21", "3/1/21", "3/2/21")
	f("dots", DMY, Likely, h24, "01.02.21", "02.03.21")
	f("leading zeros", DMY, Likely, h24, "01/02/21", "02/03/21")
	f("long year", DMY, Likely, h24, "1/2/2021")
	f("American", MDY, Likely, h12, "1/2/21", "2/3/21")
	f("small am", DMY, Likely, "%s, 6:05 pm - ", "1/2/21", "2/3/21")
	f("à", DMY, Likely, "%s à 18:05 - ", "1/2/21")
	f("iPhone in Dutch", DMY, Likely, "[%s 18:05:33] ", "01-02-2021")
	f("denser as days of one month", DMY, Guess, h24, "1/2/21", "2/2/21", "3/2/21")
	f("denser as days of one month", MDY, Guess, h24, "2/1/21", "2/2/21", "2/3/21")
	f("nothing to go by", DMY, Guess, ios, "5/5/21")
	f("before WhatsApp", YMD, Certain, h24, "21/02/03", "21/02/04")
}

func TestInferNow(t *testing.T) {
	t.Parallel()
	text := dated("%s, 18:05 - ", "1/2/21", "2/3/21")
	c := read(t, "x.txt", text, Options{Now: time.Date(2021, 2, 10, 0, 0, 0, 0, time.UTC)})
	require.Equal(t, MDY, c.Order, c.Why) // 2 March has not come yet
	require.Equal(t, Certain, sure(c.Confidence != Guess))
}

func TestOrderGiven(t *testing.T) {
	t.Parallel()
	text := dated("%s, 18:05 - ", "1/2/21", "2/3/21")
	for order, want := range map[DateOrder]string{DMY: "2021-02-01", MDY: "2021-01-02"} {
		c := read(t, "x.txt", text, Options{Order: order})
		require.Equal(t, Given, c.Confidence)
		require.Equal(t, want, c.First.Format(time.DateOnly))
	}
	f := func(order DateOrder, text string) {
		t.Helper()
		_, err := Read(strings.NewReader(text), int64(len(text)), "x.txt", Options{Order: order})
		require.Equal(t, parley.Invalid, parley.KindOf(err))
	}
	f(MDY, dated("%s, 18:05 - ", "13/2/21"))
	f(DMY, dated("%s, 18:05 - ", "2021/2/13"))
	f(YMD, dated("%s, 18:05 - ", "13/2/2021"))
}

func TestCivilDay(t *testing.T) {
	t.Parallel()
	for day := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC); day.Year() < 2110; day = day.AddDate(0, 0, 1) {
		require.Equal(t, day.Unix()/86400, civilDay(day.Year(), int(day.Month()), day.Day()))
	}
}

func TestParseDateOrder(t *testing.T) {
	t.Parallel()
	f := func(s string, want DateOrder, ok bool) {
		t.Helper()
		got, good := ParseDateOrder(s)
		require.Equal(t, want, got)
		require.Equal(t, ok, good)
	}
	f("", Auto, true)
	f("AUTO", Auto, true)
	f("DMY", DMY, true)
	f("ymd", YMD, true)
	f("ydm", Auto, false)
}
