package cloudapi

import (
	"strings"
	"time"
)

// Status is a receipt: a message of the business reached a state at one recipient. One message has
// several, in any order.
type Status struct {
	Extra
	ID        string
	Status    string // sent, delivered, read, played, failed, captured, ... lower case
	Type      string // message, payment; empty as a rule
	Timestamp Timestamp

	// The recipient as received; see Recipient and Group.
	RecipientID, RecipientUserID, RecipientParentUserID       string
	RecipientType                                             string // individual, group
	ParticipantID, ParticipantUserID, ParticipantParentUserID string

	Conversation *Conversation
	Pricing      *Pricing
	Payment      *Payment
	Errors       []APIError
	Callback     string // biz_opaque_callback_data
}

func (s *Status) member(p *parser, name string) bool {
	switch name {
	case "id":
		s.ID = p.scalar()
	case "status":
		s.Status = strings.ToLower(p.scalar())
	case "type":
		s.Type = p.scalar()
	case "timestamp":
		s.Timestamp = Timestamp(p.scalar())
	case "recipient_id":
		s.RecipientID = p.scalar()
	case "recipient_user_id":
		s.RecipientUserID = p.scalar()
	case "recipient_parent_user_id", "parent_recipient_user_id":
		s.RecipientParentUserID = p.scalar()
	case "recipient_type":
		s.RecipientType = p.scalar()
	case "recipient_participant_id", "participant_recipient_id":
		s.ParticipantID = p.scalar()
	case "recipient_participant_user_id":
		s.ParticipantUserID = p.scalar()
	case "recipient_participant_parent_user_id":
		s.ParticipantParentUserID = p.scalar()
	case "conversation":
		s.Conversation = read[Conversation](p)
	case "pricing":
		s.Pricing = read[Pricing](p)
	case "payment":
		s.Payment = read[Payment](p)
	case "errors":
		s.Errors = list[APIError](p)
	case "biz_opaque_callback_data":
		s.Callback = p.scalar()
	default:
		return false
	}
	return true
}

// Recipient is the person the receipt is about; zero when it is for a group as a whole.
func (s *Status) Recipient() Party {
	if s.Group() != "" {
		return newParty(s.ParticipantID, s.ParticipantUserID, s.ParticipantParentUserID)
	}
	return newParty(s.RecipientID, s.RecipientUserID, s.RecipientParentUserID)
}

// Group is the group the message went to, empty outside groups.
func (s *Status) Group() string {
	if s.RecipientType == "group" || s.ParticipantID != "" || s.ParticipantUserID != "" {
		return s.RecipientID
	}
	return ""
}

// At is WhatsApp's time of the receipt. The error names the field and the reason.
func (s *Status) At() (time.Time, error) { return s.Timestamp.neededTime("status") }

// ErrorCode is the code of the first error, 0 for none.
func (s *Status) ErrorCode() int32 { return firstCode(s.Errors) }

func (s *Status) check() error {
	switch "" {
	case s.ID:
		return invalid("status", "id is missing")
	case s.Status:
		return invalid("status", "status is missing")
	}
	return nil
}

// Conversation is the 24-hour window a message was billed in; mostly gone since pricing per message.
type Conversation struct {
	Extra
	ID        string
	Origin    string // origin.type
	ExpiresAt Timestamp
}

func (c *Conversation) member(p *parser, name string) bool {
	switch name {
	case "id":
		c.ID = p.scalar()
	case "expiration_timestamp":
		c.ExpiresAt = Timestamp(p.scalar())
	case "origin":
		if p.body[p.pos] != '{' {
			c.Origin = p.scalar()
		} else if origin := read[Unsupported](p); origin != nil { // an object with just a type
			c.Origin = origin.Type
			c.Unknown = append(c.Unknown, origin.Unknown...)
		}
	default:
		return false
	}
	return true
}

// Expires is when the window ends, zero where that is not told.
func (c *Conversation) Expires() time.Time { return c.ExpiresAt.timeOrZero() }

// Pricing says what a message costs.
type Pricing struct {
	Extra
	Billable bool
	Model    string // CBP (per conversation), PMP (per message)
	Type     string // regular, free_customer_service, free_entry_point
	Category string
}

func (c *Pricing) member(p *parser, name string) bool {
	switch name {
	case "billable":
		c.Billable = p.boolean()
	case "pricing_model":
		c.Model = p.scalar()
	case "type":
		c.Type = p.scalar()
	case "category":
		c.Category = p.scalar()
	default:
		return false
	}
	return true
}

// Payment is the state of a payment in the chat (statuses of type payment).
type Payment struct {
	Extra
	ReferenceID string
	Currency    string
	Amount      *Amount
	Transaction *Transaction
}

func (t *Payment) member(p *parser, name string) bool {
	switch name {
	case "reference_id":
		t.ReferenceID = p.scalar()
	case "currency":
		t.Currency = p.scalar()
	case "amount":
		t.Amount = read[Amount](p)
	case "transaction":
		t.Transaction = read[Transaction](p)
	default:
		return false
	}
	return true
}

// Amount is Value divided by Offset units of a currency.
type Amount struct {
	Extra
	Value, Offset Number
}

func (a *Amount) member(p *parser, name string) bool {
	switch name {
	case "value":
		a.Value = Number(p.scalar())
	case "offset":
		a.Offset = Number(p.scalar())
	default:
		return false
	}
	return true
}

// Transaction is one attempt at a payment.
type Transaction struct {
	Extra
	ID, Type, Status, Currency string
	Amount                     *Amount
	CreatedAt, UpdatedAt       Timestamp
}

func (t *Transaction) member(p *parser, name string) bool {
	switch name {
	case "id":
		t.ID = p.scalar()
	case "type":
		t.Type = p.scalar()
	case "status":
		t.Status = p.scalar()
	case "currency":
		t.Currency = p.scalar()
	case "amount":
		t.Amount = read[Amount](p)
	case "created_timestamp":
		t.CreatedAt = Timestamp(p.scalar())
	case "updated_timestamp":
		t.UpdatedAt = Timestamp(p.scalar())
	default:
		return false
	}
	return true
}
