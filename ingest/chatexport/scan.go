package chatexport

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

const (
	maxQuoted     = 2_000  // lines of a pasted export that one message can hold
	maxRemembered = 16_384 // messages among which equal ones are told apart, twice as many at most
)

// scanner makes messages out of lines. What it returns is valid until the next call.
type scanner struct {
	lines  *lineReader
	closer io.Closer
	prof   *profile
	opts   Options
	stamps stamper

	now      open   // the message whose lines are being read
	body     []byte // its text so far
	sender   []byte
	spare    [2][]byte // the buffers of the message before, which the caller may still read
	preamble int
	strays   int
	ended    bool

	known  map[string]bool // raw beginnings that are a name
	counts [2]map[uint64]uint32
}

// open is a message whose end was not seen yet.
type open struct {
	begun  bool
	line   int
	lines  int
	clock  int64 // what the phone showed, see stamp.clock
	cut    bool
	quotes int // lines of a pasted export that may follow; 0 when the message does not begin with one
	named  bool
}

// piece is a finished message, still in the scanner's buffers.
type piece struct {
	open
	class
	sender []byte
}

func newScanner(src *source, prof *profile, opts Options) (*scanner, error) {
	r, closer, err := src.reader()
	if err != nil {
		return nil, err
	}
	return &scanner{
		lines: newLineReader(r, opts.LineBytes), closer: closer, prof: prof, opts: opts,
		known: map[string]bool{}, counts: [2]map[uint64]uint32{make(map[uint64]uint32), make(map[uint64]uint32)},
	}, nil
}

func (s *scanner) close() { s.closer.Close() }

// next returns the next message, io.EOF after the last. The line that shows that a message has ended
// begins the following one.
func (s *scanner) next() (piece, error) {
	if s.ended {
		return piece{}, io.EOF
	}
	for {
		line, cut, err := s.lines.next()
		if err == io.EOF {
			s.ended = true
			if !s.now.begun {
				return piece{}, io.EOF
			}
			return s.finish(), nil
		}
		if err != nil {
			return piece{}, err
		}
		clock, rest, ok := s.stamp(line)
		switch {
		case ok && s.now.begun:
			p := s.finish()
			s.begin(clock, rest, cut)
			return p, nil
		case ok:
			s.begin(clock, rest, cut)
		case s.now.begun:
			s.now.lines++
			s.now.cut = s.now.cut || cut
			s.add(line, true)
		default:
			s.preamble++
		}
	}
}

// stamp decides whether a line begins a message.
func (s *scanner) stamp(line []byte) (clock int64, rest []byte, ok bool) {
	st, rest, ok := s.stamps.parse(line)
	if !ok {
		return 0, nil, false
	}
	if st.shape != s.prof.shape {
		s.strays++
		return 0, nil, false
	}
	if clock, ok = st.clock(s.prof.order); !ok {
		s.strays++
		return 0, nil, false
	}
	// A message that begins with a stamp of the same shape was pasted from another chat; so were the
	// lines after it that are older than the message itself.
	if s.now.begun && s.now.quotes > 0 && clock < s.now.clock {
		s.now.quotes--
		s.strays++
		return 0, nil, false
	}
	return clock, rest, true
}

func (s *scanner) begin(clock int64, rest []byte, cut bool) {
	s.now = open{begun: true, line: s.lines.count, lines: 1, clock: clock, cut: cut}
	sender, text, named := s.split(rest)
	s.now.named = named
	s.sender = append(s.sender[:0], sender...)
	s.body = s.body[:0]
	s.add(text, false)
	if s.prof.shape.bracket && named {
		if st, _, ok := parseStamp(text); ok && st.shape == s.prof.shape {
			s.now.quotes = maxQuoted
		}
	}
}

// add appends a line to the message's text, as far as there is room.
func (s *scanner) add(line []byte, newline bool) {
	room := s.opts.BodyBytes - len(s.body)
	if newline && room > 0 {
		s.body = append(s.body, '\n')
		room--
	}
	if len(line) > room {
		line, s.now.cut = line[:max(room, 0)], true
	}
	s.body = append(s.body, line...)
}

// split separates the sender from the text. A line without sender is WhatsApp's own.
func (s *scanner) split(rest []byte) (sender, text []byte, named bool) {
	for from := 0; ; {
		i := bytes.IndexByte(rest[from:], ':')
		if i < 0 || from+i > maxNameBytes {
			return nil, rest, false
		}
		i += from
		from = i + 1
		if i == 0 || from < len(rest) && spaceAt(rest, from) == 0 && markAt(rest, from) == 0 {
			continue
		}
		name := rest[:i]
		if !s.isName(name) {
			return nil, rest, false
		}
		if longer := s.longerName(rest, i); longer > 0 {
			i = longer
		}
		text = rest[i+1:]
		return rest[:i], text[spaceAt(text, 0):], true
	}
}

// longerName looks for a known name that holds ": " and begins where rest begins.
func (s *scanner) longerName(rest []byte, i int) (end int) {
	if len(s.prof.names) == 0 && !strings.Contains(s.opts.Self, ": ") {
		return 0
	}
	for {
		j := bytes.Index(rest[i+1:], []byte(": "))
		if j < 0 || i+1+j > maxNameBytes {
			return end
		}
		i += 1 + j
		if name := string(cleanName(rest[:i])); s.prof.names[name] || name == s.opts.Self {
			end = i
		}
	}
}

// isName tells a sender from the beginning of a system line that holds a colon, such as
// `Anna changed the subject from "Tea: black" to "Tea"`.
func (s *scanner) isName(b []byte) bool {
	if yes, seen := s.known[string(b)]; seen {
		return yes
	}
	yes := len(trim(b)) > 0 && (s.prof.shape.bracket || !openQuote(b) && !systemWords(b))
	if len(s.known) < s.opts.Senders {
		s.known[string(b)] = yes
	}
	return yes
}

// openQuote reports whether a quotation begins and does not end.
func openQuote(b []byte) bool {
	if bytes.Count(b, []byte{'"'})%2 == 1 {
		return true
	}
	for _, q := range [...][2]string{{"“", "”"}, {"„", "“"}, {"«", "»"}, {"「", "」"}} {
		if bytes.Contains(b, []byte(q[0])) && !bytes.Contains(b, []byte(q[1])) {
			return true
		}
	}
	return false
}

// finish closes the message at hand.
func (s *scanner) finish() piece {
	p := piece{open: s.now, sender: s.sender, class: classify(s.body, s.prof.shape.bracket, s.now.named)}
	s.now = open{}
	s.body, s.spare[0] = s.spare[0][:0], s.body
	s.sender, s.spare[1] = s.spare[1][:0], s.sender
	return p
}

// message makes a Message that outlives the scanner's buffers.
func (s *scanner) message(p piece, names map[string]string) Message {
	m := Message{
		Line: p.line, Lines: p.lines, At: inZone(p.clock, s.opts.Zone), Kind: p.kind, Edited: p.edited, Cut: p.cut,
		Sender: s.name(p.sender, names), Text: valid(p.text), File: valid(p.file),
	}
	m.identity = identityText(&m, p.clock)
	m.Seq = s.ordinal(&m)
	return m
}

func (s *scanner) name(raw []byte, names map[string]string) string {
	if name, ok := names[string(raw)]; ok {
		return name
	}
	name := string(cleanName(raw))
	if len(names) < s.opts.Senders {
		names[string(raw)] = name
	}
	return name
}

// ownMarks are the marks that WhatsApp puts around mentions and before its own words.
var ownMarks = strings.NewReplacer("\u200e", "", "\u2068", "", "\u2069", "")

// valid makes a string of it, without WhatsApp's own marks.
func valid(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	s := string(b)
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	if strings.IndexByte(s, 0xe2) < 0 { // the first byte of every such mark
		return s
	}
	return ownMarks.Replace(s)
}

// ordinal counts the equal messages before this one. Two generations of counts keep the memory bounded:
// equal messages within 16,384 of each other are always told apart, which is far more than one minute
// of a chat holds.
func (s *scanner) ordinal(m *Message) uint32 {
	h := xxhash.Sum64String(m.identity)
	young, old := s.counts[0], s.counts[1]
	n, seen := young[h]
	if !seen {
		n = old[h]
	}
	if young[h] = n + 1; len(young) >= maxRemembered {
		clear(old) // keeps its room
		s.counts = [2]map[uint64]uint32{old, young}
	}
	return n
}
