package warehouse

import (
	"cmp"
	"time"

	"parley"
)

var messages = table[parley.Message]{
	name: "messages",
	columns: []column[parley.Message]{
		text("tenant_id", func(m *parley.Message) parley.TenantID { return m.Tenant }),
		text("waba_id", func(m *parley.Message) parley.WABAID { return m.WABA }),
		text("phone_number_id", func(m *parley.Message) parley.PhoneNumberID { return m.Number }),
		text("wamid", func(m *parley.Message) parley.WAMID { return m.ID }),
		id("conversation_id", func(m *parley.Message) parley.ConversationID { return m.Conversation }),
		id("contact_id", func(m *parley.Message) parley.ContactID { return m.Contact }),
		text("group_id", func(m *parley.Message) parley.GroupID { return m.Group }),
		text("direction", func(m *parley.Message) parley.Direction { return m.Direction }),
		text("source", func(m *parley.Message) parley.Source { return m.Source }),
		text("type", func(m *parley.Message) string { return m.Type }),
		text("subtype", func(m *parley.Message) string { return m.Subtype }),
		moment("sent_at", func(m *parley.Message) time.Time { return m.SentAt }),
		text("reply_to", func(m *parley.Message) parley.WAMID { return m.ReplyTo }),
		text("target", func(m *parley.Message) parley.WAMID { return m.Target }),
		text("forwarded", func(m *parley.Message) string { return m.Forwarded }),
		text("template", func(m *parley.Message) string { return m.Template }),
		text("campaign", func(m *parley.Message) string { return m.Campaign }),
		text("click_id", func(m *parley.Message) string { return m.ClickID }),
		text("product", func(m *parley.Message) string { return m.Product }),
		text("media_id", func(m *parley.Message) string { return m.MediaID }),
		text("media_type", func(m *parley.Message) string { return m.MediaType }),
		text("media_sha256", func(m *parley.Message) string { return m.MediaSHA256 }),
		plain("error_code", func(m *parley.Message) int32 { return m.ErrorCode }),
		text("history_status", func(m *parley.Message) string { return m.Status }),
		id("raw_id", func(m *parley.Message) parley.RawID { return m.Raw }),
		moment("received_at", func(m *parley.Message) time.Time { return m.ReceivedAt }),
		retentionDays[parley.Message](),
		version[parley.Message](),
	},
	check:   checkMessage,
	compare: compareMessages,
	key:     messageKey,
	retention: func(m *parley.Message) (parley.TenantID, func(Retention) uint16) {
		return m.Tenant, func(r Retention) uint16 { return r.Messages }
	},
	version: messageVersion,
	size:    func(m *parley.Message) int { return 256 },
}

var messageBodies = table[parley.Message]{
	name: "message_bodies",
	columns: []column[parley.Message]{
		text("tenant_id", func(m *parley.Message) parley.TenantID { return m.Tenant }),
		text("phone_number_id", func(m *parley.Message) parley.PhoneNumberID { return m.Number }),
		text("wamid", func(m *parley.Message) parley.WAMID { return m.ID }),
		id("conversation_id", func(m *parley.Message) parley.ConversationID { return m.Conversation }),
		moment("sent_at", func(m *parley.Message) time.Time { return m.SentAt }),
		text("phone", func(m *parley.Message) string { return m.Body.Phone }),
		text("user_id", func(m *parley.Message) parley.UserID { return m.Body.User }),
		text("name", func(m *parley.Message) string { return m.Body.Name }),
		text("username", func(m *parley.Message) string { return m.Body.Username }),
		text("text", func(m *parley.Message) string { return m.Body.Text }),
		text("file", func(m *parley.Message) string { return m.Body.File }),
		blob("content", func(m *parley.Message) []byte { return m.Body.Content }),
		moment("received_at", func(m *parley.Message) time.Time { return m.ReceivedAt }),
		retentionDays[parley.Message](),
		version[parley.Message](),
	},
	skip: func(m *parley.Message) bool {
		b := &m.Body
		// A message whose row is refused has no body either; messages reports it.
		return b.Phone == "" && b.User == "" && b.Name == "" && b.Username == "" && b.Text == "" && b.File == "" &&
			len(b.Content) == 0 || checkMessage(m) != nil
	},
	check:   checkMessage,
	compare: compareMessages,
	key:     messageKey,
	retention: func(m *parley.Message) (parley.TenantID, func(Retention) uint16) {
		return m.Tenant, func(r Retention) uint16 { return r.Bodies }
	},
	version: messageVersion,
	size: func(m *parley.Message) int {
		return 256 + len(m.Body.Text) + len(m.Body.Content)
	},
}

func messageVersion(m *parley.Message) uint64 { return firstArrival(messageRank(m), m.ReceivedAt) }

func checkMessage(m *parley.Message) error {
	return first(checkPresent("tenant_id", m.Tenant), checkPresent("wamid", m.ID),
		checkTime("sent_at", m.SentAt), checkTime("received_at", m.ReceivedAt))
}

// compareMessages follows the sorting key, and then the raw event, so that two rows of one message have an
// order of their own.
func compareMessages(a, b *parley.Message) int {
	return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), a.SentAt.Compare(b.SentAt), cmp.Compare(a.Number, b.Number),
		cmp.Compare(a.ID, b.ID), compareIDs(a.Raw, b.Raw))
}

func messageKey(k key, m *parley.Message) key {
	return k.text(string(m.Tenant)).moment(m.SentAt).text(string(m.Number)).text(string(m.ID)).id(m.Raw)
}

var enrichments = table[parley.Enrichment]{
	name: "enrichments",
	columns: []column[parley.Enrichment]{
		text("tenant_id", func(e *parley.Enrichment) parley.TenantID { return e.Tenant }),
		text("wamid", func(e *parley.Enrichment) parley.WAMID { return e.ID }),
		id("conversation_id", func(e *parley.Enrichment) parley.ConversationID { return e.Conversation }),
		moment("sent_at", func(e *parley.Enrichment) time.Time { return e.SentAt }),
		plain("pipeline_version", func(e *parley.Enrichment) uint32 { return e.Version }),
		text("language", func(e *parley.Enrichment) string { return e.Language }),
		plain("language_confidence", func(e *parley.Enrichment) float32 { return e.LanguageConfidence }),
		text("sentiment", func(e *parley.Enrichment) string { return e.Sentiment }),
		plain("sentiment_score", func(e *parley.Enrichment) float32 { return e.SentimentScore }),
		text("priority", func(e *parley.Enrichment) string { return e.Priority }),
		plain("priority_reasons", func(e *parley.Enrichment) []string { return e.PriorityReasons }),
		text("items", func(e *parley.Enrichment) string { return e.Items }),
		text("entities", func(e *parley.Enrichment) string { return e.Entities }),
		plain("time_spent_us", func(e *parley.Enrichment) uint32 {
			return uint32(min(max(e.TimeSpent.Microseconds(), 0), 1<<32-1))
		}),
		moment("received_at", func(e *parley.Enrichment) time.Time { return e.ReceivedAt }),
		retentionDays[parley.Enrichment](),
		version[parley.Enrichment](),
	},
	check: func(e *parley.Enrichment) error {
		return first(checkPresent("tenant_id", e.Tenant), checkPresent("wamid", e.ID),
			checkTime("sent_at", e.SentAt), checkTime("received_at", e.ReceivedAt))
	},
	compare: func(a, b *parley.Enrichment) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), a.SentAt.Compare(b.SentAt), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Version, b.Version))
	},
	key: func(k key, e *parley.Enrichment) key {
		return k.text(string(e.Tenant)).moment(e.SentAt).text(string(e.ID)).number(uint64(e.Version))
	},
	retention: func(e *parley.Enrichment) (parley.TenantID, func(Retention) uint16) {
		return e.Tenant, func(r Retention) uint16 { return r.Enrichments }
	},
	version: func(e *parley.Enrichment) uint64 { return firstArrival(0, e.ReceivedAt) },
	size:    func(e *parley.Enrichment) int { return 128 + len(e.Items) + len(e.Entities) },
}
