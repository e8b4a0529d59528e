package cloudapi

// Message is a message that a customer sent (`messages`), that the business sent from its phone
// (`message_echoes`), or of a chat's past (`history`). Exactly one of the contents is set as a rule;
// none for types without content and for types that the model does not know (their content is in
// Unknown, under the name of the type).
type Message struct {
	Extra
	ID        string
	Type      string
	Timestamp Timestamp

	// The sender and, in echoes, the recipient as received; see Sender and Recipient.
	From, FromUserID, FromParentUserID string
	To, ToUserID, ToParentUserID       string
	GroupID                            string

	Content  Content
	Context  *Context
	Referral *Referral
	Identity *Identity
	Edit     *Edit   // the new content of a message
	Revoke   *Revoke // the message was taken back
	Errors   []APIError

	HistoryStatus string   // history_context.status, as received: READ, DELIVERED, ...
	FromMe        bool     // history_context.from_me: the business wrote it
	History       *History // the chunk and thread of a history message
}

// Content is what a message says.
type Content struct {
	Text        *Text
	Image       *Media
	Audio       *Media
	Video       *Media
	Document    *Media
	Sticker     *Media
	Location    *Location
	Cards       []Card // type contacts
	Interactive *Interactive
	Button      *Button
	Order       *Order
	Reaction    *Reaction
	System      *System
	Template    *Template
	Unsupported *Unsupported
}

// History tells where in a chat history a message was found.
type History struct {
	Phase, ChunkOrder, Progress Number
	Thread                      Contact // the customer; Phone is the thread's id
}

// maxNested is how many edits inside edits are followed.
const maxNested = 2

func (m *Message) member(p *parser, name string) bool {
	switch name {
	case "id":
		m.ID = p.scalar()
	case "type":
		m.Type = p.scalar()
	case "timestamp":
		m.Timestamp = Timestamp(p.scalar())
	case "from":
		m.From = p.scalar()
	case "from_user_id":
		m.FromUserID = p.scalar()
	case "from_parent_user_id":
		m.FromParentUserID = p.scalar()
	case "to":
		m.To = p.scalar()
	case "to_user_id":
		m.ToUserID = p.scalar()
	case "to_parent_user_id":
		m.ToParentUserID = p.scalar()
	case "group_id":
		m.GroupID = p.scalar()
	case "context":
		m.Context = read[Context](p)
	case "referral":
		m.Referral = read[Referral](p)
	case "identity":
		m.Identity = read[Identity](p)
	case "edit":
		m.Edit = read[Edit](p)
	case "revoke":
		m.Revoke = read[Revoke](p)
	case "errors":
		m.Errors = list[APIError](p)
	case "history_context":
		if h := read[historyContext](p); h != nil {
			m.HistoryStatus, m.FromMe = h.status, h.fromMe
			m.Unknown = append(m.Unknown, h.Unknown...)
		}
	default:
		return m.Content.content(p, name)
	}
	return true
}

func (c *Content) content(p *parser, name string) bool {
	switch name {
	case "text":
		if p.body[p.pos] == '"' { // a bare string where an object is documented
			c.Text = &Text{Body: p.str()}
		} else {
			c.Text = read[Text](p)
		}
	case "image":
		c.Image = read[Media](p)
	case "audio", "voice":
		c.Audio = read[Media](p)
	case "video":
		c.Video = read[Media](p)
	case "document":
		c.Document = read[Media](p)
	case "sticker":
		c.Sticker = read[Media](p)
	case "location":
		c.Location = read[Location](p)
	case "contacts":
		c.Cards = list[Card](p)
	case "interactive":
		c.Interactive = read[Interactive](p)
	case "button":
		c.Button = read[Button](p)
	case "order":
		c.Order = read[Order](p)
	case "reaction":
		c.Reaction = read[Reaction](p)
	case "system":
		c.System = read[System](p)
	case "template":
		c.Template = read[Template](p)
	case "unsupported":
		c.Unsupported = read[Unsupported](p)
	default:
		return false
	}
	return true
}

type historyContext struct {
	Extra
	status string
	fromMe bool
}

func (h *historyContext) member(p *parser, name string) bool {
	switch name {
	case "status":
		h.status = p.scalar()
	case "from_me":
		h.fromMe = p.boolean()
	default:
		return false
	}
	return true
}

// Edit replaces the content of a message by that of Message, which has no id and no sender of its own.
type Edit struct {
	Extra
	OriginalMessageID string
	Message           *Message
}

func (e *Edit) member(p *parser, name string) bool {
	switch name {
	case "original_message_id":
		e.OriginalMessageID = p.scalar()
	case "message":
		if p.nested >= maxNested {
			return false
		}
		p.nested++
		e.Message = read[Message](p)
		p.nested--
	default:
		return false
	}
	return true
}

// Revoke takes a message back.
type Revoke struct {
	Extra
	OriginalMessageID string
}

func (r *Revoke) member(p *parser, name string) bool {
	if name != "original_message_id" {
		return false
	}
	r.OriginalMessageID = p.scalar()
	return true
}

// Unsupported says what a message that Cloud API cannot deliver was, where it says so.
type Unsupported struct {
	Extra
	Type string
}

func (u *Unsupported) member(p *parser, name string) bool {
	if name != "type" {
		return false
	}
	u.Type = p.scalar()
	return true
}
