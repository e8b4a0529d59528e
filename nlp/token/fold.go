package token

import (
	"unicode"
	"unicode/utf8"
)

// latin lists, for each plain form, the letters that fold to it. Chat writers leave accents out, so a
// lexicon that insisted on them would miss half of what is said.
var latin = map[string]string{
	"a": "àáâãäåāăąǎạảấầẩẫậắằẳẵặ", "ae": "æ", "c": "çćĉċč", "d": "ďđð", "e": "èéêëēĕėęěẹẻẽếềểễệ", "g": "ĝğġģ", "h": "ĥħ",
	"i": "ìíîïĩīĭįıỉị", "j": "ĵ", "k": "ķ", "l": "ĺļľŀł", "n": "ñńņňŉ", "o": "òóôõöøōŏőơọỏốồổỗộớờởỡợ", "oe": "œ",
	"r": "ŕŗř", "s": "śŝşšș", "ss": "ß", "t": "ţťŧț", "th": "þ", "u": "ùúûüũūŭůűųưụủứừửữự", "w": "ŵ", "y": "ýÿŷỳỵỷỹ", "z": "źżž",
}

// other folds letters of Arabic and Devanagari that writers use for one another.
var other = map[rune]string{
	'أ': "ا", 'إ': "ا", 'آ': "ا", 'ٱ': "ا", 'ى': "ي", 'ی': "ي", 'ئ': "ي", 'ؤ': "و", 'ة': "ه", 'ک': "ك",
	// The letters with a dot below, the dot itself, and the moon-dot, which becomes the plain dot above.
	0x958: "\u0915", 0x959: "\u0916", 0x95A: "\u0917", 0x95B: "\u091c", 0x95C: "\u0921", 0x95D: "\u0922", 0x95E: "\u092b", 0x95F: "\u092f",
	0x93C: "", 0x901: "\u0902",
}

// latinFold is latin by letter, for a look-up without hashing; the letters up to 0x24F and 0x1E00-0x1EFF.
var latinFold = func() (table [0x250 + 0x100]string) {
	for plain, letters := range latin {
		for _, r := range letters {
			if i := latinIndex(r); i >= 0 {
				table[i] = plain
			}
		}
	}
	return table
}()

func latinIndex(r rune) int {
	switch {
	case r < 0x250:
		return int(r)
	case r >= 0x1E00 && r < 0x1F00:
		return int(r) - 0x1E00 + 0x250
	}
	return -1
}

// appendFolded appends the folded form of a lower-case letter.
func appendFolded(b []byte, r rune) []byte {
	if r < utf8.RuneSelf {
		return append(b, byte(r))
	}
	if i := latinIndex(r); i >= 0 {
		if plain := latinFold[i]; plain != "" {
			return append(b, plain...)
		}
		return utf8.AppendRune(b, r)
	}
	if r >= 0x600 && r < 0x980 {
		if plain, ok := other[r]; ok {
			return append(b, plain...)
		}
	}
	return utf8.AppendRune(b, r)
}

// toLower gives the small letter; the wide Latin of East Asian keyboards becomes plain.
func toLower(r rune) rune {
	switch {
	case r < utf8.RuneSelf:
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	case r >= 0xFF21 && r <= 0xFF5A:
		r -= 0xFEE0
		return toLower(r)
	case r == 'İ':
		return 'i'
	case r >= 0x590 && r < 0x1C80: // scripts without capitals, but for Georgian, whose capitals are not written
		return r
	}
	return unicode.ToLower(r)
}
