// Package langid names the language of a short chat message.
//
// It promises: an answer in about a microsecond without allocation, the same language for the same text on
// every machine (sums of integers choose between the classes), and a confidence between 0 and 1. The script settles most
// languages that are not written in Latin letters. For Latin ones a linear model over hashed letter
// sequences decides between the languages of Classes; it was trained by nlp/train/langid and is embedded
// as model.bin. Hindi in Latin letters is "hi". After a change to lexicons, seeds or Grams: go generate ./nlp/langid.
//
// It does not tell apart languages that share a script other than Latin beyond a few marker letters
// (Marathi is called "hi", Bulgarian "ru"), and Latin languages outside Classes are Undetermined.
package langid

import (
	_ "embed"
	"encoding/binary"
	"math"
	"unicode/utf8"

	"parley"
	"parley/nlp/token"
)

// Undetermined is ISO 639-2's code for a text whose language is not known.
const Undetermined = "und"

// Classes are what the model tells apart. Undetermined stands for every other language in Latin letters
// and for words that belong to no language ("ok", "haha", names).
var Classes = [Lanes]string{
	"en", "es", "pt", "de", "fr", "it", "hi", "id", "nl", "tr", "sw", "ha", Undetermined, "", "", "",
}

// Shape of the model file: Buckets rows of Lanes bytes, each a weight in units of 1/Scale, offset by Zero.
const (
	Lanes    = 16
	Buckets  = 1 << 14
	Scale    = 24
	Zero     = 128
	maxGrams = 1024 // letter sequences looked at in one message
	used     = 13   // lanes with a class
)

// hintBonus is what a caller's hint adds to its language, as a logarithm of odds.
const hintBonus = 1.5

// leastConfidence is the confidence under which the answer is Undetermined, when there was no hint.
const leastConfidence = 0.35

//go:generate sh -c "cd ../.. && go run ./nlp/train/langid"

//go:embed model.bin
var embedded []byte

// Identifier holds a model. It does not change and serves any number of goroutines.
type Identifier struct {
	rows [Buckets][2]uint64
}

// New loads the embedded model.
func New() (*Identifier, error) { return Load(embedded) }

// Load makes an identifier of a model file's bytes.
func Load(model []byte) (*Identifier, error) {
	if len(model) != Buckets*Lanes {
		return nil, parley.Errorf(parley.Internal, "cannot load language model: it has %d bytes instead of %d",
			len(model), Buckets*Lanes)
	}
	id := &Identifier{}
	for i := range id.rows {
		id.rows[i][0] = binary.LittleEndian.Uint64(model[i*Lanes:])
		id.rows[i][1] = binary.LittleEndian.Uint64(model[i*Lanes+8:])
	}
	return id, nil
}

// Detect names the language of a message. The hint is an ISO 639-1 code that is likely beforehand, for
// example of the conversation so far; it decides where the words do not. An empty hint is none.
func (id *Identifier) Detect(t *token.Text, hint string) (language string, confidence float32) {
	script, letters, total := mainScript(t)
	if total == 0 {
		return Undetermined, 0
	}
	if script != token.Latin {
		language = ofScript(script, t)
		return language, float32(letters) / float32(total)
	}
	if total < 2 {
		return Undetermined, 0
	}
	return id.latin(t.Plain, hint)
}

// mainScript gives the script of most letters. One Han or Hangul sign says as much as several letters.
func mainScript(t *token.Text) (script token.Script, letters, total int) {
	for s, n := range t.Letters {
		if token.Script(s) == token.Han || token.Script(s) == token.Kana || token.Script(s) == token.Hangul {
			n *= 3
		}
		total += n
		if n > letters {
			script, letters = token.Script(s), n
		}
	}
	if script == token.Han && t.Letters[token.Kana]*4 > t.Letters[token.Han] { // Japanese mixes both
		return token.Kana, letters + 3*t.Letters[token.Kana], total
	}
	return script, letters, total
}

// latin lets the model decide.
func (id *Identifier) latin(plain []byte, hint string) (string, float32) {
	var space [maxGrams]uint16
	grams := Grams(plain, space[:0])
	if len(grams) == 0 {
		return Undetermined, 0
	}
	sums := id.sum(grams)
	best, bestLogit, hinted := 0, math.Inf(-1), false
	var logits [used]float64
	for c := range logits {
		logits[c] = float64(sums[c]) / Scale
		if hint != "" && Classes[c] == hint {
			logits[c] += hintBonus
			hinted = true
		}
		if logits[c] > bestLogit {
			best, bestLogit = c, logits[c]
		}
	}
	var mass float64
	for _, l := range logits {
		if l > bestLogit-20 {
			mass += math.Exp(l - bestLogit)
		}
	}
	confidence := float32(1 / mass)
	if confidence < leastConfidence && !hinted {
		return Undetermined, confidence
	}
	return Classes[best], confidence
}

// sum adds the rows of the letter sequences. Eight classes travel in each of two words: even and odd
// bytes are spread to lanes of 16 bits, which hold 257 bytes before they must be emptied.
func (id *Identifier) sum(grams []uint16) (sums [Lanes]int32) {
	const even = 0x00FF00FF00FF00FF
	for len(grams) > 0 {
		n := min(len(grams), 256)
		var a, b, c, d uint64
		for _, g := range grams[:n] {
			row := &id.rows[g&(Buckets-1)]
			a += row[0] & even
			b += row[0] >> 8 & even
			c += row[1] & even
			d += row[1] >> 8 & even
		}
		for k := range 4 {
			shift := 16 * k
			sums[2*k] += int32(a>>shift&0xFFFF) - Zero*int32(n)
			sums[2*k+1] += int32(b>>shift&0xFFFF) - Zero*int32(n)
			sums[8+2*k] += int32(c>>shift&0xFFFF) - Zero*int32(n)
			sums[8+2*k+1] += int32(d>>shift&0xFFFF) - Zero*int32(n)
		}
		grams = grams[n:]
	}
	return sums
}

// Grams appends the buckets of the letter sequences of plain (token.Text's Plain): of two to five bytes with
// the spaces around words as letters, and whole words. At most cap(out) are appended: a bound, not a loss,
// since a language shows long before.
func Grams(plain []byte, out []uint16) []uint16 {
	const mul = 0x9E3779B97F4A7C15
	word := uint64(14695981039346656037)
	var window uint64
	since := 0 // bytes of the word so far, with the space before it
	for _, c := range plain {
		if len(out)+5 > cap(out) {
			break
		}
		window = window<<8 | uint64(c)
		since++
		if since >= 2 {
			out = append(out, bucket((window&0xFFFF|2<<56)*mul))
		}
		if since >= 3 {
			out = append(out, bucket((window&0xFFFFFF|3<<56)*mul))
		}
		if since >= 4 {
			out = append(out, bucket((window&0xFFFFFFFF|4<<56)*mul))
		}
		if since >= 5 {
			out = append(out, bucket((window&0xFFFFFFFFFF|5<<56)*mul))
		}
		if c == ' ' {
			if since > 4 {
				out = append(out, bucket(word*mul))
			}
			word = 14695981039346656037
			since = 1
			continue
		}
		word = (word ^ uint64(c)) * 1099511628211
	}
	return out
}

func bucket(h uint64) uint16 { return uint16(h >> (64 - 14)) }

// ofScript names the language of a script, looking at marker letters where several languages share it.
func ofScript(script token.Script, t *token.Text) string {
	switch script {
	case token.Arabic:
		return arabic(t.Plain)
	case token.Cyrillic:
		return cyrillic(t.Plain)
	case token.Devanagari:
		return "hi"
	case token.Greek:
		return "el"
	case token.Hebrew:
		return "he"
	case token.Han:
		return "zh"
	case token.Kana:
		return "ja"
	case token.Hangul:
		return "ko"
	case token.Georgian:
		return "ka"
	case token.Armenian:
		return "hy"
	case token.Thai:
		return "th"
	case token.Bengali:
		return "bn"
	case token.Tamil:
		return "ta"
	case token.Telugu:
		return "te"
	case token.Gujarati:
		return "gu"
	}
	return Undetermined
}

// arabic tells Arabic from Persian and Urdu by the letters that only those have. One stray letter in a
// long message is not enough: dialects borrow gaf and che.
func arabic(plain []byte) string {
	letters, persian, urdu := 0, 0, 0
	for i := 0; i < len(plain); {
		r, n := utf8.DecodeRune(plain[i:])
		i += n
		letters++
		switch r {
		case 'ٹ', 'ڈ', 'ڑ', 'ں', 'ے', 'ھ', 'ہ':
			urdu++
		case 'پ', 'چ', 'ژ', 'گ', 'ی', 'ک':
			persian++
		}
	}
	switch {
	case urdu*25 >= letters:
		return "ur"
	case persian*12 >= letters:
		return "fa"
	}
	return "ar"
}

// cyrillic tells Russian from its neighbours by their own letters.
func cyrillic(plain []byte) string {
	for i := 0; i < len(plain); {
		r, n := utf8.DecodeRune(plain[i:])
		i += n
		switch r {
		case 'і', 'ї', 'є', 'ґ':
			if !containsAny(plain, 'қ', 'ғ', 'ә', 'ң', 'ө', 'ұ', 'ү') {
				return "uk"
			}
			return "kk"
		case 'қ', 'ғ', 'ә', 'ң', 'ө', 'ұ', 'ү', 'һ':
			return "kk"
		case 'ђ', 'ј', 'љ', 'њ', 'ћ', 'џ':
			return "sr"
		}
	}
	return "ru"
}

func containsAny(plain []byte, letters ...rune) bool {
	for i := 0; i < len(plain); {
		r, n := utf8.DecodeRune(plain[i:])
		i += n
		for _, l := range letters {
			if r == l {
				return true
			}
		}
	}
	return false
}
