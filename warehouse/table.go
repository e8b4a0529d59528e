package warehouse

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"parley"
)

// table says how facts of one kind become rows: the columns, the order of the sorting key, what is refused
// before the server sees it, how long a row stays and which row wins.
type table[F any] struct {
	name      string
	columns   []column[F]
	skip      func(*F) bool // facts that make no row here; nil for none
	check     func(*F) error
	compare   func(a, b *F) int
	key       func(key, *F) key // appends what compare compares; nil for rows that their batch identifies
	retention func(*F) (parley.TenantID, func(Retention) uint16)
	version   func(*F) uint64
	size      func(*F) int // bytes of what may be large
	whole     bool         // the server may refuse no row of it: nothing else would hold what the row holds
}

// statement is the INSERT of the table. It is made of constants alone.
func (t *table[F]) statement() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return "INSERT INTO " + t.name + " (" + strings.Join(names, ", ") + ")"
}

// prepare makes the rows of facts in the order of the sorting key, and the refusals of those that cannot be
// rows. The order does not depend on that of the facts: equal keys go by version, then by raw event.
func (t *table[F]) prepare(facts []F, retention func(parley.TenantID) Retention) ([]row[F], Rejections) {
	rows := make([]row[F], 0, len(facts))
	var refused Rejections
	cache := retentionCache{of: retention, seen: map[parley.TenantID]Retention{}}
	for i := range facts {
		f := &facts[i]
		if t.skip != nil && t.skip(f) {
			continue
		}
		if err := t.check(f); err != nil {
			refused = append(refused, Rejection{Table: t.name, Index: i, Err: err})
			continue
		}
		tenant, days := t.retention(f)
		r := row[F]{fact: f, index: i, retention: days(cache.get(tenant))}
		if t.version != nil {
			r.version = t.version(f)
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b row[F]) int {
		if c := t.compare(a.fact, b.fact); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.version, b.version), a.index-b.index)
	})
	return rows, refused
}

// retentionCache asks once per tenant and batch.
type retentionCache struct {
	of   func(parley.TenantID) Retention
	seen map[parley.TenantID]Retention
}

func (c *retentionCache) get(tenant parley.TenantID) Retention {
	r, ok := c.seen[tenant]
	if !ok {
		r = c.of(tenant)
		c.seen[tenant] = r
	}
	return r
}

// Times that a column can hold. A DateTime wraps around outside of them, silently; so do the arithmetic of
// retention and of versions. A time outside is refused: clamping it would invent a fact.
var (
	firstTime = time.Unix(1, 0)
	lastTime  = time.Date(2106, 1, 1, 0, 0, 0, 0, time.UTC)
)

func checkTime(field string, t time.Time) error {
	if t.Before(firstTime) || !t.Before(lastTime) {
		return parley.Errorf(parley.Invalid, "cannot store %s: %s is not between 1970 and 2106", field, t.UTC().Format("2006-01-02T15:04:05Z"))
	}
	return nil
}

func checkTimeOrZero(field string, t time.Time) error {
	if t.IsZero() {
		return nil
	}
	return checkTime(field, t)
}

func checkPresent[S ~string](field string, s S) error {
	if s == "" {
		return parley.Errorf(parley.Invalid, "cannot store a row without %s", field)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func compareIDs[U ~[16]byte](a, b U) int { return bytes.Compare(a[:], b[:]) }
