package chatexport

import (
	"bytes"
	"unicode/utf8"
)

// shape is how a phone formats the stamp that begins a dated line. All lines of one export have the same.
type shape struct {
	bracket   bool // [31/12/21, 18:05:33] (iPhone), else 31/12/21, 18:05 - (Android)
	timeFirst bool // 18:05, 31/12/2021 (Vietnamese)
	comma     bool // between date and time
	seconds   bool
	sep       byte // of the date: '/', '.', '-', or 'Y' for 年月日
	timeSep   byte // ':' or '.'
	half      byte // 0: 24 hours, 'b': the half of the day stands before the time, 'a': after it
	year      byte // 'f': four digits first, 'l': four digits last, 'e': an era's letter and a year, 0: two digits
	end       byte // ']', '-' or ':'
}

// stamp is a dated line's beginning. Which of the three numbers is the day is known once the whole file
// was read.
type stamp struct {
	shape
	n         [3]int
	padded    bool // a one-digit number of day or month is written with a zero
	bare      bool // or without one
	foreign   bool // digits that are not ASCII
	lower     bool // am, pm in small letters
	latinHalf bool // AM, PM, am, pm: no dots
	word      bool // a word such as "à" or "klo" between date and time
	before    half // the half of the day that stands before the time
	era       int  // the year before an era's first; 0 without era
	hour      int
	minute    int
	second    int
}

const (
	maxJoin = 24 // bytes of spaces, marks, comma and word between date and time
	maxHalf = 40 // bytes from the time to the end of the stamp
)

// parseStamp reads the stamp at the beginning of a line and returns what follows it. It is strict: a line
// of a message that begins with a number is rarely taken for a stamp, and if so, its shape differs from
// the file's.
func parseStamp(line []byte) (st stamp, rest []byte, ok bool) { return new(stamper).parse(line) }

// stamper reads stamps and remembers the last date: neighbouring lines mostly have the same.
type stamper struct {
	prefix []byte // what stood before the time
	dated  stamp  // what was known then
}

func (p *stamper) parse(line []byte) (st stamp, rest []byte, ok bool) {
	if n := len(p.prefix); n > 0 && bytes.HasPrefix(line, p.prefix) {
		if _, d := digitAt(line, n); d > 0 {
			st = p.dated
			return st.timed(line, n)
		}
	}
	i := skipMarks(line, 0)
	if i < len(line) && line[i] == '[' {
		st.bracket = true
		i = skip(line, i+1)
	}
	if _, n := digitAt(line, i); n == 0 {
		return st, nil, false
	}
	if startsWithTime(line, i) {
		st.timeFirst = true
		for _, part := range [...]func([]byte, int) (int, bool){st.time, st.join, st.date} {
			if i, ok = part(line, i); !ok {
				return st, nil, false
			}
		}
		return st.finish(line, i)
	}
	if i, ok = st.date(line, i); !ok {
		return st, nil, false
	}
	if i, ok = st.join(line, i); !ok {
		return st, nil, false
	}
	p.prefix, p.dated = append(p.prefix[:0], line[:i]...), st
	return st.timed(line, i)
}

// timed reads the rest of a stamp whose date was read.
func (st *stamp) timed(line []byte, i int) (_ stamp, rest []byte, ok bool) {
	if i, ok = st.time(line, i); !ok {
		return *st, nil, false
	}
	return st.finish(line, i)
}

// startsWithTime reports whether a colon ends the first number.
func startsWithTime(b []byte, i int) bool {
	for range 3 {
		_, n := digitAt(b, i)
		if n == 0 {
			break
		}
		i = skipMarks(b, i+n)
	}
	return i < len(b) && b[i] == ':'
}

// number reads up to most digits.
func (st *stamp) number(b []byte, i, most int) (value, digits, next int) {
	for digits < most {
		if i < len(b) && b[i]-'0' <= 9 {
			value, digits, i = value*10+int(b[i]-'0'), digits+1, i+1
			continue
		}
		i = skipMarks(b, i)
		v, n := digitAt(b, i)
		if n == 0 {
			break
		}
		if n > 1 {
			st.foreign = true
		}
		value, digits, i = value*10+v, digits+1, i+n
	}
	return value, digits, i
}

func (st *stamp) date(b []byte, i int) (next int, ok bool) {
	var width [3]int
	for part := range 3 {
		if part == 2 && i < len(b) && eraBefore(b[i]) > 0 {
			st.era, st.year, i = eraBefore(b[i]), 'e', i+1
		}
		st.n[part], width[part], i = st.number(b, i, 4)
		if width[part] == 0 || width[part] == 3 || width[part] == 4 && part == 1 {
			return i, false
		}
		sep, j := dateSeparator(b, i)
		if part == 2 {
			if sep == 'Y' || sep == '.' { // 2021年12月31日, 31. 12. 2021.
				i = j
			}
			break
		}
		if sep == 0 || part == 1 && sep != st.sep {
			return i, false
		}
		st.sep, i = sep, skip(b, j)
	}
	switch {
	case width[0] == 4 && width[2] == 4:
		return i, false
	case width[0] == 4:
		st.year = 'f'
	case width[2] == 4:
		st.year = 'l'
	}
	for part := range 3 {
		if part == 0 && st.year == 'f' || part == 2 && st.year != 'f' {
			continue
		}
		st.padded = st.padded || width[part] == 2 && st.n[part] < 10
		st.bare = st.bare || width[part] == 1
	}
	return i, true
}

// dateSeparator reads one separator of a date; marks and a space may stand before it.
func dateSeparator(b []byte, i int) (sep byte, next int) {
	i = skipMarks(b, i)
	if i >= len(b) {
		return 0, i
	}
	switch b[i] {
	case '/', '.', '-':
		return b[i], i + 1
	}
	if b[i] < 0x80 {
		return 0, i
	}
	for _, s := range [...]string{"年", "月", "日", "년", "월", "일"} {
		if bytes.HasPrefix(b[i:], []byte(s)) {
			return 'Y', i + len(s)
		}
		if j := skip(b, i); bytes.HasPrefix(b[j:], []byte(s)) {
			return 'Y', j + len(s)
		}
	}
	if bytes.HasPrefix(b[i:], []byte("\u2010")) || bytes.HasPrefix(b[i:], []byte("\u2011")) {
		return '-', i + 3
	}
	return 0, i
}

// eraBefore gives the year before the first of a Japanese era by its letter.
func eraBefore(letter byte) int {
	switch letter {
	case 'R': // Reiwa
		return 2018
	case 'H': // Heisei
		return 1988
	}
	return 0
}

// join reads what stands between date and time: a comma, a word such as "à", "klo" or "г.", or the half
// of the day.
func (st *stamp) join(b []byte, i int) (next int, ok bool) {
	limit := min(len(b), i+maxJoin)
	start := i
	for i < limit {
		if n := max(spaceAt(b, i), markAt(b, i)); n > 0 {
			i += n
			continue
		}
		if n := commaAt(b, i); n > 0 {
			st.comma, i = true, i+n
			continue
		}
		if _, n := digitAt(b, i); n > 0 {
			return i, i > start
		}
		end := i
		for end < limit && spaceAt(b, end) == 0 && commaAt(b, end) == 0 {
			if _, n := digitAt(b, end); n > 0 {
				break
			}
			end++
		}
		word := b[i:end]
		if h := halfOf(word); h != 0 && !st.timeFirst {
			st.half, st.before = 'b', h
		} else if string(word) == "BE" {
			st.era = buddhist
		} else if joinWords[string(word)] {
			st.word = true
		} else if h != 0 && st.half == 0 { // 6:05 CH, 31/12/2021
			st.half, i = 'a', end
			return st.join2(b, i, h)
		} else {
			return i, false
		}
		i = end
	}
	return i, false
}

// join2 goes on behind a half of the day in a stamp whose time comes first.
func (st *stamp) join2(b []byte, i int, h half) (next int, ok bool) {
	if st.hour, ok = h.hour(st.hour); !ok {
		return i, false
	}
	return st.join(b, i)
}

// commaAt gives the length of the Latin or Arabic comma at b[i].
func commaAt(b []byte, i int) int {
	switch {
	case b[i] == ',':
		return 1
	case b[i] == 0xd8 && i+1 < len(b) && b[i+1] == 0x8c:
		return 2
	}
	return 0
}

// time reads hour, minute and perhaps second.
func (st *stamp) time(b []byte, i int) (next int, ok bool) {
	hour, digits, i := st.number(b, i, 2)
	if digits == 0 || i >= len(b) || b[i] != ':' && b[i] != '.' || hour > 23 {
		return i, false
	}
	sep := b[i]
	minute, digits, i := st.number(b, i+1, 2)
	if digits != 2 || minute > 59 {
		return i, false
	}
	if st.half == 'b' {
		if hour, ok = st.before.hour(hour); !ok {
			return i, false
		}
	}
	second := 0
	if i < len(b) && b[i] == sep {
		var s, d, j int
		if s, d, j = st.number(b, i+1, 2); d == 2 && s <= 59 {
			second, i, st.seconds = s, j, true
		}
	}
	if _, n := digitAt(b, i); n > 0 {
		return i, false
	}
	st.hour, st.minute, st.second, st.timeSep = hour, minute, second, sep
	return i, true
}

// finish reads the half of the day behind a time and the end of the stamp.
func (st *stamp) finish(b []byte, i int) (_ stamp, rest []byte, ok bool) {
	tail := b[i:min(len(b), i+maxHalf)]
	var half []byte
	if st.bracket {
		k := bytes.IndexByte(tail, ']')
		if k < 0 {
			return *st, nil, false
		}
		st.end, half, rest = ']', tail[:k], b[i+k+1:]
	} else {
		k, n, end := stampEnd(tail)
		if k < 0 {
			return *st, nil, false
		}
		st.end, half, rest = end, tail[:k], b[i+k+n:]
	}
	if n := spaceAt(rest, 0); n > 0 {
		rest = rest[n:]
	}
	if half = half[skip(half, 0):]; len(trim(half)) > 0 {
		h := halfOf(half)
		if h == 0 {
			if st.timeFirst && string(trim(half)) == "BE" {
				st.era = buddhist
				return *st, rest, true
			}
			return *st, nil, false
		}
		if st.half != 0 || st.timeFirst {
			return *st, nil, false
		}
		st.half = 'a'
		if st.hour, ok = h.hour(st.hour); !ok {
			return *st, nil, false
		}
		st.latinHalf, st.lower = latinHalf(half)
	}
	return *st, rest, true
}

// stampEnd finds what ends an Android stamp: a dash between spaces, or (before 2016) a colon.
func stampEnd(tail []byte) (at, n int, end byte) {
	for i := 0; i < len(tail); {
		if s := spaceAt(tail, i); s > 0 {
			j := skipMarks(tail, i+s)
			if j < len(tail) && tail[j] == '-' {
				return i, j + 1 - i, '-'
			}
			if bytes.HasPrefix(tail[j:], []byte("–")) {
				return i, j + 3 - i, '-'
			}
			i += s
			continue
		}
		if tail[i] == ':' && spaceAt(tail, i+1) > 0 {
			return i, 1, ':'
		}
		_, w := utf8.DecodeRune(tail[i:])
		i += w
	}
	return -1, 0, 0
}
