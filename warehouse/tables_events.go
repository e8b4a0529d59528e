package warehouse

import (
	"cmp"
	"time"

	"parley"
)

var statuses = table[parley.Status]{
	name: "statuses",
	columns: []column[parley.Status]{
		text("tenant_id", func(s *parley.Status) parley.TenantID { return s.Tenant }),
		text("waba_id", func(s *parley.Status) parley.WABAID { return s.WABA }),
		text("phone_number_id", func(s *parley.Status) parley.PhoneNumberID { return s.Number }),
		text("wamid", func(s *parley.Status) parley.WAMID { return s.ID }),
		id("conversation_id", func(s *parley.Status) parley.ConversationID { return s.Conversation }),
		id("recipient_id", func(s *parley.Status) parley.ContactID { return s.Recipient }),
		text("group_id", func(s *parley.Status) parley.GroupID { return s.Group }),
		text("status", func(s *parley.Status) string { return s.Status }),
		moment("at", func(s *parley.Status) time.Time { return s.At }),
		plain("billable", func(s *parley.Status) bool { return s.Billable }),
		text("pricing_model", func(s *parley.Status) string { return s.PricingModel }),
		text("pricing_type", func(s *parley.Status) string { return s.PricingType }),
		text("pricing_category", func(s *parley.Status) string { return s.PricingCategory }),
		text("window_id", func(s *parley.Status) string { return s.WindowID }),
		text("window_origin", func(s *parley.Status) string { return s.WindowOrigin }),
		momentOrNull("window_expires_at", func(s *parley.Status) time.Time { return s.WindowExpiresAt }),
		text("callback", func(s *parley.Status) string { return s.Callback }),
		plain("error_code", func(s *parley.Status) int32 { return s.ErrorCode }),
		text("error_title", func(s *parley.Status) string { return s.ErrorTitle }),
		blob("content", func(s *parley.Status) []byte { return s.Content }),
		id("raw_id", func(s *parley.Status) parley.RawID { return s.Raw }),
		moment("received_at", func(s *parley.Status) time.Time { return s.ReceivedAt }),
		retentionDays[parley.Status](),
		version[parley.Status](),
	},
	check: func(s *parley.Status) error {
		return first(checkPresent("tenant_id", s.Tenant), checkPresent("wamid", s.ID), checkPresent("status", s.Status),
			checkTime("at", s.At), checkTime("received_at", s.ReceivedAt), checkTimeOrZero("window_expires_at", s.WindowExpiresAt))
	},
	compare: func(a, b *parley.Status) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Status, b.Status),
			compareIDs(a.Recipient, b.Recipient), cmp.Compare(a.Group, b.Group), a.At.Compare(b.At), compareIDs(a.Raw, b.Raw))
	},
	key: func(k key, s *parley.Status) key {
		return k.text(string(s.Tenant)).text(string(s.ID)).text(s.Status).id(s.Recipient).text(string(s.Group)).moment(s.At).id(s.Raw)
	},
	retention: func(s *parley.Status) (parley.TenantID, func(Retention) uint16) {
		return s.Tenant, func(r Retention) uint16 { return r.Statuses }
	},
	version: func(s *parley.Status) uint64 { return firstArrival(0, s.ReceivedAt) },
	size:    func(s *parley.Status) int { return 256 + len(s.Content) },
}

var accountEvents = table[parley.AccountEvent]{
	name: "account_events",
	columns: []column[parley.AccountEvent]{
		text("tenant_id", func(e *parley.AccountEvent) parley.TenantID { return e.Tenant }),
		text("waba_id", func(e *parley.AccountEvent) parley.WABAID { return e.WABA }),
		text("phone_number_id", func(e *parley.AccountEvent) parley.PhoneNumberID { return e.Number }),
		id("event_id", func(e *parley.AccountEvent) parley.EventID { return e.ID }),
		text("field", func(e *parley.AccountEvent) string { return e.Field }),
		text("event", func(e *parley.AccountEvent) string { return e.Event }),
		text("subject", func(e *parley.AccountEvent) string { return e.Subject }),
		id("contact_id", func(e *parley.AccountEvent) parley.ContactID { return e.Contact }),
		moment("at", func(e *parley.AccountEvent) time.Time { return e.At }),
		plain("known", func(e *parley.AccountEvent) bool { return e.Known }),
		blob("content", func(e *parley.AccountEvent) []byte { return e.Content }),
		id("raw_id", func(e *parley.AccountEvent) parley.RawID { return e.Raw }),
		moment("received_at", func(e *parley.AccountEvent) time.Time { return e.ReceivedAt }),
		retentionDays[parley.AccountEvent](),
		version[parley.AccountEvent](),
	},
	check: func(e *parley.AccountEvent) error {
		return first(checkPresent("tenant_id", e.Tenant), checkTime("at", e.At), checkTime("received_at", e.ReceivedAt))
	},
	compare: func(a, b *parley.AccountEvent) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Field, b.Field), compareIDs(a.ID, b.ID), compareIDs(a.Raw, b.Raw))
	},
	key: func(k key, e *parley.AccountEvent) key {
		return k.text(string(e.Tenant)).text(e.Field).id(e.ID).id(e.Raw)
	},
	retention: func(e *parley.AccountEvent) (parley.TenantID, func(Retention) uint16) {
		return e.Tenant, func(r Retention) uint16 { return r.AccountEvents }
	},
	version: func(e *parley.AccountEvent) uint64 { return firstArrival(0, e.ReceivedAt) },
	size:    func(e *parley.AccountEvent) int { return 256 + len(e.Content) },
}

var contacts = table[parley.Contact]{
	name: "contacts",
	columns: []column[parley.Contact]{
		text("tenant_id", func(c *parley.Contact) parley.TenantID { return c.Tenant }),
		id("contact_id", func(c *parley.Contact) parley.ContactID { return c.ID }),
		text("phone", func(c *parley.Contact) string { return c.Phone }),
		text("user_id", func(c *parley.Contact) parley.UserID { return c.User }),
		text("parent_user_id", func(c *parley.Contact) parley.UserID { return c.ParentUser }),
		text("username", func(c *parley.Contact) string { return c.Username }),
		text("name", func(c *parley.Contact) string { return c.Name }),
		moment("seen_at", func(c *parley.Contact) time.Time { return c.SeenAt }),
		id("raw_id", func(c *parley.Contact) parley.RawID { return c.Raw }),
		moment("received_at", func(c *parley.Contact) time.Time { return c.ReceivedAt }),
		retentionDays[parley.Contact](),
		version[parley.Contact](),
	},
	check: func(c *parley.Contact) error {
		if c.ID.IsZero() {
			return parley.Errorf(parley.Invalid, "cannot store a contact without contact_id")
		}
		return first(checkPresent("tenant_id", c.Tenant), checkTime("seen_at", c.SeenAt), checkTime("received_at", c.ReceivedAt))
	},
	compare: func(a, b *parley.Contact) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), compareIDs(a.ID, b.ID), cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.User, b.User),
			cmp.Compare(a.ParentUser, b.ParentUser), cmp.Compare(a.Username, b.Username), cmp.Compare(a.Name, b.Name), compareIDs(a.Raw, b.Raw))
	},
	key: func(k key, c *parley.Contact) key {
		return k.text(string(c.Tenant)).id(c.ID).text(c.Phone).text(string(c.User)).text(string(c.ParentUser)).
			text(string(c.Username)).text(c.Name).id(c.Raw)
	},
	retention: func(c *parley.Contact) (parley.TenantID, func(Retention) uint16) {
		return c.Tenant, func(r Retention) uint16 { return r.Contacts }
	},
	// The description last seen wins here, not the first: its time says how fresh the description is.
	version: func(c *parley.Contact) uint64 { return uint64(c.SeenAt.UnixMicro()) },
	size:    func(c *parley.Contact) int { return 256 },
}
