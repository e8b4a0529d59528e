// Package token cuts a chat message into words, numbers, emoji and clause breaks, in one pass.
//
// It promises: any string is accepted (broken UTF-8, invisible characters, 64 KB of one letter), the
// work is linear in the bytes read, at most MaxBytes are read, and a word is cut at MaxWord bytes. Words
// come folded, so that "¡URGENTE!", "urgénte" and "urgenteee" meet the same lexicon entry.
//
// It does not know any language: no stemming, and no segmentation of scripts that write without spaces.
// Start at Text.Read; folding of single letters is in fold.go, scripts in script.go.
package token

import (
	"unicode"
	"unicode/utf8"
)

// Bounds of what is read. WhatsApp's own limit is 65,536 characters in the app, 4,096 in the Cloud API.
const (
	MaxBytes = 64 << 10 // of a message; the rest is not read
	MaxWord  = 64       // folded bytes of one word; the rest of the word is dropped
	MaxPlain = 640      // bytes of Plain: more letters do not make the language any clearer
)

// Kind tells tokens apart.
type Kind uint8

// The kinds of tokens. Spaces, hyphens inside words and invisible characters make no token.
const (
	Word   Kind = iota // letters, folded
	Number             // starts with a digit: 5, 17:30, 5pm, 2026-03-01
	Symbol             // one emoji, or an emoticon as ":)", ":(", ":/" or "<3"
	Break              // punctuation that ends a clause; Mark says which
)

// Token is one piece of a message. Its folded bytes are Text.Bytes(token).
type Token struct {
	lo, hi    uint32
	Kind      Kind
	Mark      byte // of a Break: '.', ',', '!' or '?'
	Upper     bool // two letters or more, all of them capitals
	Elongated bool // some letter stood three times or more; two of them were kept
	Arabic    bool // begins with an Arabic letter: particles may be glued to its front
}

// Text is the result of Read. It is reused by calling Read again and belongs to one goroutine.
type Text struct {
	Tokens  []Token
	Plain   []byte          // the words in lower case with their accents, one space between and around them
	Letters [numScripts]int // how many letters of each script
	Words   int             // tokens of kind Word
	Shouted int             // words in capitals
	Bangs   int             // exclamation marks
	folded  []byte
}

// Bytes gives the folded form of a token. It is valid until the next Read.
func (t *Text) Bytes(tok Token) []byte { return t.folded[tok.lo:tok.hi] }

// Size is the memory held for reuse, in tokens.
func (t *Text) Size() int { return cap(t.Tokens) }

// Read cuts s into tokens, forgetting what was read before.
func (t *Text) Read(s string) {
	*t = Text{Tokens: t.Tokens[:0], Plain: append(t.Plain[:0], ' '), folded: t.folded[:0]}
	if len(s) > MaxBytes {
		s = s[:MaxBytes]
	}
	for i := 0; i < len(s); {
		c := s[i]
		if c == ' ' {
			i++
			continue
		}
		r, n := rune(c), 1
		if c >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case isLetter(r):
			i = t.word(s, i)
		case isDigit(r):
			i = t.number(s, i)
		default:
			i = t.mark(s, i, r, n)
		}
	}
}

// word reads a word that begins at i, or skips an address, and returns where it ends.
func (t *Text) word(s string, i int) int {
	if end := address(s, i); end > i {
		return end
	}
	tok := Token{lo: uint32(len(t.folded)), Kind: Word}
	w := wordState{plain: len(t.Plain) < MaxPlain}
	first := true
	for i < len(s) {
		if c := s[i] | 0x20; c >= 'a' && c <= 'z' { // most letters of most messages
			first = false
			if s[i] != c {
				w.capitals++
			}
			w.letters++
			w.sinceDot++
			w.latin++
			t.put(&w, rune(c), &tok)
			i++
			continue
		}
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case r >= utf8.RuneSelf && isLetter(r):
			if first {
				tok.Arabic, first = scriptOf(r) == Arabic, false
			}
			t.letter(&w, r, &tok)
		case isDigit(r) && w.letters > 0: // "mp3", "b2b": part of the word
			t.put(&w, r, &tok)
		case isInvisible(r), isCombining(r):
		case r == '.' && w.sinceDot == 1 && initialFollows(s, i): // A.S.A.P. is one word
			w.sinceDot = 0
		case (r == '\'' || r == '’') && w.last == 'n' && contracted(s, i+n): // don't is one word, l'urgence is two
		default:
			return t.endWord(tok, &w, i)
		}
		i += n
	}
	return t.endWord(tok, &w, i)
}

// wordState is what is known of the word being read.
type wordState struct {
	last     rune // the folded letter before, to notice elongation
	run      int  // how often it stood in a row
	letters  int
	latin    int // ASCII letters, counted here and added to Letters at the end
	capitals int
	sinceDot int  // letters since the word began or since a dot inside it
	plain    bool // there was room in Plain when the word began
}

// letter takes one letter beyond ASCII into the word: counted, into Plain, and folded.
func (t *Text) letter(w *wordState, r rune, tok *Token) {
	w.letters++
	w.sinceDot++
	t.Letters[scriptOf(r)]++
	lower := toLower(r)
	if lower != r {
		w.capitals++
	}
	t.put(w, lower, tok)
}

// put appends a lower-case letter or a digit of a word, folded, unless the word is full or the letter
// stands for the third time or more. Plain gets it unfolded under the same conditions.
func (t *Text) put(w *wordState, lower rune, tok *Token) {
	if lower == w.last {
		w.run++
		if w.run > 2 {
			tok.Elongated = true
			return
		}
	} else {
		w.last, w.run = lower, 1
	}
	if len(t.folded)-int(tok.lo) >= MaxWord {
		return
	}
	if lower < utf8.RuneSelf {
		t.folded = append(t.folded, byte(lower))
		if w.plain {
			t.Plain = append(t.Plain, byte(lower))
		}
		return
	}
	t.folded = appendFolded(t.folded, lower)
	if w.plain {
		t.Plain = utf8.AppendRune(t.Plain, lower)
	}
}

// endWord files the word away and returns i.
func (t *Text) endWord(tok Token, w *wordState, i int) int {
	t.Letters[Latin] += w.latin
	if w.plain && t.Plain[len(t.Plain)-1] != ' ' {
		t.Plain = append(t.Plain, ' ')
	}
	tok.hi = uint32(len(t.folded))
	if tok.hi == tok.lo {
		return i
	}
	tok.Upper = w.capitals == w.letters && w.letters >= 2
	t.Words++
	if tok.Upper {
		t.Shouted++
	}
	t.Tokens = append(t.Tokens, tok)
	return i
}

// number reads digits with what is glued to them ("17:30", "5pm", "1.200,50") and returns where it ends.
func (t *Text) number(s string, i int) int {
	tok := Token{lo: uint32(len(t.folded)), Kind: Number}
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		glue := (r == ':' || r == '.' || r == ',' || r == '/' || r == '-') && i+1 < len(s) && isDigit(rune(s[i+1]))
		if !glue && !isDigit(r) && (r >= utf8.RuneSelf || !isLetter(r)) {
			break
		}
		if len(t.folded)-int(tok.lo) < MaxWord {
			t.folded = appendFolded(t.folded, toLower(r))
		}
		i += n
	}
	tok.hi = uint32(len(t.folded))
	t.Tokens = append(t.Tokens, tok)
	return i
}

// mark reads what is neither letter nor digit: punctuation, emoticon, emoji, space.
func (t *Text) mark(s string, i int, r rune, n int) int {
	if r == '@' { // a mention names somebody; it is no word
		return endOfRun(s, i)
	}
	if r < utf8.RuneSelf {
		if face, end := emoticon(s, i); end > i {
			t.symbol(face)
			return end
		}
	}
	switch r {
	case '!', '¡', '！':
		if r != '¡' {
			t.Bangs++
		}
		t.breakAt('!')
	case '?', '¿', '؟', '？':
		t.breakAt('?')
	case '.', '…', '।', '॥', '。', '\n', ';', '؛', '|', '۔':
		t.breakAt('.')
	case ',', '،', '、', ':', '(', ')', '[', ']', '"', '–', '—', '•':
		t.breakAt(',')
	case '-', '*', '_': // WhatsApp's bold and italic, hyphens: a break only where it stands alone
		if i > 0 && s[i-1] == ' ' && i+1 < len(s) && s[i+1] == ' ' {
			t.breakAt(',')
		}
	default:
		if isEmoji(r) {
			t.symbol(s[i : i+n])
		}
	}
	return i + n
}

// breakAt notes a clause break, once for a run of them; a stronger mark replaces a weaker one.
func (t *Text) breakAt(mark byte) {
	if k := len(t.Tokens); k > 0 && t.Tokens[k-1].Kind == Break {
		if t.Tokens[k-1].Mark == ',' {
			t.Tokens[k-1].Mark = mark
		}
		return
	}
	at := uint32(len(t.folded))
	t.Tokens = append(t.Tokens, Token{lo: at, hi: at, Kind: Break, Mark: mark})
}

func (t *Text) symbol(text string) {
	lo := uint32(len(t.folded))
	t.folded = append(t.folded, text...)
	t.Tokens = append(t.Tokens, Token{lo: lo, hi: uint32(len(t.folded)), Kind: Symbol})
}

// emoticon reads a face made of ASCII at i: eyes, an optional nose, a mouth; or a heart.
func emoticon(s string, i int) (face string, end int) {
	if i+1 >= len(s) {
		return "", i
	}
	if s[i] == '<' && s[i+1] == '3' {
		return "<3", i + 2
	}
	if s[i] != ':' && s[i] != ';' && s[i] != '=' {
		return "", i
	}
	j := i + 1
	if s[j] == '-' || s[j] == '\'' {
		if j++; j >= len(s) {
			return "", i
		}
	}
	switch s[j] {
	case ')', ']':
		return ":)", j + 1
	case 'D', 'P', 'p':
		if j+1 < len(s) && isLetter(rune(s[j+1])) { // "Re:Delivery"
			return "", i
		}
		return ":)", j + 1
	case '(', '[':
		return ":(", j + 1
	case '/', '\\', '|':
		if j+1 < len(s) && s[j+1] == '/' { // "http://" without its letters
			return "", i
		}
		return ":/", j + 1
	}
	return "", i
}

// address returns the end of a web or mail address that begins at i, or i. The look ahead is bounded, so
// a long run without spaces costs no more than a constant for each of its words.
func address(s string, i int) int {
	const look = 72
	for j := i; j < len(s) && j < i+look; j++ {
		switch c := s[j]; {
		case c == '@' && j > i, c == ':' && j+2 < len(s) && s[j+1] == '/' && s[j+2] == '/':
			return endOfRun(s, j)
		case c == '.' && j == i+3 && (s[i]|0x20) == 'w' && (s[i+1]|0x20) == 'w' && (s[i+2]|0x20) == 'w':
			return endOfRun(s, j)
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-', c == '+':
		default:
			return i
		}
	}
	return i
}

func endOfRun(s string, i int) int {
	for i < len(s) && s[i] > ' ' {
		i++
	}
	return i
}

// initialFollows says whether after the dot at i stands a single letter, as in "A.S.A.P".
func initialFollows(s string, i int) bool {
	if i+1 >= len(s) || !isLetter(rune(s[i+1])) || s[i+1] >= utf8.RuneSelf {
		return false
	}
	return i+2 >= len(s) || s[i+2] >= utf8.RuneSelf || !isLetter(rune(s[i+2]))
}

// contracted says whether a word's end "t" stands at i, as in "don't".
func contracted(s string, i int) bool {
	return i < len(s) && s[i]|0x20 == 't' && (i+1 >= len(s) || s[i+1] < utf8.RuneSelf && !isLetter(rune(s[i+1])))
}

func isDigit(r rune) bool {
	return r >= '0' && r <= '9' || r >= 0x660 && r <= 0x669 || r >= 0x6F0 && r <= 0x6F9 || r >= 0x966 && r <= 0x96F
}

func isLetter(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	if r >= 0x900 && r <= 0x963 || r >= 0x620 && r <= 0x64A && r != 0x640 { // Devanagari with its vowel signs; Arabic
		return true
	}
	if isCombining(r) || r == utf8.RuneError {
		return false
	}
	return unicode.IsLetter(r) || r >= 0x980 && r <= 0x0EFF && unicode.IsMark(r)
}

// isCombining says whether a mark only decorates the letter before it: accents of decomposed Latin,
// vowel signs and the lengthening stroke of Arabic.
func isCombining(r rune) bool {
	return r >= 0x300 && r <= 0x36F || r >= 0x64B && r <= 0x65F || r == 0x670 || r == 0x640 || r >= 0x610 && r <= 0x61A
}

// isInvisible says whether a character shows nothing: joiners, direction marks, soft hyphen, BOM.
func isInvisible(r rune) bool {
	return r >= 0x200B && r <= 0x200F || r >= 0x202A && r <= 0x202E || r >= 0x2060 && r <= 0x2069 ||
		r == 0xFEFF || r == 0xAD || r == 0x61C || r >= 0xFE00 && r <= 0xFE0F
}

func isEmoji(r rune) bool {
	if r >= 0x1F3FB && r <= 0x1F3FF { // skin tones
		return false
	}
	return r >= 0x1F300 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r >= 0x2B00 && r <= 0x2BFF || r == 0x203C || r == 0x2049
}
