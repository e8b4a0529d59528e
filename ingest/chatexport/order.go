package chatexport

import (
	"fmt"
	"strings"
	"time"
)

// DateOrder is the order of day, month and year in a stamp.
type DateOrder string

// The date orders. A year of four digits in front is always year, month, day.
const (
	Auto DateOrder = ""
	DMY  DateOrder = "dmy"
	MDY  DateOrder = "mdy"
	YMD  DateOrder = "ymd"
)

// Confidence says how sure an inferred order is. Below Certain a command should show Chat.Why and the
// chat's first and last day, and how to give the order.
type Confidence string

// The confidences.
const (
	Given   Confidence = "given"
	Certain Confidence = "certain" // every other order has impossible dates, or the year stands in front
	Likely  Confidence = "likely"  // other orders are possible, but jump back in time, or do not fit how such phones write
	Guess   Confidence = "guess"   // nothing speaks for one order
)

// whatsappStart is the first day WhatsApp existed, less some for clocks that were wrong.
var whatsappStart = civilDay(2009, 1, 1)

// tally counts, for one order, what speaks against it.
type tally struct {
	impossible int   // stamps that are no date in this order, before WhatsApp, or after now
	back       int   // stamps over a day earlier than the one before
	last       int64 // day of the stamp before
	span       int64 // days between neighbouring stamps, added up
	seen       bool
}

// evidence is what the stamps of one shape tell.
type evidence struct {
	count   int
	first   int // line of the first
	tallies [3]tally
	padded  int
	bare    int
	foreign int
	lower   int
	upper   int
	word    int
	names   map[string]bool // names that hold ": ", see colonName
}

var orders = [3]DateOrder{DMY, MDY, YMD}

// add counts one stamp. now is the last possible day.
func (e *evidence) add(st *stamp, line int, now int64) {
	if e.count == 0 {
		e.first = line
	}
	e.count++
	count := func(n *int, b bool) {
		if b {
			*n++
		}
	}
	count(&e.padded, st.padded)
	count(&e.bare, st.bare)
	count(&e.foreign, st.foreign)
	count(&e.word, st.word)
	count(&e.lower, st.latinHalf && st.lower)
	count(&e.upper, st.latinHalf && !st.lower)
	for i, order := range orders {
		t := &e.tallies[i]
		day, ok := st.day(order)
		if !ok || day < whatsappStart || day > now {
			t.impossible++
			continue
		}
		if t.seen {
			if day < t.last-1 {
				t.back++
			}
			t.span += max(day-t.last, t.last-day)
		}
		t.last, t.seen = day, true
	}
}

// day gives the stamp's day, counted from 1970, when its numbers are a date in this order.
func (st *stamp) day(order DateOrder) (int64, bool) {
	y, m, d := st.n[2], st.n[1], st.n[0]
	switch {
	case st.year == 'f' && order != YMD || st.year != 'f' && st.year != 0 && order == YMD:
		return 0, false
	case order == YMD:
		y, m, d = st.n[0], st.n[1], st.n[2]
	case order == MDY:
		m, d = d, m
	}
	switch {
	case st.era != 0:
		y += st.era
	case st.year == 0:
		y += 2000
	case y > 2400 && y < 2700:
		y += buddhist
	}
	if m < 1 || m > 12 || d < 1 || d > daysIn(y, m) || y < 2000 || y > 2199 {
		return 0, false
	}
	return civilDay(y, m, d), true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// civilDay counts days from 1970 to a date of the Gregorian calendar, years of March to February.
func civilDay(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	return int64(365*y+y/4-y/100+y/400+(153*(m-3)+2)/5+d-1) - 719468
}

// infer chooses the order: the one with the fewest impossible dates; among equals the one that jumps
// back in time least, because an export is written in the order of time; among equals the one that fits
// how phones write (separator, leading zeros, AM or am, words); among equals the one that needs the
// shortest time, because chats are dense; else day before month, which most of the world writes.
func (e *evidence) infer(s shape) (DateOrder, Confidence, string) {
	if s.year == 'f' {
		return YMD, Certain, "the year stands first"
	}
	best := 0
	for i := 1; i < len(orders); i++ {
		if e.better(i, best, s) {
			best = i
		}
	}
	win, order := &e.tallies[best], orders[best]
	rival := -1
	for i := range orders {
		if i != best && (rival < 0 || e.better(i, rival, s)) {
			rival = i
		}
	}
	lose, other := &e.tallies[rival], orders[rival]
	switch {
	case win.impossible == 0 && lose.impossible > 0 || lose.impossible >= 20*max(win.impossible, 1):
		return order, sure(win.back <= lose.back || lose.impossible > 2),
			fmt.Sprintf("%d of %d dates are impossible as %s", lose.impossible, e.count, other.Words())
	case win.impossible < lose.impossible || 20*win.impossible > e.count:
		return order, Guess, fmt.Sprintf("dates contradict each other: %d of %d are impossible as %s, %d as %s",
			win.impossible, e.count, order.Words(), lose.impossible, other.Words())
	case win.back < lose.back:
		return order, Likely, fmt.Sprintf("as %s the dates jump back in time %d times, as %s %d times",
			other.Words(), lose.back, order.Words(), win.back)
	}
	if hint, why := e.hint(s); hint == order {
		return order, Likely, "every date is possible as " + other.Words() + " too, but " + why
	}
	if other == YMD && s.sep != '-' {
		return order, Likely, "every date is possible as year/month/day too, but short years rarely stand first"
	}
	return order, Guess, "every date is possible as " + other.Words() + " too"
}

func sure(yes bool) Confidence {
	if yes {
		return Certain
	}
	return Likely
}

func (e *evidence) better(i, j int, s shape) bool {
	a, b := &e.tallies[i], &e.tallies[j]
	if a.impossible != b.impossible {
		return a.impossible < b.impossible
	}
	if a.back != b.back {
		return a.back < b.back
	}
	if hint, _ := e.hint(s); hint != Auto && (orders[i] == hint) != (orders[j] == hint) {
		return orders[i] == hint
	}
	return a.span < b.span
}

// hint tells which order phones that write like this one use.
func (e *evidence) hint(s shape) (DateOrder, string) {
	switch {
	case s.sep == '.':
		return DMY, "dots stand in dates that begin with the day"
	case s.sep == 'Y':
		return YMD, "年 and 月 stand in dates that begin with the year"
	case e.foreign > 0:
		return DMY, "such digits stand in dates that begin with the day"
	case e.word > 0:
		return DMY, "languages with a word between date and time begin with the day"
	case s.sep == '-' && s.year == 'l':
		return DMY, "dashes before a year of four digits stand in dates that begin with the day"
	case s.sep == '-':
		return YMD, "dashes between numbers of two digits stand in dates that begin with the year"
	case s.half != 0 && e.upper == 0:
		return DMY, "this way to write the half of the day goes with the day first"
	case s.year == 'l' || e.padded > 0:
		return DMY, "American phones write 1/5/21, without zeros and with a short year"
	case e.upper > 0 && e.bare > 0:
		return MDY, "American phones write 1/5/21 and AM or PM"
	}
	return Auto, ""
}

// Words names the order for a reader.
func (o DateOrder) Words() string {
	switch o {
	case MDY:
		return "month/day/year"
	case YMD:
		return "year/month/day"
	case DMY:
		return "day/month/year"
	}
	return "unknown order"
}

// ParseDateOrder reads an order as a person gives it: dmy, mdy, ymd, or auto.
func ParseDateOrder(s string) (DateOrder, bool) {
	switch o := DateOrder(strings.ToLower(s)); o {
	case Auto, DMY, MDY, YMD:
		return o, true
	case "auto":
		return Auto, true
	}
	return Auto, false
}

// clock gives what calendar and clock showed, as if it were UTC, in seconds from 1970.
func (st *stamp) clock(order DateOrder) (int64, bool) {
	day, ok := st.day(order)
	return day*86400 + int64(st.hour*3600+st.minute*60+st.second), ok
}

// inZone gives the time at which calendar and clock of a zone show this.
func inZone(clock int64, zone *time.Location) time.Time {
	utc := time.Unix(clock, 0).UTC()
	if zone == time.UTC {
		return utc
	}
	return time.Date(utc.Year(), utc.Month(), utc.Day(), utc.Hour(), utc.Minute(), utc.Second(), 0, zone)
}
