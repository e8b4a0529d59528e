package chatexport

import (
	"bytes"
)

// class is what a message is, its parts still inside the scanner's buffer.
type class struct {
	kind   Kind
	text   []byte
	file   []byte
	edited bool
	self   bool // "You deleted this message": the sender exported the chat
}

const maxPhrase = 120 // bytes; the longest phrase that phrases.go knows is shorter

// classify tells what a message is. named says that it has a sender, bracket that an iPhone wrote it:
// iPhones put an invisible mark (U+200E) before WhatsApp's own words, which tells them from what people
// wrote in every language; Android phones rarely do.
func classify(body []byte, bracket, named bool) class {
	led := skipMarks(body, 0) > 0 && !bytes.HasPrefix(body, []byte("\u2068")) // U+2068 begins a mention
	text := trim(body)
	if !named {
		return classifySystem(text)
	}
	c := class{kind: KindText, text: text}
	c.text, c.edited = cutEdited(c.text)
	switch {
	case len(c.text) == 0:
		// A picture or voice note to be seen once leaves nothing behind.
		c.kind = KindMedia
		return c
	case c.attached(led), c.omitted(bracket), c.location(), c.poll():
		return c
	}
	if len(c.text) > 4*maxPhrase || bytes.IndexByte(c.text, '\n') >= 0 && !led {
		return c
	}
	if !led && !mayBePhrase(c.text) {
		return c
	}
	var buf [maxPhrase]byte
	phrase := normal(buf[:0], c.text)
	if p, ok := phrases[string(phrase)]; ok {
		c.kind, c.self = p.kind, p.self
		if p.kind == KindDeleted || p.kind == KindMedia || p.kind == KindContact {
			c.text = nil
		}
		return c
	}
	switch {
	case isCall(phrase, led && bracket):
		c.kind = KindCall
	case bracket && (led || encryptionNotice(c.text)):
		c.kind = KindSystem
	}
	return c
}

// mayBePhrase turns most of what people write away before the costlier comparison: by the first and the
// last byte, which no phrase and no notice has.
func mayBePhrase(text []byte) bool {
	last := text[len(text)-1]
	return last == '.' || last >= 0x80 || phraseEnds[[2]byte{fold(text[0]), fold(last)}]
}

func fold(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func classifySystem(text []byte) class {
	c := class{kind: KindSystem, text: text}
	var buf [maxPhrase]byte
	phrase := normal(buf[:0], text)
	switch p, ok := phrases[string(phrase)]; {
	case ok && p.kind == KindDeleted:
		c.kind, c.text = KindDeleted, nil
	case ok && p.kind == KindLocation:
		c.kind = KindLocation
	case isCall(phrase, true):
		c.kind = KindCall
	}
	return c
}

// normal makes a phrase comparable: no marks, plain spaces, ASCII in lower case, no full stop. It returns
// nothing for a text longer than any phrase.
func normal(dst, text []byte) []byte {
	if len(text) > maxPhrase {
		return nil
	}
	dst = bytes.TrimSpace(appendPlain(dst, text, true))
	for _, stop := range [...]string{".", "。", "।", "۔"} {
		dst = bytes.TrimSuffix(dst, []byte(stop))
	}
	return dst
}

// cutEdited removes `<This message was edited>` from the end.
func cutEdited(text []byte) ([]byte, bool) {
	if len(text) == 0 || text[len(text)-1] != '>' {
		return text, false
	}
	i := bytes.LastIndexByte(text, '<')
	if i <= 0 || len(text)-i > maxPhrase {
		return text, false
	}
	inner := text[i+1 : len(text)-1]
	var buf [maxPhrase]byte
	if !editedPhrases[string(normal(buf[:0], inner))] {
		marked := i >= 3 && markAt(text, i-3) == 3 // iPhones mark it in every language
		if !marked || bytes.IndexByte(inner, ':') >= 0 || len(inner) < 6 || len(trim(text[:i])) == 0 {
			return text, false
		}
	}
	return trim(text[:i]), true
}

// attached recognises an exported file: `<attached: 00000012-PHOTO-2021-12-31-18-05-33.jpg>` with the
// caption in front (iPhone), or `IMG-20211231-WA0001.jpg (file attached)` with the caption on the lines
// after it (Android).
func (c *class) attached(led bool) bool {
	if n := len(c.text); c.text[n-1] == '>' {
		i := bytes.LastIndexByte(c.text, '<')
		if i < 0 || n-i > 400 || bytes.IndexByte(c.text[i:], '\n') >= 0 {
			return false
		}
		word, file, ok := bytes.Cut(c.text[i+1:n-1], []byte{':'})
		file = trim(file)
		marked := i == 0 && led || i >= 3 && markAt(c.text, i-3) == 3
		if !ok || !hasExtension(file) || !(marked || attachedWords[string(trim(word))] || numbered(file)) {
			return false
		}
		c.file, c.text = file, trim(c.text[:i])
		if len(file) > 9 && bytes.HasPrefix(c.text, trim(file[9:])) {
			c.text = nil // a document's own name: "Offer.pdf • 2 pages"
		}
		c.asFile()
		return true
	}
	first, caption, _ := bytes.Cut(c.text, []byte{'\n'})
	if first = trim(first); len(first) < 5 || first[len(first)-1] != ')' || len(first) > 400 {
		return false
	}
	i := bytes.LastIndexByte(first, '(')
	if i < 2 {
		return false
	}
	file := trim(first[:i])
	if !hasExtension(file) || !(fileWords[string(trim(first[i+1:len(first)-1]))] || phoneFile(file)) {
		return false
	}
	c.file, c.text = file, trim(caption)
	c.asFile()
	return true
}

// asFile decides what an exported file is.
func (c *class) asFile() {
	c.kind = KindAttachment
	if n := len(c.file); bytes.EqualFold(c.file[n-min(n, 4):], []byte(".vcf")) {
		c.kind = KindContact
	}
}

// hasExtension reports whether a name ends like a file's.
func hasExtension(name []byte) bool {
	i := bytes.LastIndexByte(name, '.')
	if i < 1 || len(name)-i < 2 || len(name)-i > 11 || bytes.ContainsAny(name, "\n<>") {
		return false
	}
	for _, c := range name[i+1:] {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

// numbered reports whether a file is named as iPhones do: eight digits and a hyphen.
func numbered(file []byte) bool {
	if len(file) < 10 || file[8] != '-' {
		return false
	}
	return digits(file[:8])
}

// phoneFile reports whether a file is named as Android phones do: IMG-20211231-WA0001.jpg.
func phoneFile(file []byte) bool {
	return len(file) > 18 && file[3] == '-' && digits(file[4:12]) && bytes.HasPrefix(file[12:], []byte("-WA"))
}

func digits(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// omitted recognises media that was not exported: `<Media omitted>` with caption or document name on the
// lines after it (Android), `image omitted` with either in front (iPhone).
func (c *class) omitted(bracket bool) bool {
	var buf [maxPhrase]byte
	first, rest, _ := bytes.Cut(c.text, []byte{'\n'})
	first = trim(first)
	if n := len(first); first[0] == '<' && first[n-1] == '>' && omittedPhrases[string(normal(buf[:0], trim(first[1:n-1])))] {
		c.kind, c.text = KindMedia, trim(rest)
		c.nameAsFile()
		return true
	}
	if !bracket {
		if string(c.text) == "null" { // Android's export of media to be seen once
			c.kind, c.text = KindMedia, nil
			return true
		}
		return false
	}
	i := bytes.LastIndex(c.text, []byte("\u200e"))
	if i < 0 {
		i = bytes.LastIndex(c.text, []byte("\u200f"))
	}
	if i < 0 {
		return false
	}
	p, ok := phrases[string(normal(buf[:0], c.text[i:]))]
	if !ok || p.kind != KindMedia && p.kind != KindContact {
		return false
	}
	c.kind, c.text = p.kind, trim(c.text[:i])
	if name, _, found := bytes.Cut(c.text, []byte(" \u2022 ")); found && hasExtension(name) {
		c.text = name
	}
	c.nameAsFile()
	return true
}

// nameAsFile takes a caption that is a document's name for what it is.
func (c *class) nameAsFile() {
	if len(c.text) > 0 && len(c.text) <= 255 && hasExtension(c.text) {
		c.file, c.text = c.text, nil
	}
}

// location recognises a place: a link to it, with "location:" or the place's name before it.
func (c *class) location() bool {
	i := bytes.Index(c.text, []byte("https://"))
	if i < 0 || !bytes.HasPrefix(c.text[i:], []byte("https://maps.google.com/?q=")) && !bytes.HasPrefix(c.text[i:], []byte("https://foursquare.com/v/")) {
		return false
	}
	if bytes.ContainsAny(c.text[i:], " \n") || i > 0 && !bytes.HasSuffix(bytes.TrimRight(c.text[:i], " \n"), []byte{':'}) {
		return false // something was written around a link
	}
	c.kind = KindLocation
	return true
}

// poll recognises a poll by its form, which is the same in every language:
//
//	POLL:
//	Where do we meet?
//	OPTION: Office (2 votes)
//	OPTION: Station (0 votes)
func (c *class) poll() bool {
	head, rest, ok := bytes.Cut(c.text, []byte{'\n'})
	if head = trim(head); !ok || len(head) < 3 || len(head) > 60 || head[len(head)-1] != ':' {
		return false
	}
	for _, b := range head {
		if b >= 'a' && b <= 'z' {
			return false
		}
	}
	options, word := 0, []byte(nil)
	for line := range bytes.Lines(rest) {
		line = trim(line)
		before, after, found := bytes.Cut(line, []byte(": "))
		if !found || len(after) == 0 || after[len(after)-1] != ')' && !bytes.HasSuffix(after, []byte("）")) || len(before) > 40 {
			continue
		}
		if options == 0 {
			word = before
		}
		if bytes.Equal(before, word) {
			options++
		}
	}
	if options < 2 {
		return false
	}
	c.kind = KindPoll
	return true
}

// isCall recognises a call. open allows words after the phrase, such as ", Tap to call back": only where
// nobody typed it.
func isCall(phrase []byte, open bool) bool {
	if len(phrase) == 0 {
		return false
	}
	if missedCalls[string(phrase)] || !open {
		return missedCalls[string(phrase)]
	}
	for i := range len(phrase) + 1 {
		if i < len(phrase) && phrase[i] != ',' && phrase[i] != '.' && phrase[i] != ' ' {
			continue
		}
		if missedCalls[string(phrase[:i])] || otherCalls[string(phrase[:i])] {
			return true
		}
	}
	return false
}

// encryptionNotice recognises the first line of nearly every export, also from old iPhones without marks.
func encryptionNotice(text []byte) bool {
	for _, start := range encryptionStarts {
		if bytes.HasPrefix(text, []byte(start)) {
			return true
		}
	}
	return false
}

// systemWords recognises system lines of Android phones that hold a colon and would pass for a name.
func systemWords(b []byte) bool {
	for _, words := range systemParts {
		if bytes.Contains(b, []byte(words)) {
			return true
		}
	}
	return false
}
