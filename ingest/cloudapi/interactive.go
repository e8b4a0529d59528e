package cloudapi

import "github.com/go-json-experiment/json/jsontext"

// Interactive is a tap on a button or a list of a session message, a finished flow, or the answer to a
// call permission request; in echoes and history also the buttons and lists that the business sent.
type Interactive struct {
	Extra
	Type           string // button_reply, list_reply, nfm_reply, call_permission_reply; sent: button, list, ...
	ButtonReply    *Reply
	ListReply      *Reply
	FlowReply      *FlowReply // nfm_reply: flows, address messages, payments
	CallPermission *CallPermission

	// What a message of the business shows.
	Header *InteractiveText
	Body   *InteractiveText
	Footer *InteractiveText
	Action jsontext.Value
}

func (i *Interactive) member(p *parser, name string) bool {
	switch name {
	case "type":
		i.Type = p.scalar()
	case "button_reply":
		i.ButtonReply = read[Reply](p)
	case "list_reply":
		i.ListReply = read[Reply](p)
	case "nfm_reply":
		i.FlowReply = read[FlowReply](p)
	case "call_permission_reply":
		i.CallPermission = read[CallPermission](p)
	case "header":
		i.Header = read[InteractiveText](p)
	case "body":
		i.Body = read[InteractiveText](p)
	case "footer":
		i.Footer = read[InteractiveText](p)
	case "action":
		i.Action = p.raw()
	default:
		return false
	}
	return true
}

// text is what a person reads.
func (i *Interactive) text() string {
	switch {
	case i.ButtonReply != nil:
		return i.ButtonReply.Title
	case i.ListReply != nil:
		return i.ListReply.Title
	case i.FlowReply != nil:
		return i.FlowReply.Body
	case i.Body != nil:
		return i.Body.Text
	case i.Header != nil:
		return i.Header.Text
	}
	return looseText(i.Lookup(i.Type))
}

// Reply is the button or the row that was tapped.
type Reply struct {
	Extra
	ID          string
	Title       string
	Description string // lists only
}

func (r *Reply) member(p *parser, name string) bool {
	switch name {
	case "id":
		r.ID = p.scalar()
	case "title":
		r.Title = p.scalar()
	case "description":
		r.Description = p.scalar()
	default:
		return false
	}
	return true
}

// FlowReply is a finished flow. ResponseJSON is the text of a JSON object, not checked here.
type FlowReply struct {
	Extra
	Name         string // flow, address_message, ...
	Body         string
	ResponseJSON string
}

func (f *FlowReply) member(p *parser, name string) bool {
	switch name {
	case "name":
		f.Name = p.scalar()
	case "body":
		f.Body = p.scalar()
	case "response_json":
		if k := p.body[p.pos]; k == '{' || k == '[' {
			f.ResponseJSON = string(p.raw()) // an object where the text of one is documented
		} else {
			f.ResponseJSON = p.scalar()
		}
	default:
		return false
	}
	return true
}

// CallPermission answers whether the business may call.
type CallPermission struct {
	Extra
	Response  string // accept, reject
	Source    string // user_action, automatic
	Permanent bool
	ExpiresAt Timestamp
}

func (c *CallPermission) member(p *parser, name string) bool {
	switch name {
	case "response":
		c.Response = p.scalar()
	case "response_source":
		c.Source = p.scalar()
	case "is_permanent":
		c.Permanent = p.boolean()
	case "expiration_timestamp":
		c.ExpiresAt = Timestamp(p.scalar())
	default:
		return false
	}
	return true
}

// InteractiveText is a header, a body or a footer.
type InteractiveText struct {
	Extra
	Text string
	Type string // of a header: text, image, video, document
}

func (t *InteractiveText) member(p *parser, name string) bool {
	switch name {
	case "text":
		t.Text = p.scalar()
	case "type":
		t.Type = p.scalar()
	default:
		return false
	}
	return true
}

// Template names the template that a message of the business was made from (echoes and history).
type Template struct {
	Extra
	ID         string
	Name       string
	Language   string // "en_US"; Cloud API writes {"code": "en_US"}
	Components jsontext.Value
}

func (t *Template) member(p *parser, name string) bool {
	switch name {
	case "id":
		t.ID = p.scalar()
	case "name":
		t.Name = p.scalar()
	case "language":
		if p.body[p.pos] == '{' {
			t.Language = read[languageCode](p).code
		} else {
			t.Language = p.scalar()
		}
	case "components":
		t.Components = p.raw()
	default:
		return false
	}
	return true
}

type languageCode struct {
	Extra
	code string
}

func (l *languageCode) member(p *parser, name string) bool {
	if name != "code" {
		return false
	}
	l.code = p.scalar()
	return true
}
