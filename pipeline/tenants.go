package pipeline

import (
	"errors"
	"time"

	"parley"
)

// Tenant is a customer of this installation as the configuration knows it.
type Tenant struct {
	ID      parley.TenantID        `koanf:"id"`
	Numbers []parley.PhoneNumberID `koanf:"phone_number_ids"`
	WABAs   []parley.WABAID        `koanf:"waba_ids"`
	// Days that facts, words and raw events are kept; 0 keeps them for ever. An item older than
	// RetainMessages when it arrives is a dead letter.
	RetainMessages uint16 `koanf:"retain_messages_days"`
	RetainBodies   uint16 `koanf:"retain_bodies_days"`
	RetainRaw      uint16 `koanf:"retain_raw_days"`
}

// DefaultTenant gives the retention of a tenant that sets none: ten years, so that an imported chat is
// taken whole, and one year of raw events.
func DefaultTenant(id parley.TenantID) Tenant {
	return Tenant{ID: id, RetainMessages: 3650, RetainBodies: 3650, RetainRaw: 365}
}

// Tenants finds the tenant of a number. It does not change while a pipeline runs.
type Tenants struct {
	numbers map[parley.PhoneNumberID]parley.TenantID
	wabas   map[parley.WABAID]parley.TenantID
	tenants map[parley.TenantID]Tenant
}

// NewTenants checks that no number and no account belongs to two tenants, and reports all that do.
func NewTenants(list []Tenant) (*Tenants, error) {
	t := &Tenants{
		numbers: map[parley.PhoneNumberID]parley.TenantID{}, wabas: map[parley.WABAID]parley.TenantID{},
		tenants: map[parley.TenantID]Tenant{parley.Unassigned: DefaultTenant(parley.Unassigned)},
	}
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, parley.Errorf(parley.Invalid, format, args...)) }
	for i, tenant := range list {
		if !validTenant(tenant.ID) {
			fail("tenants[%d].id: %q must be 1 to 64 small letters, digits, - and _", i, tenant.ID)
		}
		if _, twice := t.tenants[tenant.ID]; twice && tenant.ID != parley.Unassigned {
			fail("tenants[%d].id: %q is there twice", i, tenant.ID)
		}
		t.tenants[tenant.ID] = tenant
		for _, n := range tenant.Numbers {
			if other, twice := t.numbers[n]; twice {
				fail("tenants[%d].phone_number_ids: %q belongs to %q already", i, n, other)
			}
			t.numbers[n] = tenant.ID
		}
		for _, w := range tenant.WABAs {
			if other, twice := t.wabas[w]; twice {
				fail("tenants[%d].waba_ids: %q belongs to %q already", i, w, other)
			}
			t.wabas[w] = tenant.ID
		}
	}
	return t, errors.Join(errs...)
}

func validTenant(id parley.TenantID) bool {
	for _, r := range id {
		ok := r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z'
		if !ok {
			return false
		}
	}
	return len(id) >= 1 && len(id) <= 64
}

// Of gives the tenant of a number: the number's own mapping first, then its account's, then Unassigned.
func (t *Tenants) Of(number parley.PhoneNumberID, waba parley.WABAID) parley.TenantID {
	if id, ok := t.numbers[number]; ok {
		return id
	}
	if id, ok := t.wabas[waba]; ok {
		return id
	}
	return parley.Unassigned
}

// Get gives a tenant's settings; a tenant not configured has the defaults.
func (t *Tenants) Get(id parley.TenantID) Tenant {
	if tenant, ok := t.tenants[id]; ok {
		return tenant
	}
	return DefaultTenant(id)
}

// oldest is the earliest origin time that is still kept for an item that arrives at now; zero when
// everything is.
func (t Tenant) oldest(now time.Time) time.Time {
	if t.RetainMessages == 0 {
		return time.Time{}
	}
	return now.AddDate(0, 0, -int(t.RetainMessages))
}
