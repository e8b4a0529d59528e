package pipeline

import (
	"parley"
	"parley/warehouse"
)

// reject makes the dead letter of a row that the warehouse refused. It holds the change that the row came
// from, so that the row can be made again once the reason is gone.
func (f *Facts) reject(r warehouse.Rejection) (parley.DeadLetter, bool) {
	origin, tenant, ok := f.rowOrigin(r)
	if !ok {
		return parley.DeadLetter{}, false
	}
	l := parley.DeadLetter{Origin: origin, Tenant: tenant, Stage: StageWrite, Kind: parley.KindOf(r.Err), Reason: r.Table + ": " + r.Err.Error(), Item: uint32(r.Index)}
	for i := range f.RawEvents {
		if e := &f.RawEvents[i]; e.Raw == origin.Raw && e.Tenant == tenant {
			l.App, l.Part, l.Body = e.App, e.Part, e.Body
			break
		}
	}
	l.ID = parley.HashEvent("dead letter", string(l.Tenant), string(l.App), l.Stage, r.Table, r.Err.Error(), string(l.Body))
	return l, true
}

// rowOrigin finds the fact behind a refused row.
func (f *Facts) rowOrigin(r warehouse.Rejection) (origin parley.Origin, tenant parley.TenantID, ok bool) {
	switch r.Table {
	case "messages", "message_bodies":
		m := &f.Messages[r.Index]
		return m.Origin, m.Tenant, true
	case "statuses":
		s := &f.Statuses[r.Index]
		return s.Origin, s.Tenant, true
	case "account_events":
		e := &f.AccountEvents[r.Index]
		return e.Origin, e.Tenant, true
	case "contacts":
		c := &f.Contacts[r.Index]
		return c.Origin, c.Tenant, true
	case "raw_events":
		e := &f.RawEvents[r.Index]
		return e.Origin, e.Tenant, true
	}
	return origin, "", false // an enrichment is made again from its message
}
