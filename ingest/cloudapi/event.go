package cloudapi

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Event is everything that is neither message nor receipt: account and template reviews, calls, groups,
// preferences, address book sync, errors of a value, and fields that nobody knows yet.
type Event struct {
	Name    string    // the event's own name in lower case, the code of an error; "" where it has none
	Subject string    // what it is about: a template, call, group, flow, solution, business number, ...
	At      time.Time // the event's own time, zero where it has none
	Person  Contact   // whom it is about; zero where it is about nobody. Never part of Subject.

	PreviousUserID string // user_id_update: the id before
	Direction      string // calls: USER_INITIATED, BUSINESS_INITIATED
	From, To       Party  // calls: who called whom
	Errors         []APIError
	Callback       string // biz_opaque_callback_data

	Raw jsontext.Value // the event as received
}

// ErrorCode is the code of the first error, 0 for none.
func (e *Event) ErrorCode() int32 { return firstCode(e.Errors) }

// Text reads a member of the event by its path, as text; "" where there is none. Numbers and booleans
// come as they are written, objects and arrays as JSON.
func (e *Event) Text(path ...string) string { return lookup(e.Raw, path) }

func lookup(raw jsontext.Value, path []string) string {
	for _, name := range path {
		if len(raw) == 0 || raw[0] != '{' {
			return ""
		}
		var all rest
		newParser(raw).object(&all)
		raw = all.Lookup(name)
	}
	if len(raw) == 0 {
		return ""
	}
	p := newParser(raw)
	if s := p.scalar(); !p.odd {
		return s
	}
	return string(raw)
}

// rest knows no member: all of an object ends in its Unknown list.
type rest struct{ Extra }

func (*rest) member(*parser, string) bool { return false }

// eventReader gathers the members by which events of any field name themselves, their subject, their
// time and their person. Where several are there the first in the order of its methods wins.
type eventReader struct {
	Extra
	event, eventName, typ, newStatus, decision, quality, category, alert, status, action, value, code string

	template, flow, id, group, solution, entity, display, phone, configuration, waba string

	timestamp, time, updated Timestamp

	person                             Contact
	previousUser                       string
	direction                          string
	from, fromUser, fromParent         string
	to, toUser, toParent               string
	recipient, recipientUser, recipPar string
	errors                             []APIError
	callback                           string
}

func (e *eventReader) member(p *parser, name string) bool {
	return e.naming(p, name) || e.subject(p, name) || e.people(p, name)
}

func (e *eventReader) naming(p *parser, name string) bool {
	switch name {
	case "event":
		e.event = p.scalar()
	case "event_name":
		e.eventName = p.scalar()
	case "type":
		e.typ = p.scalar()
	case "new_status":
		e.newStatus = p.scalar()
	case "decision":
		e.decision = p.scalar()
	case "new_quality_score":
		e.quality = p.scalar()
	case "new_category":
		e.category = p.scalar()
	case "alert_type":
		e.alert = p.scalar()
	case "alert_info":
		if alert := read[eventReader](p); alert != nil {
			e.alert = alert.alert
		}
	case "status", "solution_status", "control_state":
		e.status = p.scalar()
	case "action":
		e.action = p.scalar()
	case "value":
		e.value = p.scalar()
	case "code":
		e.code = p.scalar()
	case "timestamp":
		e.timestamp = Timestamp(p.scalar())
	case "time", "event_time":
		e.time = Timestamp(p.scalar())
	case "updated_timestamp":
		e.updated = Timestamp(p.scalar())
	case "metadata": // of an address book entry; a value's metadata has no time
		if m := read[eventReader](p); m != nil && m.timestamp != "" {
			e.timestamp = m.timestamp
		}
	case "errors":
		e.errors = list[APIError](p)
	case "biz_opaque_callback_data":
		e.callback = p.scalar()
	default:
		return false
	}
	return true
}

func (e *eventReader) subject(p *parser, name string) bool {
	switch name {
	case "message_template_id":
		e.template = p.scalar()
	case "flow_id":
		e.flow = p.scalar()
	case "id":
		e.id = p.scalar()
	case "group_id":
		e.group = p.scalar()
	case "solution_id":
		e.solution = p.scalar()
	case "entity_id":
		e.entity = p.scalar()
	case "display_phone_number":
		e.display = p.scalar()
	case "phone_number":
		e.phone = p.scalar()
	case "configuration_name":
		e.configuration = p.scalar()
	case "waba_id":
		e.waba = p.scalar()
	case "waba_info":
		if w := read[eventReader](p); w != nil {
			e.waba = w.waba
		}
	default:
		return false
	}
	return true
}

func (e *eventReader) people(p *parser, name string) bool {
	switch name {
	case "user_id", "parent_user_id":
		e.userID(p, name)
	case "wa_id", "profile", "username":
		return e.person.member(p, name)
	case "contact", "sender", "user":
		if c := read[Contact](p); c != nil {
			e.person = *c
		}
	case "direction":
		e.direction = p.scalar()
	case "from":
		e.from = p.scalar()
	case "from_user_id":
		e.fromUser = p.scalar()
	case "from_parent_user_id":
		e.fromParent = p.scalar()
	case "to":
		e.to = p.scalar()
	case "to_user_id":
		e.toUser = p.scalar()
	case "to_parent_user_id":
		e.toParent = p.scalar()
	case "recipient_id":
		e.recipient = p.scalar()
	case "recipient_user_id":
		e.recipientUser = p.scalar()
	case "recipient_parent_user_id":
		e.recipPar = p.scalar()
	default:
		return false
	}
	return true
}

// userID reads a user id, or the ids before and after a change of it.
func (e *eventReader) userID(p *parser, name string) {
	if p.body[p.pos] != '{' {
		e.person.member(p, name)
		return
	}
	change := read[idChange](p)
	if name == "user_id" {
		e.person.UserID, e.previousUser = change.current, change.previous
	} else {
		e.person.ParentUserID = change.current
	}
}

type idChange struct {
	Extra
	previous, current string
}

func (c *idChange) member(p *parser, name string) bool {
	switch name {
	case "previous":
		c.previous = p.scalar()
	case "current":
		c.current = p.scalar()
	default:
		return false
	}
	return true
}

// readEvent makes an event of the value at hand, whatever it is; array is the item array it is an
// element of. What is written in the value stays in Raw, so nothing needs to be kept beside it.
func readEvent(p *parser, array string) *Event {
	at := p.pos
	var r eventReader
	if p.body[p.pos] == '{' {
		p.object(&r)
	} else {
		p.skip()
	}
	e := r.result(array)
	e.Raw = p.body[at:p.pos:p.pos]
	if array == "errors" {
		p.pos = at
		e.Errors = list[APIError](p)
		p.pos, p.odd = at+len(e.Raw), false
	}
	return e
}

func (e *eventReader) result(array string) *Event {
	name := first(e.event, e.eventName, e.typ, e.newStatus, e.decision, e.quality, e.category, e.alert, e.status, e.action, e.value, e.code)
	switch array {
	case "errors":
		name = e.code
	case "statuses":
		name = e.status
	case "state_sync":
		name = first(e.action, name)
	case "threads": // of a history: its id is the customer
		e.person.Phone, e.id = e.id, ""
	}
	event := &Event{
		Name:    strings.ToLower(name),
		Subject: first(e.template, e.flow, e.id, e.group, e.solution, e.entity, e.display, e.phone, e.configuration, e.waba),
		At:      Timestamp(first(string(e.timestamp), string(e.time), string(e.updated))).timeOrZero(),
		Person:  e.person, PreviousUserID: e.previousUser,
		Direction: e.direction, From: newParty(e.from, e.fromUser, e.fromParent), To: newParty(e.to, e.toUser, e.toParent),
		Errors: e.errors, Callback: e.callback,
	}
	event.Person.tidy()
	if event.Person.Party.IsZero() {
		event.Person = Contact{Party: newParty(e.recipient, e.recipientUser, e.recipPar)} // a name alone is nobody
	}
	return event
}

// findPerson picks the customer of a call: the end that did not belong to the business.
func (e *Event) findPerson(business string) {
	if !e.Person.Party.IsZero() || e.From.IsZero() && e.To.IsZero() {
		return
	}
	customer, other := e.From, e.To
	if strings.EqualFold(e.Direction, "BUSINESS_INITIATED") {
		customer, other = e.To, e.From
	}
	if customer.IsZero() || business != "" && customer.Phone == business && other.Phone != business && !other.IsZero() {
		customer = other
	}
	e.Person.Party = customer
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}
