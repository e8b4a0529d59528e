package warehouse

import (
	"cmp"
	"time"

	"github.com/google/uuid"

	"parley"
)

var rawEvents = table[parley.RawEvent]{
	name: "raw_events",
	columns: []column[parley.RawEvent]{
		text("tenant_id", func(e *parley.RawEvent) parley.TenantID { return e.Tenant }),
		text("app_id", func(e *parley.RawEvent) parley.AppID { return e.App }),
		text("waba_id", func(e *parley.RawEvent) parley.WABAID { return e.WABA }),
		text("phone_number_id", func(e *parley.RawEvent) parley.PhoneNumberID { return e.Number }),
		id("raw_id", func(e *parley.RawEvent) parley.RawID { return e.Raw }),
		plain("part", func(e *parley.RawEvent) uint32 { return e.Part }),
		moment("received_at", func(e *parley.RawEvent) time.Time { return e.ReceivedAt }),
		text("field", func(e *parley.RawEvent) string { return e.Field }),
		plain("items", func(e *parley.RawEvent) uint32 { return e.Items }),
		blob("body", func(e *parley.RawEvent) []byte { return e.Body }),
		retentionDays[parley.RawEvent](),
	},
	check: func(e *parley.RawEvent) error {
		return first(checkPresent("tenant_id", e.Tenant), checkTime("received_at", e.ReceivedAt))
	},
	compare: func(a, b *parley.RawEvent) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), a.ReceivedAt.Compare(b.ReceivedAt), compareIDs(a.Raw, b.Raw), cmp.Compare(a.Part, b.Part))
	},
	key: func(k key, e *parley.RawEvent) key {
		return k.text(string(e.Tenant)).moment(e.ReceivedAt).id(e.Raw).number(uint64(e.Part))
	},
	retention: func(e *parley.RawEvent) (parley.TenantID, func(Retention) uint16) {
		return e.Tenant, func(r Retention) uint16 { return r.Raw }
	},
	size: func(e *parley.RawEvent) int { return 128 + len(e.Body) },
}

// replayedRank stands above the arrival in the version of a dead letter that has been replayed: the same
// thing failing before or after does not open it again, because its facts are in.
const replayedRank = 1

var deadLetters = table[parley.DeadLetter]{
	name: "dead_letters",
	columns: []column[parley.DeadLetter]{
		text("tenant_id", func(d *parley.DeadLetter) parley.TenantID { return d.Tenant }),
		id("dead_letter_id", func(d *parley.DeadLetter) parley.EventID { return d.ID }),
		text("app_id", func(d *parley.DeadLetter) parley.AppID { return d.App }),
		text("stage", func(d *parley.DeadLetter) string { return d.Stage }),
		text("kind", func(d *parley.DeadLetter) string { return d.Kind.String() }),
		text("reason", func(d *parley.DeadLetter) string { return d.Reason }),
		id("raw_id", func(d *parley.DeadLetter) parley.RawID { return d.Raw }),
		moment("received_at", func(d *parley.DeadLetter) time.Time { return d.ReceivedAt }),
		plain("part", func(d *parley.DeadLetter) uint32 { return d.Part }),
		plain("item", func(d *parley.DeadLetter) uint32 { return d.Item }),
		blob("body", func(d *parley.DeadLetter) []byte { return d.Body }),
		retentionDays[parley.DeadLetter](),
		version[parley.DeadLetter](),
	},
	check: func(d *parley.DeadLetter) error {
		return first(checkPresent("tenant_id", d.Tenant), checkTime("received_at", d.ReceivedAt))
	},
	compare: func(a, b *parley.DeadLetter) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), compareIDs(a.ID, b.ID), compareIDs(a.Raw, b.Raw))
	},
	key: func(k key, d *parley.DeadLetter) key {
		return k.text(string(d.Tenant)).id(d.ID).id(d.Raw)
	},
	retention: func(d *parley.DeadLetter) (parley.TenantID, func(Retention) uint16) {
		return d.Tenant, func(r Retention) uint16 { return r.DeadLetters }
	},
	version: func(d *parley.DeadLetter) uint64 { return firstArrival(0, d.ReceivedAt) },
	size:    func(d *parley.DeadLetter) int { return 256 + len(d.Body) },
	whole:   true,
}

// Audit is the row of ingest_audit: what a batch held and what became of it.
type Audit struct {
	BatchID       uuid.UUID
	FirstSeq      uint64
	LastSeq       uint64
	SealedAt      time.Time
	WrittenAt     time.Time
	Bodies        uint32
	RawEvents     uint32
	Messages      uint32
	Statuses      uint32
	Enrichments   uint32
	AccountEvents uint32
	Contacts      uint32
	DeadLetters   uint32
	Duplicates    uint32
	Rejected      uint32
}

var ingestAudit = table[Audit]{
	name: "ingest_audit",
	columns: []column[Audit]{
		id("batch_id", func(a *Audit) uuid.UUID { return a.BatchID }),
		plain("first_seq", func(a *Audit) uint64 { return a.FirstSeq }),
		plain("last_seq", func(a *Audit) uint64 { return a.LastSeq }),
		moment("sealed_at", func(a *Audit) time.Time { return a.SealedAt }),
		moment("written_at", func(a *Audit) time.Time { return a.WrittenAt }),
		plain("bodies", func(a *Audit) uint32 { return a.Bodies }),
		plain("raw_events", func(a *Audit) uint32 { return a.RawEvents }),
		plain("messages", func(a *Audit) uint32 { return a.Messages }),
		plain("statuses", func(a *Audit) uint32 { return a.Statuses }),
		plain("enrichments", func(a *Audit) uint32 { return a.Enrichments }),
		plain("account_events", func(a *Audit) uint32 { return a.AccountEvents }),
		plain("contacts", func(a *Audit) uint32 { return a.Contacts }),
		plain("dead_letters", func(a *Audit) uint32 { return a.DeadLetters }),
		plain("duplicates", func(a *Audit) uint32 { return a.Duplicates }),
		plain("rejected", func(a *Audit) uint32 { return a.Rejected }),
		version[Audit](),
	},
	check: func(a *Audit) error {
		return first(checkTime("sealed_at", a.SealedAt), checkTime("written_at", a.WrittenAt))
	},
	compare:   func(a, b *Audit) int { return compareIDs(a.BatchID, b.BatchID) },
	retention: func(*Audit) (parley.TenantID, func(Retention) uint16) { return "", func(Retention) uint16 { return 0 } },
	version:   func(a *Audit) uint64 { return firstArrival(0, a.WrittenAt) },
	size:      func(*Audit) int { return 128 },
	whole:     true,
}
