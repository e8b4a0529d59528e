package cloudapi

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Text returns what a person reads: the text, a caption, the title of the button or row that was
// tapped, a place's name and address, the names on shared cards, an emoji. For an edit it is the new
// content's. It is empty where there is nothing to read, as in a photo without caption.
func (m *Message) Text() string {
	if m.Edit != nil && m.Edit.Message != nil {
		return m.Edit.Message.Text()
	}
	c := &m.Content
	switch {
	case c.Text != nil:
		return c.Text.Body
	case c.media() != nil:
		return c.media().Caption
	case c.Interactive != nil:
		return c.Interactive.text()
	case c.Button != nil && c.Button.Text != "":
		return c.Button.Text
	case c.Button != nil:
		return c.Button.Payload
	case c.Reaction != nil:
		return c.Reaction.Emoji
	case c.Location != nil:
		return joinWords(", ", c.Location.Name, c.Location.Address)
	case len(c.Cards) > 0:
		names := make([]string, len(c.Cards))
		for i := range c.Cards {
			names[i] = c.Cards[i].Label()
		}
		return joinWords(", ", names...)
	case c.Order != nil:
		return c.Order.Text
	case c.System != nil:
		return c.System.Body
	}
	return looseText(m.Lookup(m.Type))
}

func joinWords(sep string, words ...string) string {
	kept := words[:0:0]
	for _, w := range words {
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, sep)
}

// loose reads the content of a type that the model does not know: the members that such contents have
// in common.
type loose struct {
	Extra
	media           Media
	text, messageID string
}

func (l *loose) member(p *parser, name string) bool {
	switch name {
	case "body", "caption", "text", "title":
		if s := p.scalar(); l.text == "" {
			l.text = s
		}
	case "message_id", "original_message_id":
		l.messageID = p.scalar()
	default:
		return l.media.member(p, name)
	}
	return true
}

// readLoose reads a value that has been validated with its body. It is nil for anything but an object.
func readLoose(raw jsontext.Value) *loose {
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	return read[loose](newParser(raw))
}

func looseText(raw jsontext.Value) string {
	if l := readLoose(raw); l != nil {
		return l.text
	}
	if len(raw) > 0 && raw[0] == '"' {
		return newParser(raw).str()
	}
	return ""
}

// Subtype is the inner type: of an interactive, system or unsupported message its own `type`, of an
// edit the type of the new content. Other messages have none.
func (m *Message) Subtype() string {
	switch {
	case m.Edit != nil && m.Edit.Message != nil:
		return m.Edit.Message.Type
	case m.Content.Interactive != nil:
		return m.Content.Interactive.Type
	case m.Content.System != nil:
		return m.Content.System.Type
	case m.Content.Unsupported != nil:
		return m.Content.Unsupported.Type
	}
	return ""
}

// Media returns the file of a message (of an edit: the new content's), or nil. Files of types that the
// model does not know are found too, where they look like one.
func (m *Message) Media() *Media {
	if m.Edit != nil && m.Edit.Message != nil {
		return m.Edit.Message.Media()
	}
	if f := m.Content.media(); f != nil {
		return f
	}
	if l := readLoose(m.Lookup(m.Type)); l != nil && l.media.MIMEType != "" {
		return &l.media
	}
	return nil
}

func (c *Content) media() *Media {
	for _, f := range [...]*Media{c.Image, c.Audio, c.Video, c.Document, c.Sticker} {
		if f != nil {
			return f
		}
	}
	return nil
}

// ReplyTo is the message that this one answers. It may never have been seen here.
func (m *Message) ReplyTo() string {
	if m.Context != nil && m.Context.ID != "" {
		return m.Context.ID
	}
	if m.Edit != nil && m.Edit.Message != nil {
		return m.Edit.Message.ReplyTo()
	}
	return ""
}

// Target is the message that a reaction, an edit or a revoke (also a pin) is about.
func (m *Message) Target() string {
	switch {
	case m.Content.Reaction != nil:
		return m.Content.Reaction.MessageID
	case m.Edit != nil:
		return m.Edit.OriginalMessageID
	case m.Revoke != nil:
		return m.Revoke.OriginalMessageID
	}
	if l := readLoose(m.Lookup(m.Type)); l != nil {
		return l.messageID
	}
	return ""
}

// Forwarded is "", "forwarded" or "frequently_forwarded".
func (m *Message) Forwarded() string {
	switch {
	case m.Context == nil:
	case m.Context.FrequentlyForwarded:
		return "frequently_forwarded"
	case m.Context.Forwarded:
		return "forwarded"
	}
	return ""
}

// Sender is who wrote the message: the customer, in echoes the business.
func (m *Message) Sender() Party { return newParty(m.From, m.FromUserID, m.FromParentUserID) }

// Recipient is to whom an echo went. Messages of customers name no recipient: it is the number of the
// change.
func (m *Message) Recipient() Party { return newParty(m.To, m.ToUserID, m.ToParentUserID) }

// SentAt is WhatsApp's time of the message. The error names the field and the reason.
func (m *Message) SentAt() (time.Time, error) { return m.Timestamp.neededTime("message") }

// ErrorCode is the code of the message's first error, 0 for none.
func (m *Message) ErrorCode() int32 { return firstCode(m.Errors) }

// check says what a message lacks to be one, or infers the type where only that is missing.
func (m *Message) check() error {
	if m.ID == "" {
		return invalid("message", "id is missing")
	}
	if m.Type == "" {
		m.Type = m.Content.typeName()
		switch {
		case m.Type != "":
		case m.Edit != nil:
			m.Type = "edit"
		case m.Revoke != nil:
			m.Type = "revoke"
		default:
			m.Type = "unknown"
		}
	}
	return nil
}

// typeName names the type that goes with the content that is set.
func (c *Content) typeName() string {
	for _, t := range [...]struct {
		name string
		set  bool
	}{
		{"text", c.Text != nil}, {"image", c.Image != nil}, {"audio", c.Audio != nil}, {"video", c.Video != nil},
		{"document", c.Document != nil}, {"sticker", c.Sticker != nil}, {"location", c.Location != nil},
		{"contacts", c.Cards != nil}, {"interactive", c.Interactive != nil}, {"button", c.Button != nil},
		{"order", c.Order != nil}, {"reaction", c.Reaction != nil}, {"system", c.System != nil},
		{"template", c.Template != nil}, {"unsupported", c.Unsupported != nil},
	} {
		if t.set {
			return t.name
		}
	}
	return ""
}
