// Package nlp reads a chat message once and says what language it is in, how it sounds and how pressing it
// is, with the reasons.
//
// It promises to be a pure function of its input: no network, no clock, no state that one message leaves
// for the next; an Analyzer serves any number of goroutines. Any string is accepted, and time and memory
// are bounded (token.MaxBytes are read). A reason quotes the lexicon's phrase that matched, never the
// message, so reasons may be shown and logged where message text may not.
//
// What it knows stands in data files: lexicon/*.tsv (words and phrases, one file a language, see
// lexicon/README.md) and langid/model.bin (letter statistics, trained by train/langid). It understands no
// grammar beyond negation, emphasis and contrast: irony, quotations and reported speech fool it.
//
// Start at Analyzer.Analyze; then token (cutting), langid (language), priority.go and sentiment.go.
package nlp
