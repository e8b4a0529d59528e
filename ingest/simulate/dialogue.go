package simulate

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"parley"
)

// Limits of a corpus.
const (
	maxCorpusLineBytes = 1 << 20
	maxDialogues       = 100_000
	maxTurns           = 1000
	maxTextRunes       = 4096 // of a WhatsApp text message
)

// Dialogue is one chat between a customer and a business.
type Dialogue struct {
	Lang  string `json:"lang"` // ISO 639-1; "und" where unknown
	Topic string `json:"topic,omitempty"`
	Turns []Turn `json:"turns"`

	// slots says that the texts have places to fill. Only the project's own do.
	slots bool
}

// Turn is one message of a dialogue.
type Turn struct {
	From string `json:"from"` // "customer" or "business"
	Text string `json:"text"`
}

// The sides of a dialogue.
const (
	fromCustomer = "customer"
	fromBusiness = "business"
)

//go:embed dialogues/*.jsonl
var dialogueFiles embed.FS

// ownDialogues reads the embedded files once.
var ownDialogues = sync.OnceValues(func() ([]Dialogue, error) {
	var all []Dialogue
	names, err := fs.Glob(dialogueFiles, path.Join("dialogues", "*.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("cannot list dialogues: %w", err)
	}
	for _, name := range names {
		data, err := dialogueFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("cannot read dialogues: %w", err)
		}
		some, err := LoadCorpus(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", name, err)
		}
		all = append(all, some...)
	}
	for i := range all {
		all[i].slots = true
	}
	return all, nil
})

// Dialogues gives the project's own dialogues.
func Dialogues() ([]Dialogue, error) {
	all, err := ownDialogues()
	return slices.Clone(all), err
}

// LoadCorpus reads dialogues, one JSON object a line: {"lang", "topic", "turns": [{"from", "text"}]} with
// from "customer" or "business". In place of from it takes "speaker", and "agent" for the business.
// Unknown members and empty lines are passed over; what is wrong is an error that names the line.
func LoadCorpus(r io.Reader) ([]Dialogue, error) {
	var all []Dialogue
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxCorpusLineBytes)
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if len(all) == maxDialogues {
			return nil, parley.Errorf(parley.TooLarge, "cannot read corpus: more than %d dialogues", maxDialogues)
		}
		d, err := parseDialogue(line)
		if err != nil {
			return nil, parley.Errorf(parley.Invalid, "cannot read corpus: line %d: %w", number, err)
		}
		all = append(all, d)
	}
	if err := lines.Err(); err != nil {
		return nil, parley.Errorf(parley.Invalid, "cannot read corpus: line %d: %w", number+1, err)
	}
	if len(all) == 0 {
		return nil, parley.Errorf(parley.Invalid, "cannot read corpus: there is no dialogue in it")
	}
	return all, nil
}

// parseDialogue reads one line. Its errors hold no text of the corpus: the decoder's own could.
func parseDialogue(line []byte) (Dialogue, error) {
	var raw struct {
		Lang  string `json:"lang"`
		Topic string `json:"topic"`
		Turns []struct {
			From    string `json:"from"`
			Speaker string `json:"speaker"`
			Text    string `json:"text"`
		} `json:"turns"`
	}
	if !utf8.Valid(line) {
		return Dialogue{}, fmt.Errorf("not UTF-8")
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return Dialogue{}, fmt.Errorf("not a JSON object of a dialogue")
	}
	d := Dialogue{Lang: strings.ToLower(raw.Lang), Topic: raw.Topic}
	if d.Lang == "" {
		d.Lang = "und"
	}
	if len(raw.Turns) == 0 || len(raw.Turns) > maxTurns {
		return Dialogue{}, fmt.Errorf("%d turns, it must be between 1 and %d", len(raw.Turns), maxTurns)
	}
	for i, t := range raw.Turns {
		from := t.From
		if from == "" {
			from = t.Speaker
		}
		if from == "agent" {
			from = fromBusiness
		}
		if from != fromCustomer && from != fromBusiness {
			return Dialogue{}, fmt.Errorf("turn %d: from must be customer or business", i+1)
		}
		if n := utf8.RuneCountInString(t.Text); n == 0 || n > maxTextRunes {
			return Dialogue{}, fmt.Errorf("turn %d: a text of %d characters, it must be between 1 and %d", i+1, n, maxTextRunes)
		}
		d.Turns = append(d.Turns, Turn{From: from, Text: t.Text})
	}
	return d, nil
}

// script is a dialogue made ready: escaped, its language an index.
type script struct {
	lang  int
	turns []line
}

type line struct {
	inbound bool
	text    text
}

// repertoire is everything that can be said, by language.
type repertoire struct {
	langs   []string
	shares  []uint32 // running sum of the languages' weights
	scripts [][]script
}

// newRepertoire compiles dialogues, only those in the given languages where there are any given.
func newRepertoire(dialogues []Dialogue, only []string) (*repertoire, error) {
	r := &repertoire{}
	for _, d := range dialogues {
		if len(only) > 0 && !slices.Contains(only, d.Lang) {
			continue
		}
		lang := slices.Index(r.langs, d.Lang)
		if lang < 0 {
			lang = len(r.langs)
			r.langs = append(r.langs, d.Lang)
			r.scripts = append(r.scripts, nil)
		}
		s := script{lang: lang}
		for _, t := range d.Turns {
			s.turns = append(s.turns, line{t.From == fromCustomer, compileText(t.Text, d.slots)})
		}
		if len(s.turns) > 0 && slices.ContainsFunc(s.turns, func(l line) bool { return l.inbound }) {
			r.scripts[lang] = append(r.scripts[lang], s)
		}
	}
	var sum uint32
	for i, lang := range r.langs {
		if len(r.scripts[i]) > 0 {
			sum += languageOf(lang).share
		}
		r.shares = append(r.shares, sum)
	}
	if sum == 0 {
		return nil, parley.Errorf(parley.Invalid, "cannot simulate traffic: there is no dialogue with a customer's message in languages %q", only)
	}
	return r, nil
}

// language picks a language by weight from a random number.
func (r *repertoire) language(random uint64) int {
	at := uint32(random % uint64(r.shares[len(r.shares)-1]))
	for i, upTo := range r.shares {
		if at < upTo {
			return i
		}
	}
	return 0
}
