package pipeline

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"parley"
	"parley/ingest/cloudapi"
	"parley/pipeline/queue"
)

// Decoder turns records of the log into facts. It depends on nothing but the record and the
// configuration: the same record gives the same facts whenever it is decoded. The only clock is the
// record's own time of arrival.
type Decoder struct {
	Tenants   *Tenants
	Identity  *parley.Identity
	MaxFuture time.Duration
}

// Decode adds everything that a record holds to the facts.
func (d *Decoder) Decode(r *queue.Record, out *Facts) {
	out.replay = r.Kind == queue.Replay || r.Kind == queue.ReplayImport
	if r.Kind == queue.Import || r.Kind == queue.ReplayImport {
		d.imported(r, out)
		return
	}
	payload, err := cloudapi.Decode(r.Body)
	if err != nil {
		d.notOurs(r, out, err)
		return
	}
	for part := range payload.Changes {
		c := &changeDecoder{Decoder: d, record: r, change: &payload.Changes[part], part: uint32(part), out: out}
		c.decode()
	}
}

// notOurs keeps a body that is rightly signed but is no webhook of WhatsApp: raw, and as a dead letter.
// Answering anything but 200 would make Meta send it again for a week.
func (d *Decoder) notOurs(r *queue.Record, out *Facts, err error) {
	origin := parley.Origin{Raw: r.Raw, ReceivedAt: r.ReceivedAt}
	out.rawEvent(parley.RawEvent{Origin: origin, Tenant: parley.Unassigned, App: r.App, Body: r.Body})
	out.deadLetter(parley.DeadLetter{
		Origin: origin, Tenant: parley.Unassigned, App: r.App, Stage: StageDecode,
		Kind: parley.KindOf(err), Reason: err.Error(), Body: r.Body,
	})
}

// The stages a dead letter names.
const (
	StageDecode = "decode"
	StageWrite  = "write"
)

// changeDecoder turns one change into facts.
type changeDecoder struct {
	*Decoder
	record *queue.Record
	change *cloudapi.Change
	part   uint32
	out    *Facts

	origin parley.Origin
	tenant parley.TenantID
	oldest time.Time
	newest time.Time
}

func (c *changeDecoder) decode() {
	change := c.change
	c.origin = parley.Origin{Raw: c.record.Raw, ReceivedAt: c.record.ReceivedAt}
	c.tenant = c.Tenants.Of(change.Number, change.WABA)
	c.oldest = c.Tenants.Get(c.tenant).oldest(c.record.ReceivedAt)
	c.newest = c.record.ReceivedAt.Add(c.MaxFuture)
	c.out.rawEvent(parley.RawEvent{
		Origin: c.origin, Tenant: c.tenant, App: c.record.App, WABA: change.WABA, Number: change.Number,
		Part: c.part, Field: clean(change.Field), Items: uint32(len(change.Items)), Body: change.Raw,
	})
	for i := range change.Items {
		if err := c.item(&change.Items[i]); err != nil {
			c.out.deadLetter(parley.DeadLetter{
				Origin: c.origin, Tenant: c.tenant, App: c.record.App, Stage: StageDecode,
				Kind: parley.KindOf(err), Reason: err.Error(), Part: c.part, Item: uint32(i), Body: change.Isolate(i),
			})
		}
	}
}

// item makes a fact of one item, or says why it cannot be one.
func (c *changeDecoder) item(item *cloudapi.Item) error {
	switch {
	case item.Err != nil:
		return item.Err
	case item.Message != nil:
		return c.message(item)
	case item.Status != nil:
		return c.status(item)
	default:
		return c.event(item)
	}
}

// plausible refuses times that no event of this moment can have.
func (c *changeDecoder) plausible(what string, t time.Time) error {
	switch {
	case t.After(c.newest):
		return parley.Errorf(parley.Invalid, "cannot accept %s: timestamp %d is more than %v after its arrival", what, t.Unix(), c.MaxFuture)
	case t.Unix() <= 0:
		return parley.Errorf(parley.Invalid, "cannot accept %s: timestamp %d is not a time of WhatsApp", what, t.Unix())
	case t.Before(c.oldest):
		return parley.Errorf(parley.Invalid, "cannot accept %s: timestamp %d is older than the tenant's retention", what, t.Unix())
	}
	return nil
}

// message makes the facts of a message: itself, its words and its contact.
func (c *changeDecoder) message(item *cloudapi.Item) error {
	in := item.Message
	sentAt, err := in.SentAt()
	if err != nil {
		return err
	}
	if err := c.plausible(item.Kind.String(), sentAt); err != nil {
		return err
	}
	source, direction := c.road(item)
	known := c.lookup(c.change.Customer(item))
	contact := c.Identity.Contact(c.tenant, known.Phone, parley.UserID(known.UserID))
	m := parley.Message{
		Origin: c.origin, Tenant: c.tenant, WABA: c.change.WABA, Number: c.change.Number,
		ID: parley.WAMID(in.ID), Contact: contact, Group: parley.GroupID(in.GroupID), Direction: direction, Source: source,
		Type: clean(in.Type), Subtype: clean(in.Subtype()), SentAt: sentAt,
		ReplyTo: parley.WAMID(in.ReplyTo()), Target: parley.WAMID(in.Target()), Forwarded: in.Forwarded(),
		ErrorCode: in.ErrorCode(), Status: clean(strings.ToLower(in.HistoryStatus)),
		Body: parley.Body{Phone: known.Phone, User: parley.UserID(known.UserID), Name: known.Name, Username: known.Username, Text: in.Text()},
	}
	if in.GroupID != "" && direction == parley.Outbound {
		m.Contact = parley.ContactID{}
	}
	m.Conversation = c.Identity.Conversation(c.tenant, c.change.Number, m.Contact, m.Group)
	if r := in.Referral; r != nil {
		m.Campaign, m.ClickID = clean(r.SourceID), clean(r.ClickID)
	}
	if in.Context != nil {
		m.Product = clean(in.Context.ProductRetailerID)
	}
	if t := in.Content.Template; t != nil {
		m.Template = clean(t.Name)
	}
	if f := in.Media(); f != nil {
		m.MediaID, m.MediaType, m.MediaSHA256, m.Body.File = clean(f.ID), clean(f.MIMEType), clean(f.SHA256), f.Filename
	}
	if !saidByColumns(in) {
		m.Body.Content = item.Raw
	}
	c.out.message(m)
	c.contact(known, contact, sentAt)
	return nil
}

// road says by which road a message came and who sent it.
func (c *changeDecoder) road(item *cloudapi.Item) (parley.Source, parley.Direction) {
	source, direction := parley.SourceLive, parley.Inbound
	switch item.Kind {
	case cloudapi.KindEcho:
		source = parley.SourceEcho
	case cloudapi.KindHistory:
		source = parley.SourceHistory
	}
	if c.change.Outbound(item) {
		direction = parley.Outbound
	}
	return source, direction
}

// lookup completes a party from the change's contacts.
func (c *changeDecoder) lookup(p cloudapi.Party) cloudapi.Contact {
	known := cloudapi.Contact{Party: p}
	if entry := c.change.Contact(p); entry != nil {
		known.Name, known.Username = entry.Name, entry.Username
		known.Phone, known.UserID = first(p.Phone, entry.Phone), first(p.UserID, entry.UserID)
		known.ParentUserID = first(p.ParentUserID, entry.ParentUserID)
	}
	return known
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// contact notes what is known about a person, once a day for the same knowledge.
func (c *changeDecoder) contact(known cloudapi.Contact, id parley.ContactID, at time.Time) {
	if id.IsZero() {
		return
	}
	c.out.contact(parley.Contact{
		Origin: c.origin, Tenant: c.tenant, ID: id, Phone: known.Phone, User: parley.UserID(known.UserID),
		ParentUser: parley.UserID(known.ParentUserID), Username: known.Username, Name: known.Name, SeenAt: at,
	})
}

// saidByColumns reports whether the columns of a message hold all that was received of it.
func saidByColumns(in *cloudapi.Message) bool {
	return in.Type == "text" && in.Content.Text != nil && len(in.Content.Text.Unknown) == 0 && len(in.Unknown) == 0 &&
		in.Context == nil && in.Referral == nil && in.Identity == nil && len(in.Errors) == 0
}

// status makes the facts of a receipt.
func (c *changeDecoder) status(item *cloudapi.Item) error {
	in := item.Status
	at, err := in.At()
	if err != nil {
		return err
	}
	if err := c.plausible("status", at); err != nil {
		return err
	}
	group := parley.GroupID(in.Group())
	known := c.lookup(c.change.Customer(item))
	recipient := c.Identity.Contact(c.tenant, known.Phone, parley.UserID(known.UserID))
	peer := recipient
	if group != "" {
		peer = parley.ContactID{}
	}
	s := parley.Status{
		Origin: c.origin, Tenant: c.tenant, WABA: c.change.WABA, Number: c.change.Number, ID: parley.WAMID(in.ID),
		Conversation: c.Identity.Conversation(c.tenant, c.change.Number, peer, group),
		Recipient:    recipient, Group: group, Status: clean(in.Status), At: at,
		Callback: in.Callback, ErrorCode: in.ErrorCode(),
	}
	if len(in.Errors) > 0 {
		s.ErrorTitle = clean(in.Errors[0].Title)
	}
	if p := in.Pricing; p != nil {
		s.Billable, s.PricingModel, s.PricingType, s.PricingCategory = p.Billable, clean(p.Model), clean(p.Type), clean(p.Category)
	}
	if w := in.Conversation; w != nil {
		s.WindowID, s.WindowOrigin, s.WindowExpiresAt = clean(w.ID), clean(w.Origin), w.Expires()
	}
	if len(in.Unknown) > 0 || len(in.Errors) > 0 || in.Payment != nil {
		s.Content = item.Raw
	}
	c.out.status(s)
	c.contact(known, recipient, at)
	return nil
}

// event makes the fact of everything that is neither message nor receipt.
func (c *changeDecoder) event(item *cloudapi.Item) error {
	in := item.Event
	e := parley.AccountEvent{
		Origin: c.origin, Tenant: c.tenant, WABA: c.change.WABA, Number: c.change.Number,
		Field: clean(c.change.Field), Event: clean(in.Name), Subject: clean(in.Subject), At: in.At,
		Known: c.change.Known(), Content: item.Raw,
	}
	e.ID = parley.HashEvent("event", string(c.tenant), string(e.WABA), string(e.Number), c.change.Field, item.Path(), string(item.Raw))
	if e.At.IsZero() {
		e.At = c.change.EntryTime
	}
	timed := !e.At.IsZero()
	if !timed {
		e.At = c.record.ReceivedAt
	}
	if err := c.plausible("event", e.At); err != nil {
		return err
	}
	known := c.lookup(c.change.Customer(item))
	e.Contact = c.Identity.Contact(c.tenant, known.Phone, parley.UserID(known.UserID))
	c.out.event(e, timed)
	known.Name, known.Username = first(in.Person.Name, known.Name), first(in.Person.Username, known.Username)
	c.contact(known, e.Contact, e.At)
	return nil
}

// maxWord bounds the bytes of values that become low-cardinality columns.
const maxWord = 256

// clean makes a value from outside fit for a column of words: valid UTF-8 and bounded. What it cuts is
// still in the raw event.
func clean(s string) string {
	if len(s) > maxWord {
		s = s[:maxWord]
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "")
	}
	return s
}

// ImportBody is a record of kind Import: messages of an exported chat. Its ids are made from what the
// messages say, so that the same chat imported twice changes nothing.
type ImportBody struct {
	Tenant   parley.TenantID      `json:"tenant"`
	Number   parley.PhoneNumberID `json:"number"` // stands for the side of the exporting person
	Chat     string               `json:"chat"`   // the chat's title
	Group    parley.GroupID       `json:"group,omitempty"`
	Messages []ImportMessage      `json:"messages"`
}

// ImportMessage is one message of an exported chat.
type ImportMessage struct {
	ID     parley.WAMID `json:"id"`
	SentAt int64        `json:"sent_at"` // Unix seconds
	Sender string       `json:"sender"`  // the name in the file; empty for a system line
	Self   bool         `json:"self,omitempty"`
	Peer   string       `json:"peer,omitempty"` // the other side of a one-to-one chat
	Type   string       `json:"type"`
	Text   string       `json:"text"`
	File   string       `json:"file,omitempty"`
}

// imported makes facts of a record of an exported chat.
func (d *Decoder) imported(r *queue.Record, out *Facts) {
	origin := parley.Origin{Raw: r.Raw, ReceivedAt: r.ReceivedAt}
	var body ImportBody
	if err := json.Unmarshal(r.Body, &body); err != nil {
		d.notOurs(r, out, parley.Errorf(parley.Invalid, "cannot decode import: not the JSON that parley import writes"))
		return
	}
	c := &changeDecoder{Decoder: d, record: r, out: out, origin: origin, tenant: body.Tenant, change: &cloudapi.Change{Number: body.Number},
		oldest: d.Tenants.Get(body.Tenant).oldest(r.ReceivedAt), newest: r.ReceivedAt.Add(d.MaxFuture)}
	out.rawEvent(parley.RawEvent{Origin: origin, Tenant: body.Tenant, App: r.App, Number: body.Number,
		Field: "import", Items: uint32(len(body.Messages)), Body: r.Body})
	for i := range body.Messages {
		if err := c.importedMessage(&body, &body.Messages[i]); err != nil {
			out.deadLetter(parley.DeadLetter{Origin: origin, Tenant: body.Tenant, App: r.App, Stage: StageDecode,
				Kind: parley.KindOf(err), Reason: err.Error(), Item: uint32(i), Body: isolateImport(body, i)})
		}
	}
}

func (c *changeDecoder) importedMessage(body *ImportBody, in *ImportMessage) error {
	at := time.Unix(in.SentAt, 0).UTC()
	if err := c.plausible("message", at); err != nil {
		return err
	}
	m := parley.Message{
		Origin: c.origin, Tenant: c.tenant, Number: body.Number, ID: in.ID, Group: body.Group,
		Direction: parley.Inbound, Source: parley.SourceImport, Type: clean(in.Type), SentAt: at,
		Body: parley.Body{Name: in.Sender, Text: in.Text, File: in.File},
	}
	peer := in.Sender
	if in.Self {
		m.Direction, peer = parley.Outbound, in.Peer
	}
	if m.Group == "" || m.Direction == parley.Inbound {
		m.Contact = c.Identity.Contact(c.tenant, "", parley.UserID("import:"+peer))
	}
	conversationPeer := m.Contact
	if m.Group == "" && in.Sender == "" { // a system line of a one-to-one chat belongs to the other side
		conversationPeer = c.Identity.Contact(c.tenant, "", parley.UserID("import:"+in.Peer))
		m.Contact = conversationPeer
	}
	m.Conversation = c.Identity.Conversation(c.tenant, body.Number, conversationPeer, body.Group)
	c.out.message(m)
	if peer != "" {
		c.contact(cloudapi.Contact{Party: cloudapi.Party{UserID: "import:" + peer}, Name: peer}, m.Contact, at)
	}
	return nil
}

func isolateImport(body ImportBody, i int) []byte {
	body.Messages = body.Messages[i : i+1]
	b, err := json.Marshal(body)
	if err != nil {
		return nil
	}
	return b
}
