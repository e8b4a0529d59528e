package simulate

import (
	"errors"
	"slices"
	"time"

	"parley"
)

// Limits of a Config.
const (
	MaxBatch    = 1000    // updates in one POST, as Meta states it
	MaxContacts = 900_000 // the unassigned area code has room for eight numbers of each
	MaxActive   = 100_000
	MaxNumbers  = 1000

	// MaxLateness bounds how old an item is when it is made: Meta redelivers for up to 7 days.
	MaxLateness = 7*24*time.Hour - time.Hour

	// maxBodyBytes keeps a body below the 3 MB that Meta is said to send at most: an item more is at most
	// maxTextRunes escaped characters.
	maxBodyBytes = 2 << 20
)

// Number is one business number.
type Number struct {
	ID      parley.PhoneNumberID `json:"phone_number_id"`
	Display string               `json:"display_phone_number"` // digits without plus
	WABA    parley.WABAID        `json:"waba_id"`
	App     parley.AppID         `json:"app,omitempty"` // the Meta app that posts its webhooks

	// Coexistence says that the number is also used from the WhatsApp Business app on a phone: what is
	// sent there arrives as an echo. The replies of other numbers are known by their receipts only.
	Coexistence bool `json:"coexistence,omitempty"`
}

// App is a Meta app: the last element of the webhook path and the secret that signs its bodies.
type App struct {
	ID     parley.AppID
	Secret string
}

// The accounts of DemoNumbers.
const (
	DemoWABA      parley.WABAID = "770100000000001"
	DemoOtherWABA parley.WABAID = "770100000000002"
)

// DemoNumbers are the business numbers used where a Config names none. They are fixed, so that a demo's
// configuration can map them to a tenant.
func DemoNumbers() []Number {
	return []Number{
		{ID: "880100000000001", Display: "15550100101", WABA: DemoWABA, Coexistence: true},
		{ID: "880100000000002", Display: "15550100102", WABA: DemoWABA, Coexistence: true},
		{ID: "880100000000003", Display: "15550100103", WABA: DemoOtherWABA, Coexistence: true},
		{ID: "880100000000004", Display: "15550100104", WABA: DemoOtherWABA},
	}
}

// Config says what traffic to make. Start from Defaults: a zero rate means never.
type Config struct {
	Seed uint64

	// RunID is part of every message id, so that runs do not collide. 0 derives it from Seed; runs that
	// repeat a seed against the same server need different ones.
	RunID uint32

	// Now is the clock; it must not run backwards. Message times are taken from it.
	Now func() time.Time

	Messages  int64 // different messages to make; 0 for no end
	Apps      []App // at least one
	Numbers   []Number
	Dialogues []Dialogue // what is said; nil for the project's own
	Languages []string   // only dialogues in these; nil for all
	Contacts  int        // people who write
	Active    int        // conversations that go on at the same time
	Batch     int        // items in a POST: 1 to MaxBatch; 0 for a realistic mix

	Duplicate float64 // part of the items that are sent again, in the same body or in another
	Disorder  float64 // part of the items that arrive after newer ones
	Late      float64 // part of the people whose messages arrive hours or days late
	Event     float64 // account events per item

	// Identities fills Request.Items, for a Ledger. It costs allocations.
	Identities bool
}

// Defaults is realistic traffic of one app over the demo numbers.
func Defaults(seed uint64, secret string, messages int64, now func() time.Time) Config {
	active := 200
	if messages > 0 {
		active = int(min(1000, max(8, messages/20)))
	}
	return Config{
		Seed: seed, Now: now, Messages: messages, Apps: []App{{Secret: secret}}, Numbers: DemoNumbers(),
		Contacts: 20_000, Active: active,
		Duplicate: 0.02, Disorder: 0.02, Late: 0.01, Event: 0.001,
	}
}

// validate joins everything that is wrong with the configuration.
func (c *Config) validate() error {
	var errs []error
	wrong := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, parley.Errorf(parley.Invalid, "cannot simulate traffic: "+format, args...))
		}
	}
	within := func(name string, v, lowest, highest int) {
		wrong(v < lowest || v > highest, "%s is %d, it must be between %d and %d", name, v, lowest, highest)
	}
	rate := func(name string, v, highest float64) {
		wrong(!(v >= 0 && v <= highest), "%s is %v, it must be between 0 and %v", name, v, highest)
	}
	wrong(c.Now == nil, "there is no clock")
	wrong(c.Messages < 0, "messages is %d, it must not be negative", c.Messages)
	within("contacts", c.Contacts, 1, MaxContacts)
	within("active", c.Active, 1, MaxActive)
	within("batch", c.Batch, 0, MaxBatch)
	within("the count of numbers", len(c.Numbers), 1, MaxNumbers)
	within("the count of apps", len(c.Apps), 1, MaxNumbers)
	rate("duplicate", c.Duplicate, 0.9)
	rate("disorder", c.Disorder, 1)
	rate("late", c.Late, 1)
	rate("event", c.Event, 0.5)
	for i, a := range c.Apps {
		wrong(a.Secret == "", "app %q has no secret", a.ID)
		wrong(slices.ContainsFunc(c.Apps[:i], func(b App) bool { return a.ID == b.ID }), "app %q is named twice", a.ID)
		wrong(!slices.ContainsFunc(c.Numbers, func(n Number) bool { return n.App == a.ID }), "app %q has no number", a.ID)
	}
	for i, n := range c.Numbers {
		wrong(n.ID == "" || n.WABA == "" || !isPhone(n.Display), "number %d needs an id, an account and a phone number of digits to display", i)
		wrong(!slices.ContainsFunc(c.Apps, func(a App) bool { return a.ID == n.App }), "number %q names an unknown app %q", n.ID, n.App)
		wrong(slices.ContainsFunc(c.Numbers[:i], func(m Number) bool { return m.ID == n.ID }), "number %q is named twice", n.ID)
	}
	return errors.Join(errs...)
}

// isPhone says whether s is the digits of a phone number in E.164.
func isPhone(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return len(s) >= 5 && len(s) <= 15
}
