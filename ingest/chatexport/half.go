package chatexport

// half is the half of the day that a 12 hour clock names, or one of the day's parts that Chinese and
// Hindi name instead.
type half int

const (
	morning half = 1 + iota // hours as they are, 12 is midnight
	evening                 // hours after 12
	noon                    // from 11 to 15 o'clock or so
	night                   // from 19 to 5 o'clock or so
)

// hour gives the hour of 24.
func (h half) hour(clock int) (int, bool) {
	if clock > 12 {
		return clock, h != morning // some phones write 18:05 PM
	}
	switch h {
	case morning:
		return clock % 12, true
	case evening:
		return clock%12 + 12, true
	case noon:
		if clock >= 10 {
			return clock, true
		}
		return clock + 12, true
	case night:
		if clock == 12 || clock < 6 {
			return clock % 12, true
		}
		return clock + 12, true
	}
	return 0, false
}

// halfOf recognises the word for a half of the day; dots, spaces and marks in it do not matter.
func halfOf(word []byte) half {
	if len(word) > maxHalf {
		return 0
	}
	var buf [maxHalf]byte
	n := 0
	for i := 0; i < len(word); {
		if s := max(spaceAt(word, i), markAt(word, i)); s > 0 {
			i += s
			continue
		}
		c := word[i]
		i++
		if c == '.' {
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[n] = c
		n++
	}
	return halves[string(buf[:n])]
}

// latinHalf tells AM from am and from a. m.: English phones write the first two.
func latinHalf(word []byte) (plain, lower bool) {
	word = trim(word)
	if len(word) != 2 {
		return false, false
	}
	return true, word[0] >= 'a'
}

var halves = map[string]half{
	"am": morning, "pm": evening,
	"vorm": morning, "nachm": evening, // German
	"vm": morning, "nm": evening, // Afrikaans
	"fm": morning, "em": evening, // Swedish
	"ap": morning, "ip": evening, // Finnish
	"dop": morning, "odp": evening, // Czech, Slovak
	"de": morning, "du": evening, // Hungarian
	"pg": morning, "ptg": evening, // Malay
	"sa": morning, "ch": evening, // Vietnamese
	"öö": morning, "ös": evening, "ÖÖ": morning, "Ös": evening, // Turkish; only ASCII letters are made small
	"πμ": morning, "μμ": evening, // Greek
	"дп": morning, "пп": evening, "ДП": morning, "ПП": evening, // Ukrainian, Russian
	"проб": morning, "слоб": evening, // Bulgarian
	"ص": morning, "م": evening, "صباحًا": morning, "مساءً": evening, "صباحا": morning, "مساء": evening, // Arabic
	"قظ": morning, "بظ": evening, // Persian
	"לפנה״צ": morning, "אחה״צ": evening, `לפנה"צ`: morning, `אחה"צ`: evening, // Hebrew
	"पूर्वाह्न": morning, "अपराह्न": evening, "सुबह": morning, "दोपहर": noon, "शाम": evening, "रात": night, // Hindi
	"मपू": morning, "मउ": evening, // Marathi
	"முற்பகல்": morning, "பிற்பகல்": evening, // Tamil
	"ก่อนเที่ยง": morning, "หลังเที่ยง": evening, // Thai
	"오전": morning, "오후": evening, // Korean
	"午前": morning, "午後": evening, // Japanese
	"上午": morning, "下午": evening, "凌晨": morning, "清晨": morning, "早上": morning, "中午": noon, "晚上": night, // Chinese
}

// joinWords stand between date and time.
var joinWords = map[string]bool{
	"à": true, "às": true, "as": true, "a": true, "alle": true, "las": true, "les": true, "la": true,
	"at": true, "um": true, "kl": true, "kl.": true, "klo": true, "klokken": true, "om": true, "в": true,
	"о": true, "ob": true, "o": true, "u": true, "г": true, "г.": true, "р.": true, "lúc": true, "pukul": true,
	"في": true, "ב": true, "ב-": true, "को": true,
}

// buddhist is the year before the first of the Buddhist era.
const buddhist = -543
