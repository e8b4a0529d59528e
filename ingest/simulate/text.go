package simulate

import (
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// appendEscaped appends s as the inside of a JSON string, escaped as Meta escapes it: everything outside
// ASCII as \uXXXX in lower-case hexadecimal (with surrogate pairs), and / as \/.
func appendEscaped(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '"' || r == '\\' || r == '/':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < ' ':
			dst = appendUnit(dst, uint16(r))
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case r < 0x10000:
			dst = appendUnit(dst, uint16(r))
		default:
			r -= 0x10000
			dst = appendUnit(dst, uint16(0xd800+r>>10))
			dst = appendUnit(dst, uint16(0xdc00+r&0x3ff))
		}
	}
	return dst
}

// appendUnit appends one UTF-16 code unit.
func appendUnit(dst []byte, u uint16) []byte {
	return append(dst, '\\', 'u', hexDigits[u>>12], hexDigits[u>>8&15], hexDigits[u>>4&15], hexDigits[u&15])
}

// escaped is appendEscaped for tables that are made once.
func escaped(s string) []byte { return appendEscaped(nil, s) }

// slot is a place in a text of the project's own dialogues that every conversation fills for itself, so
// that a million messages are not a thousand sentences.
type slot uint8

const (
	slotNone   slot = iota
	slotName        // the customer's first name
	slotAgent       // the first name of the person who answers
	slotOrder       // an order, invoice or case number
	slotTime        // a time of day
	slotDay         // a day of the week in the text's language
	slotAmount      // a whole amount of money
	slotCount
)

var slotNames = [slotCount]string{"", "{name}", "{agent}", "{order}", "{time}", "{day}", "{amount}"}

// segment is escaped text and the slot that follows it.
type segment struct {
	text []byte
	slot slot
}

// text is a sentence, escaped ahead of time.
type text []segment

// compileText escapes s; only the project's own dialogues have slots.
func compileText(s string, slots bool) text {
	var t text
	for slots {
		at, found := len(s), slotNone
		for k := slotName; k < slotCount; k++ {
			if i := strings.Index(s, slotNames[k]); i >= 0 && i < at {
				at, found = i, k
			}
		}
		if found == slotNone {
			break
		}
		t = append(t, segment{escaped(s[:at]), found})
		s = s[at+len(slotNames[found]):]
	}
	return append(t, segment{escaped(s), slotNone})
}

// slots are the escaped values of one conversation.
type slots [slotCount][]byte

func (t text) append(dst []byte, values *slots) []byte {
	for i := range t {
		dst = append(dst, t[i].text...)
		dst = append(dst, values[t[i].slot]...)
	}
	return dst
}
