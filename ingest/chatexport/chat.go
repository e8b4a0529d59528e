package chatexport

import (
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"parley"
)

// Options say what the file does not. The zero value is good.
type Options struct {
	Order DateOrder      // Auto infers it from the whole file
	Zone  *time.Location // the zone that the phone had; nil is UTC
	Self  string         // the name under which the person who exported the chat writes in it; "" to guess
	Title string         // the chat's name; "" takes it from the file
	Now   time.Time      // dates after it (and a day) speak against an order; zero for no such check
	Limits
}

// Limits bound what a file can cost. A zero field takes its default.
type Limits struct {
	TextBytes int64 // size of the chat's text, unpacked; default 2 GiB
	Ratio     int64 // how many times a zip may shrink the text, above 16 MiB of text; default 100
	Entries   int   // files in a zip; default 50,000
	LineBytes int   // what is kept of one line; default 256 KiB
	BodyBytes int   // what is kept of one message's text; default 256 KiB: WhatsApp's 65,536 characters of 4 bytes
	Senders   int   // different names told apart; default 5,000. A group has at most 1,024 members at a time
}

func (l Limits) withDefaults() Limits {
	def := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	if l.TextBytes <= 0 {
		l.TextBytes = 2 << 30
	}
	if l.Ratio <= 0 {
		l.Ratio = 100
	}
	def(&l.Entries, 50_000)
	def(&l.LineBytes, 256<<10)
	def(&l.BodyBytes, 256<<10)
	def(&l.Senders, 5_000)
	return l
}

// Kind says what a message is.
type Kind string

// The kinds of messages.
const (
	KindText       Kind = "text"
	KindMedia      Kind = "media"      // a picture, voice note, document, ... that was not exported; Text is its caption
	KindAttachment Kind = "attachment" // the same, exported as File; Text is its caption
	KindSystem     Kind = "system"     // WhatsApp's own words: encryption notice, group created, somebody left, ...
	KindDeleted    Kind = "deleted"    // somebody deleted it; no text is left
	KindCall       Kind = "call"
	KindLocation   Kind = "location" // Text holds the link
	KindContact    Kind = "contact"  // a contact card; File names it where it was exported
	KindPoll       Kind = "poll"     // Text holds question, options and votes
)

// Message is one message of an export.
type Message struct {
	Line   int       // its first line in the file, from 1
	Lines  int       // how many lines it takes
	At     time.Time // in Options.Zone; to the minute where the export has no seconds
	Sender string    // as the phone shows it: a name or a phone number; "" for most system lines
	Text   string
	Kind   Kind
	File   string // the attachment's or the document's name; never a path to follow
	Edited bool
	Cut    bool   // Text was longer than Limits.BodyBytes, or a line than Limits.LineBytes: the rest is dropped
	Seq    uint32 // 0 for the first of several equal messages of one time and sender, then 1, 2, ...

	identity string // what the id is made of, see Chat.ID
}

// SelfEvidence says how the exporting person's name is known.
type SelfEvidence string

// How the exporting person's name is known.
const (
	SelfUnknown SelfEvidence = ""
	SelfGiven   SelfEvidence = "given"   // Options.Self
	SelfAbsent  SelfEvidence = "absent"  // Options.Self, but nobody of that name writes in the chat
	SelfDeleted SelfEvidence = "deleted" // only the exporting person's deletions read "You deleted this message"
	SelfOther   SelfEvidence = "other"   // a chat of two, named after the other one
)

// Chat is an export that was found readable. It is safe for concurrent use once opened.
type Chat struct {
	Title        string // whom or which group the chat is with; "" when neither file nor text tells
	Group        bool
	Self         string // the exporting person; "" when unknown: then every message counts as inbound
	SelfBy       SelfEvidence
	Participants []string // who wrote at least one message, most messages first
	Order        DateOrder
	Confidence   Confidence
	Why          string // how Order was found, in a sentence for the person who imports
	Count        int    // messages
	First, Last  time.Time
	Lines        int
	Preamble     int // lines before the first message
	Strays       int // lines that begin like a dated line of another format, or of an impossible date: read as text

	src  *source
	opts Options
	prof profile
}

// Open reads the export at path: a .txt file or a .zip. The caller closes the Chat.
func Open(path string, opts Options) (*Chat, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, parley.Errorf(parley.NotFound, "cannot open chat export: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = parley.Errorf(parley.Invalid, "cannot read chat export: %s is not a file", path)
	}
	var c *Chat
	if err == nil {
		c, err = Read(f, info.Size(), filepath.Base(path), opts)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	c.src.closer = f
	return c, nil
}

// Read reads an export of size bytes from r, which must stay readable as long as the Chat is used. name
// is the file's name; it often holds the chat's.
func Read(r io.ReaderAt, size int64, name string, opts Options) (*Chat, error) {
	opts.Limits = opts.Limits.withDefaults()
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	src, err := newSource(r, size, name, opts.Limits)
	if err != nil {
		return nil, err
	}
	prof, err := readStamps(src, opts)
	if err != nil {
		return nil, err
	}
	c := &Chat{src: src, opts: opts, prof: prof, Order: prof.order, Confidence: prof.confidence, Why: prof.why}
	if err := c.survey(); err != nil {
		return nil, err
	}
	return c, nil
}

// Close releases the file that Open opened.
func (c *Chat) Close() error {
	if c.src.closer == nil {
		return nil
	}
	return c.src.closer.Close()
}

// Messages streams the messages in the order of the file. After an error it ends.
func (c *Chat) Messages() iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		s, err := newScanner(c.src, &c.prof, c.opts)
		if err != nil {
			yield(Message{}, err)
			return
		}
		defer s.close()
		names := map[string]string{} // one copy of each name, not one per message
		for {
			p, err := s.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Message{}, err)
				return
			}
			if !yield(s.message(p, names), nil) {
				return
			}
		}
	}
}

// Direction tells who sent a message, seen from the exporting person.
func (c *Chat) Direction(m Message) parley.Direction {
	if c.Self != "" && m.Sender == c.Self {
		return parley.Outbound
	}
	return parley.Inbound
}
