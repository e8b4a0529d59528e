package nlp

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"parley"
	"parley/nlp/token"
)

//go:embed lexicon/*.tsv
var lexicons embed.FS

// Bounds of a lexicon: a file that goes over them is wrong, not large.
const (
	maxPhrases     = 100_000 // after expansion, of all files
	maxPhraseWords = 12
	maxNesting     = 4 // <day> may hold <weekday>, and so on
)

// languages gives each language of the lexicons a bit; position 0 is "common", the words of all of them.
var languages = [...]string{"common", "en", "es", "pt", "de", "fr", "it", "hi", "ar", "id", "nl", "tr"}

// unknownLanguage is the position of a language without lexicon.
const unknownLanguage = len(languages)

func languageIndex(code string) int {
	for i, l := range languages {
		if l == code {
			return i
		}
	}
	return unknownLanguage
}

// lexicon is all that was read from the files. It does not change after load.
type lexicon struct {
	ids    map[string]uint32
	words  []wordInfo // by id
	rules  trie[rule]
	tones  trie[tone]
	number uint32 // the id of any number
	clock  uint32 // the id of a time such as 17:30 or 5pm
}

// wordInfo says what a single word does; each field is a set of languages.
type wordInfo struct {
	negator      uint16
	negatorAfter uint16 // negates what stands before it ("urgent nahi hai")
	filler       uint16 // may stand between a negator and what it negates
}

// rule is one meaning of a phrase for the priority.
type rule struct {
	lang   uint8
	own    bool // counts only where the message is in its language: the word means something else elsewhere
	kind   ruleKind
	reason string
}

type ruleKind uint8

const (
	calm          ruleKind = iota + 1 // "no rush": takes urgent words back
	ignored                           // "is it urgent": matched, so that its parts are not, and nothing more
	high                              // "important"
	deadline                          // "by Friday"
	farewell                          // "bis Freitag": a deadline, or a goodbye where it stands alone
	urgent                            // "ASAP"
	deadlineToday                     // "by tonight"
)

var ruleKinds = map[string]ruleKind{"calm": calm, "ignore": ignored, "high": high, "deadline": deadline,
	"farewell": farewell, "urgent": urgent, "deadline-today": deadlineToday}

// tone is one meaning of a phrase for the sentiment.
type tone struct {
	lang   uint8
	kind   toneKind
	weight float32
}

type toneKind uint8

const (
	weighs    toneKind = iota // weight is -4 to 4
	modifies                  // weight multiplies what follows: "very", "slightly"
	contrasts                 // "but": what follows counts more than what stood before
)

const (
	boost = 1.35
	damp  = 0.6
)

// load reads every file of a folder of lexicons.
func load(files fs.FS) (*lexicon, error) {
	lx := &lexicon{ids: map[string]uint32{}, words: make([]wordInfo, 1), rules: newTrie[rule](), tones: newTrie[tone]()}
	lx.number, lx.clock = lx.intern("0"), lx.intern("0:00")
	for i, lang := range languages {
		name := "lexicon/" + lang + ".tsv"
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, parley.Errorf(parley.Internal, "cannot read lexicon: %w", err)
		}
		if err := lx.file(uint8(i), string(b)); err != nil {
			return nil, parley.Errorf(parley.Invalid, "cannot load lexicon %s: %w", name, err)
		}
	}
	return lx, nil
}

// file reads one file: lines of a kind, a tab and entries with commas between them.
func (lx *lexicon) file(lang uint8, text string) error {
	if !strings.HasPrefix(text, "# SPDX-License-Identifier: Apache-2.0\n") ||
		!strings.Contains(text, "\n# language: "+languages[lang]+"\n") {
		return fmt.Errorf("its header does not name licence and language")
	}
	p := parser{lx: lx, lang: lang, sets: map[string][]string{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		kind, list, ok := strings.Cut(line, "\t")
		if !ok {
			return fmt.Errorf("line %d: no tab after the kind", n)
		}
		for entry := range strings.SplitSeq(list, ",") {
			if err := p.entry(kind, strings.TrimSpace(entry)); err != nil {
				return fmt.Errorf("line %d: entry %q: %w", n, entry, err)
			}
		}
	}
	return nil
}

// intern gives a folded word its id.
func (lx *lexicon) intern(word string) uint32 {
	id, ok := lx.ids[word]
	if !ok {
		id = uint32(len(lx.words))
		lx.ids[word] = id
		lx.words = append(lx.words, wordInfo{})
	}
	return id
}

// lookup finds the id of a token, 0 for a word that no lexicon has. A word with stretched letters is tried
// with them doubled and single; an Arabic word also without the particles glued to its front.
func (lx *lexicon) lookup(t *token.Text, tok token.Token) uint32 {
	b := t.Bytes(tok)
	switch tok.Kind {
	case token.Break:
		return 0
	case token.Number:
		if isClock(b) {
			return lx.clock
		}
		return lx.number
	}
	if id, ok := lx.ids[string(b)]; ok {
		return id
	}
	if tok.Elongated {
		var single [token.MaxWord + 8]byte
		return lx.ids[string(squeeze(b, single[:0]))]
	}
	if tok.Arabic {
		for _, particle := range [...]string{"و", "ف", "ال", "وال", "بال", "لل", "ب", "ل"} {
			if len(b) > len(particle)+3 && string(b[:len(particle)]) == particle {
				if id, ok := lx.ids[string(b[len(particle):])]; ok {
					return id
				}
			}
		}
	}
	return 0
}

// squeeze writes b without repetitions of a byte ("asaap" becomes "asap").
func squeeze(b, out []byte) []byte {
	for i, c := range b {
		if i == 0 || c != b[i-1] {
			out = append(out, c)
		}
	}
	return out
}

// isClock says whether a number is a time of day: 17:30, 5pm, 17h, 17h30.
func isClock(b []byte) bool {
	for i, c := range b {
		if c == ':' || c == 'h' {
			return true
		}
		if (c == 'a' || c == 'p') && i+1 < len(b) && b[i+1] == 'm' {
			return true
		}
	}
	return false
}

// Inside the parser \x01 stands for <number> and \x02 for <clock>; a Replacer does not change once made.
var (
	placeholders = strings.NewReplacer("\x01", "0", "\x02", "0:00")     // as a message would have them
	shown        = strings.NewReplacer("\x01", "…", "\x02", "hh:mm")    // as a reason has them
	umlauts      = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue") // as keyboards without them write
)

// parser turns the entries of one file into phrases.
type parser struct {
	lx   *lexicon
	lang uint8
	sets map[string][]string // "day" -> its words, already expanded
	made int
}

// entry files one entry away under its kind.
func (p *parser) entry(kind, entry string) error {
	if entry == "" {
		return fmt.Errorf("is empty")
	}
	own := strings.HasPrefix(entry, "~")
	entry = strings.TrimPrefix(entry, "~")
	forms, err := p.expand(entry, maxNesting)
	if err != nil {
		return err
	}
	if name, ok := strings.CutPrefix(kind, "set "); ok {
		p.sets[name] = append(p.sets[name], forms...)
		return nil
	}
	for _, form := range forms {
		if p.made++; p.made > maxPhrases {
			return fmt.Errorf("makes more than %d phrases", maxPhrases)
		}
		if err := p.add(kind, form, own); err != nil {
			return err
		}
	}
	return nil
}

// expand writes out the endings ("gut//e/er") and the sets ("by <day>") of an entry.
func (p *parser) expand(entry string, depth int) ([]string, error) {
	from := strings.IndexByte(entry, '<')
	if from >= 0 && entry != "<3" {
		to := strings.IndexByte(entry, '>')
		if to < from || depth == 0 {
			return nil, fmt.Errorf("has a broken or too deep <set>")
		}
		name := entry[from+1 : to]
		members := p.sets[name]
		switch {
		case name == "number":
			members = []string{"\x01"}
		case name == "clock":
			members = []string{"\x02"}
		case members == nil:
			return nil, fmt.Errorf("uses the set %q before its line", name)
		}
		var forms []string
		for _, m := range members {
			more, err := p.expand(entry[:from]+m+entry[to+1:], depth-1)
			if err != nil {
				return nil, err
			}
			forms = append(forms, more...)
		}
		return forms, nil
	}
	stem, endings, ok := strings.Cut(entry, "/")
	if !ok || strings.HasPrefix(entry, ":") {
		return []string{entry}, nil
	}
	var forms []string
	for ending := range strings.SplitSeq(endings, "/") {
		forms = append(forms, stem+ending)
	}
	return forms, nil
}

// add files one written-out phrase away.
func (p *parser) add(kind, phrase string, own bool) error {
	for _, form := range spellings(p.lang, phrase) {
		ids, err := p.ids(form)
		if err != nil {
			return err
		}
		if err := p.file(kind, phrase, ids, own); err != nil {
			return err
		}
	}
	return nil
}

func (p *parser) file(kind, phrase string, ids []uint32, own bool) error {
	bit := uint16(1) << p.lang
	if rk, ok := ruleKinds[kind]; ok {
		p.lx.rules.add(ids, rule{lang: p.lang, own: own, kind: rk, reason: reason(rk, phrase)})
		return nil
	}
	switch kind {
	case "negator", "negator-after", "filler":
		if len(ids) != 1 && kind != "filler" {
			return fmt.Errorf("a %s is one word", kind)
		}
		for _, id := range ids {
			w := &p.lx.words[id]
			switch kind {
			case "negator":
				w.negator |= bit
			case "negator-after":
				w.negatorAfter |= bit
			case "filler":
				w.filler |= bit
			}
		}
		return nil
	case "boost":
		p.lx.tones.add(ids, tone{p.lang, modifies, boost})
		return nil
	case "damp":
		p.lx.tones.add(ids, tone{p.lang, modifies, damp})
		return nil
	case "contrast":
		p.lx.tones.add(ids, tone{p.lang, contrasts, 0})
		return nil
	}
	weight, err := strconv.ParseFloat(kind, 32)
	if err != nil || weight < -4 || weight > 4 || weight == 0 {
		return fmt.Errorf("the kind %q is unknown", kind)
	}
	p.lx.tones.add(ids, tone{p.lang, weighs, float32(weight)})
	return nil
}

// ids cuts a phrase into words exactly as messages are cut.
func (p *parser) ids(phrase string) ([]uint32, error) {
	var t token.Text
	t.Read(placeholders.Replace(phrase))
	var ids []uint32
	for _, tok := range t.Tokens {
		if tok.Kind == token.Break {
			return nil, fmt.Errorf("contains punctuation")
		}
		ids = append(ids, p.lx.intern(string(t.Bytes(tok))))
	}
	if len(ids) == 0 || len(ids) > maxPhraseWords {
		return nil, fmt.Errorf("has %d words, of at most %d", len(ids), maxPhraseWords)
	}
	return ids, nil
}

// spellings adds, for German, the form with ae, oe and ue; leaving the dots out is folding's business.
func spellings(lang uint8, phrase string) []string {
	if languages[lang] == "de" {
		if long := umlauts.Replace(phrase); long != phrase {
			return []string{phrase, long}
		}
	}
	return []string{phrase}
}

// reason is what a person reads. It quotes the lexicon, so it never carries a customer's words.
func reason(kind ruleKind, phrase string) string {
	phrase = shown.Replace(phrase)
	switch kind {
	case deadline, deadlineToday, farewell:
		return `deadline: "` + phrase + `"`
	}
	if phrase == "asap" {
		phrase = "ASAP"
	}
	return `says "` + phrase + `"`
}
