package chatexport

import "unicode/utf8"

// markAt gives the length of the invisible direction mark at b[i], 0 when there is none. WhatsApp and the
// phone's own date formats put them anywhere in right-to-left languages.
func markAt(b []byte, i int) int {
	if i+1 >= len(b) || b[i] < 0xd8 {
		return 0
	}
	switch b[i] {
	case 0xd8: // U+061C
		if b[i+1] == 0x9c {
			return 2
		}
	case 0xe2: // U+200B, U+200E, U+200F, U+202A..202E, U+2060, U+2066..2069; not the joiners of emoji between
		if i+2 >= len(b) {
			return 0
		}
		c := b[i+2]
		if b[i+1] == 0x80 && (c == 0x8b || c == 0x8e || c == 0x8f || c >= 0xaa && c <= 0xae) ||
			b[i+1] == 0x81 && (c == 0xa0 || c >= 0xa6 && c <= 0xa9) {
			return 3
		}
	case 0xef: // U+FEFF
		if i+2 < len(b) && b[i+1] == 0xbb && b[i+2] == 0xbf {
			return 3
		}
	}
	return 0
}

// spaceAt gives the length of the space at b[i], 0 when there is none: the plain one, the no-break ones
// (U+00A0, U+202F before AM and PM since 2022), the thin one and the ideographic one.
func spaceAt(b []byte, i int) int {
	if i >= len(b) {
		return 0
	}
	switch b[i] {
	case ' ', '\t':
		return 1
	case 0xc2:
		if i+1 < len(b) && b[i+1] == 0xa0 {
			return 2
		}
	case 0xe2:
		if i+2 < len(b) && b[i+1] == 0x80 && (b[i+2] == 0xaf || b[i+2] == 0x89) {
			return 3
		}
	case 0xe3:
		if i+2 < len(b) && b[i+1] == 0x80 && b[i+2] == 0x80 {
			return 3
		}
	}
	return 0
}

// digitAt gives the value and the length of the decimal digit at b[i]; the length is 0 when there is
// none. ASCII, Arabic-Indic, Persian, Devanagari, Bengali and Myanmar digits are known.
func digitAt(b []byte, i int) (value, n int) {
	if i >= len(b) {
		return 0, 0
	}
	c := b[i]
	if c < 0x80 {
		if c >= '0' && c <= '9' {
			return int(c - '0'), 1
		}
		return 0, 0
	}
	r, n := utf8.DecodeRune(b[i:])
	for _, zero := range [...]rune{0x660, 0x6f0, 0x966, 0x9e6, 0x1040} {
		if r >= zero && r <= zero+9 {
			return int(r - zero), n
		}
	}
	return 0, 0
}

// skip returns the first index from i that is neither mark nor space.
func skip(b []byte, i int) int {
	for i < len(b) && (b[i] <= ' ' || b[i] >= 0x80) { // most callers stand before ASCII
		n := spaceAt(b, i)
		if n == 0 {
			n = markAt(b, i)
		}
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// skipMarks returns the first index from i that is no mark.
func skipMarks(b []byte, i int) int {
	for i < len(b) && b[i] >= 0x80 {
		n := markAt(b, i)
		if n == 0 {
			break
		}
		i += n
	}
	return i
}

// trim removes marks and spaces at both ends, line feeds too.
func trim(b []byte) []byte {
	for len(b) > 0 {
		i := skip(b, 0)
		for i < len(b) && b[i] == '\n' {
			i++
		}
		if i == 0 {
			break
		}
		b = b[i:]
	}
	for len(b) > 0 {
		_, n := utf8.DecodeLastRune(b)
		tail := len(b) - n
		if b[tail] != '\n' && spaceAt(b, tail) == 0 && markAt(b, tail) == 0 {
			break
		}
		b = b[:tail]
	}
	return b
}

// appendPlain appends b without marks and with plain spaces; with fold also ASCII letters in lower case.
func appendPlain(dst, b []byte, fold bool) []byte {
	for i := 0; i < len(b); {
		c := b[i]
		if c >= 0x80 || c == '\t' {
			if n := markAt(b, i); n > 0 {
				i += n
				continue
			}
			if n := spaceAt(b, i); n > 0 {
				dst = append(dst, ' ')
				i += n
				continue
			}
		}
		if fold && c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		dst = append(dst, c)
		i++
	}
	return dst
}
