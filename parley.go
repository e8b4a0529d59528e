// Package parley is the vocabulary of Parley: the identifiers and the facts that every other package
// speaks in. It promises that an identifier of one kind cannot be passed where another is due, and
// that a fact means the same in the pipeline, in the warehouse and in the API.
//
// It holds no behaviour beyond that: no I/O, no clock, no configuration, and it imports nothing else
// of Parley. Start reading here, then follow a message: ingest (what arrives), pipeline (what is made
// of it), warehouse (where it ends).
package parley

import "time"

// TenantID names a customer of this installation. Everything belongs to exactly one tenant.
type TenantID string

// Unassigned is the tenant of traffic whose number no tenant has claimed. Such traffic is kept raw and
// never dropped. Its facts are kept under this tenant too, which nobody but the operator sees, and move to
// the tenant that claims the number when the raw events are replayed.
const Unassigned TenantID = "unassigned"

// AppID names one Meta app that posts webhooks here. It is the last element of the path
// /webhooks/whatsapp/{app}; the app behind the bare path has the empty name.
type AppID string

// WABAID is a WhatsApp Business Account, `entry[].id` of a webhook.
type WABAID string

// PhoneNumberID is a business number as the Cloud API names it, `value.metadata.phone_number_id`. It is
// not a phone number.
type PhoneNumberID string

// WAMID is WhatsApp's id of a message. It is opaque: never parsed, compared byte for byte.
type WAMID string

// GroupID is WhatsApp's id of a group.
type GroupID string

// UserID is a business-scoped user id (BSUID, for example "US.13491208655302741918"). It is scoped to a
// business portfolio: the same string under two tenants says nothing about the person.
type UserID string

// Direction says who sent a message.
type Direction string

// The directions of a message, seen from the business.
const (
	Inbound  Direction = "inbound"  // from a customer
	Outbound Direction = "outbound" // from the business
)

// Source says by which road a message became known.
type Source string

// The roads of a message. When one message came by several, the row of the first in this list is kept.
const (
	SourceLive    Source = "live"    // `messages` webhook
	SourceEcho    Source = "echo"    // `smb_message_echoes`: sent from the WhatsApp Business app on a phone
	SourceHistory Source = "history" // `history`: a coexistence number's past, up to 180 days
	SourceImport  Source = "import"  // a file that "Export chat" wrote
)

// Origin says where a fact came from: the raw event and the time it arrived. It is never part of a
// fact's identity, because the same event delivered twice has two arrivals.
type Origin struct {
	Raw        RawID
	ReceivedAt time.Time // UTC, microseconds
}

// Message is one WhatsApp message, without its words: those are in its Body, which can be erased alone.
type Message struct {
	Origin
	Tenant       TenantID
	WABA         WABAID
	Number       PhoneNumberID
	ID           WAMID
	Conversation ConversationID
	Contact      ContactID // the customer who wrote it or to whom it went; zero in a group's outbound message
	Group        GroupID   // empty outside groups
	Direction    Direction
	Source       Source
	Type         string    // `type` as received: text, image, interactive, ... ; also a type we do not know
	Subtype      string    // for interactive, system and unsupported: their inner `type`
	SentAt       time.Time // WhatsApp's timestamp, UTC, seconds
	ReplyTo      WAMID     // `context.id`
	Target       WAMID     // the message that an edit, a revoke or a reaction is about
	Forwarded    string    // "", "forwarded" or "frequently_forwarded"
	Template     string    // the template's name where known
	Campaign     string    // `referral.source_id`: the ad or post that started the chat
	ClickID      string    // `referral.ctwa_clid`
	Product      string    // `context.referred_product.product_retailer_id`
	MediaID      string
	MediaType    string // MIME type
	MediaSHA256  string
	ErrorCode    int32  // first of `errors`, 0 for none
	Status       string // `history_context.status` of a history message, lower case
	Body         Body
}

// Body is what a message says and who said it. It has its own table and its own retention.
type Body struct {
	Phone    string // E.164 digits without plus; empty where WhatsApp hides it
	User     UserID
	Name     string // profile name
	Username string
	Text     string // text, caption, button title, emoji: what a person reads
	File     string // document file name
	Content  []byte // the message as received (JSON), where Text does not say it all; else empty
}

// Status is one receipt: a message of ours reached a state at one recipient.
type Status struct {
	Origin
	Tenant          TenantID
	WABA            WABAID
	Number          PhoneNumberID
	ID              WAMID
	Conversation    ConversationID
	Recipient       ContactID // zero when the receipt is for a group as a whole
	Group           GroupID
	Status          string    // sent, delivered, read, played, failed, or a word we do not know
	At              time.Time // WhatsApp's timestamp, UTC, seconds
	Billable        bool
	PricingModel    string // CBP, PMP
	PricingType     string // regular, free_customer_service, free_entry_point
	PricingCategory string // marketing, utility, authentication, service, referral_conversion
	WindowID        string // `conversation.id`
	WindowOrigin    string // `conversation.origin.type`
	WindowExpiresAt time.Time
	Callback        string // `biz_opaque_callback_data`
	ErrorCode       int32
	ErrorTitle      string
	Content         []byte // the status as received (JSON) where the columns do not say it all
}

// AccountEvent is everything that is neither message nor receipt: template reviews, quality, calls,
// groups, preferences, address book sync, errors of a value, and fields we do not know.
type AccountEvent struct {
	Origin
	Tenant  TenantID
	WABA    WABAID
	Number  PhoneNumberID // empty for events of the whole account
	ID      EventID       // a hash of what was received: the same event twice has one id
	Field   string        // `field` as received
	Event   string        // the event's own name, lower case; "" where it has none
	Subject string        // what it is about: template id, call id, group id, flow id, ...
	Contact ContactID
	At      time.Time // the event's own time, else the entry's, else arrival; UTC
	Known   bool      // false for a field this version does not know
	Content []byte    // the item as received (JSON)
}

// Contact is what one webhook or one imported chat tells about a person. It is the only fact that
// carries a phone number beside a ContactID.
type Contact struct {
	Origin
	Tenant     TenantID
	ID         ContactID
	Phone      string
	User       UserID
	ParentUser UserID
	Username   string
	Name       string
	SeenAt     time.Time // the time of the item that mentioned it, UTC
}

// RawEvent is one change of a webhook as it arrived. A body with changes for several tenants becomes
// several raw events, each a complete webhook body of its own, so that tenants never meet even here.
type RawEvent struct {
	Origin
	Tenant TenantID
	App    AppID
	WABA   WABAID
	Number PhoneNumberID
	Part   uint32 // position of the change in the body
	Field  string
	Items  uint32 // messages, statuses and events found in it
	Body   []byte // a webhook body that holds just this change; what arrived, where it was no webhook
}

// DeadLetter is something that could not become a fact, with everything needed to try again.
type DeadLetter struct {
	Origin
	Tenant TenantID
	App    AppID
	ID     EventID
	Stage  string // verify, decode, enrich, write
	Kind   Kind   // why, as a class
	Reason string // why, in a sentence; names field and reason, never a message's text
	Part   uint32 // position of the change in the body
	Item   uint32 // position of the item in the change
	Body   []byte // the smallest webhook body that holds it, or what arrived
}

// Enrichment is what the language stages made of a message, at one version of them.
type Enrichment struct {
	Tenant             TenantID
	ID                 WAMID
	SentAt             time.Time
	ReceivedAt         time.Time
	Conversation       ConversationID
	Version            uint32
	Language           string // ISO 639-1, "und" when not determined
	LanguageConfidence float32
	Sentiment          string  // positive, neutral, negative
	SentimentScore     float32 // -1 to 1
	Priority           string  // urgent, high, normal
	PriorityReasons    []string
	Items              string // JSON array of tasks, events and deliverables found
	Entities           string // JSON array
	TimeSpent          time.Duration
}

// Enrichable reports whether a message has words of a person for the language stages.
func (m *Message) Enrichable() bool {
	switch m.Type {
	case "reaction", "revoke", "system", "unsupported", "unknown":
		return false
	}
	return m.Body.Text != ""
}
