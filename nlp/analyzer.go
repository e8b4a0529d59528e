package nlp

import (
	"context"
	"sync"
	"time"

	"parley/nlp/langid"
	"parley/nlp/token"
)

// Version of what this package makes of a message. It rises whenever the same message may get another
// result; results of several versions stand side by side in the warehouse.
const Version uint32 = 1

// The values of Result.Sentiment.
const (
	Positive = "positive"
	Neutral  = "neutral"
	Negative = "negative"
)

// The values of Result.Priority.
const (
	Urgent = "urgent"
	High   = "high"
	Normal = "normal"
)

// Config chooses how messages are analysed. Its zero value is ready for use.
type Config struct{}

// Input is one message and what is known around it.
type Input struct {
	Text string
	Lang string    // ISO 639-1 code that is likely beforehand, of the conversation for example; may be empty
	Now  time.Time // when the message was sent: the reference of "tomorrow"
}

// Result is what was understood.
type Result struct {
	Language           string  // ISO 639-1, langid.Undetermined when the words do not tell
	LanguageConfidence float32 // 0 to 1
	Sentiment          string
	SentimentScore     float32 // -1 to 1
	Priority           string
	Reasons            []string // why the priority is not normal, strongest first, at most maxReasons
}

// Analyzer holds the loaded lexicons and the language model. Make it once.
type Analyzer struct {
	lexicon  *lexicon
	language *langid.Identifier
	scratch  sync.Pool // *scratch: memory reused between messages, no content
}

// scratch is the working memory of one Analyze.
type scratch struct {
	text      token.Text
	ids       []uint32  // of the tokens, 0 for unknown words
	modifiers []float32 // of the tokens, 0 for none; what they multiply the next words by
}

// maxKept is the size of working memory, in tokens, that is kept for the next message.
const maxKept = 4096

// New loads the lexicons and the language model that are built into the program and checks them.
func New(Config) (*Analyzer, error) {
	lx, err := load(lexicons)
	if err != nil {
		return nil, err
	}
	language, err := langid.New()
	if err != nil {
		return nil, err
	}
	a := &Analyzer{lexicon: lx, language: language}
	a.scratch.New = func() any { return new(scratch) }
	return a, nil
}

// trust is the confidence from which words of other languages than the detected one are left aside.
const trust = 0.6

// Analyze reads one message. It always returns a valid result; where ctx has ended the result is that of
// an empty message, and the caller, who sees that ctx has ended, must not keep it.
func (a *Analyzer) Analyze(ctx context.Context, in Input) Result {
	res := Result{Language: langid.Undetermined, Sentiment: Neutral, Priority: Normal}
	if ctx.Err() != nil {
		return res
	}
	s := a.scratch.Get().(*scratch)
	s.text.Read(in.Text)
	s.ids = s.ids[:0]
	for _, tok := range s.text.Tokens {
		s.ids = append(s.ids, a.lexicon.lookup(&s.text, tok))
	}
	res.Language, res.LanguageConfidence = a.language.Detect(&s.text, in.Lang)
	r := reader{lx: a.lexicon, s: s, lang: languageIndex(res.Language), sure: res.LanguageConfidence >= trust}
	if res.Language == langid.Undetermined {
		r.lang, r.sure = languageIndex(in.Lang), false
	}
	res.Priority, res.Reasons = r.priority()
	res.SentimentScore = r.sentiment()
	res.Sentiment = sentimentOf(res.SentimentScore)
	if s.text.Size() <= maxKept {
		a.scratch.Put(s)
	}
	return res
}

// reader is one message under analysis: its words, and the language in which to take them.
type reader struct {
	lx   *lexicon
	s    *scratch
	lang int  // position in languages, unknownLanguage for none
	sure bool // the language is certain enough to leave other languages' words aside
}
