package verify

import (
	"encoding/binary"
	"strconv"
	"time"

	"parley"
	"parley/warehouse"
)

// table is a table under comparison.
type table uint8

// The order is that of the report.
const (
	rawEvents table = iota
	messages
	statuses
	accountEvents
	deadLetters
	// bodies is no table: it holds which bodies arrived, for rows that are explained by their body alone.
	bodies
	tableCount
)

var tableNames = [tableCount]string{"raw_events", "messages", "statuses", "account_events", "dead_letters", "dead_letters"}

func (t table) String() string { return tableNames[t] }

// fact is the identity of a fact, with what is needed to name it and to look for it.
type fact struct {
	table  table
	tenant parley.TenantID
	key    parley.EventID // hash of the identity
	id     string         // wamid, or id of the event, dead letter or raw event
	detail string         // state of a receipt, part of a raw event
	raw    parley.RawID
	at     time.Time // by which the table's retention counts
}

// keyOf hashes what makes a fact itself.
func keyOf(t table, tenant parley.TenantID, parts ...string) parley.EventID {
	return parley.HashEvent(append([]string{t.String(), string(tenant)}, parts...)...)
}

func messageFact(tenant parley.TenantID, number parley.PhoneNumberID, id parley.WAMID, sentAt time.Time, raw parley.RawID) fact {
	return fact{table: messages, tenant: tenant, id: string(id), raw: raw, at: sentAt,
		key: keyOf(messages, tenant, string(number), string(id), strconv.FormatInt(sentAt.Unix(), 36))}
}

func statusFact(tenant parley.TenantID, id parley.WAMID, status string, recipient parley.ContactID, group parley.GroupID, at time.Time, raw parley.RawID) fact {
	return fact{table: statuses, tenant: tenant, id: string(id), detail: status, raw: raw, at: at,
		key: keyOf(statuses, tenant, string(id), status, string(recipient[:]), string(group))}
}

func eventFact(t table, tenant parley.TenantID, id parley.EventID, at time.Time, raw parley.RawID) fact {
	return fact{table: t, tenant: tenant, id: id.String(), raw: raw, at: at, key: keyOf(t, tenant, string(id[:]))}
}

func rawFact(tenant parley.TenantID, raw parley.RawID, part uint32, at time.Time) fact {
	return fact{table: rawEvents, tenant: tenant, id: raw.String(), detail: "part " + strconv.FormatUint(uint64(part), 10), raw: raw, at: at,
		key: keyOf(rawEvents, tenant, string(raw[:]), strconv.FormatUint(uint64(part), 10), strconv.FormatInt(at.UnixMicro(), 36))}
}

func bodyFact(tenant parley.TenantID, id string, raw parley.RawID, at time.Time) fact {
	return fact{table: bodies, tenant: tenant, id: id, raw: raw, at: at, key: keyOf(bodies, "", string(raw[:]))}
}

// factsOf gives the identities of what decoding yields.
func factsOf(b *warehouse.Batch, fn func(*fact) error) error {
	give := func(f fact) error { return fn(&f) }
	for i := range b.RawEvents {
		e := &b.RawEvents[i]
		if err := give(rawFact(e.Tenant, e.Raw, e.Part, e.ReceivedAt)); err != nil {
			return err
		}
	}
	for i := range b.Messages {
		m := &b.Messages[i]
		if err := give(messageFact(m.Tenant, m.Number, m.ID, m.SentAt, m.Raw)); err != nil {
			return err
		}
	}
	for i := range b.Statuses {
		s := &b.Statuses[i]
		if err := give(statusFact(s.Tenant, s.ID, s.Status, s.Recipient, s.Group, s.At, s.Raw)); err != nil {
			return err
		}
	}
	for i := range b.AccountEvents {
		e := &b.AccountEvents[i]
		if err := give(eventFact(accountEvents, e.Tenant, e.ID, e.At, e.Raw)); err != nil {
			return err
		}
	}
	for i := range b.DeadLetters {
		l := &b.DeadLetters[i]
		if err := give(eventFact(deadLetters, l.Tenant, l.ID, l.ReceivedAt, l.Raw)); err != nil {
			return err
		}
	}
	return nil
}

// items is how many items decoding found: each is exactly one of these.
func items(b *warehouse.Batch) uint64 {
	return uint64(len(b.Messages) + len(b.Statuses) + len(b.AccountEvents) + len(b.DeadLetters) + int(b.Duplicates))
}

// encode writes what key and table do not say.
func (f *fact) encode(b []byte) []byte {
	b = append(b, f.raw[:]...)
	b = binary.AppendVarint(b, f.at.UnixMicro())
	for _, s := range [...]string{string(f.tenant), f.id, f.detail} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

// decodeFact reads what encode wrote; the set is this process's own, so it is not doubted.
func decodeFact(t table, key parley.EventID, b []byte) fact {
	f := fact{table: t, key: key}
	b = b[copy(f.raw[:], b):]
	micros, n := binary.Varint(b)
	f.at, b = time.UnixMicro(micros).UTC(), b[n:]
	next := func() string {
		size, n := binary.Uvarint(b)
		s := string(b[n : n+int(size)])
		b = b[n+int(size):]
		return s
	}
	f.tenant, f.id, f.detail = parley.TenantID(next()), next(), next()
	return f
}
