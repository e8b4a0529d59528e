package verify

import (
	"fmt"
	"io"
	"strings"
	"time"

	"parley"
	"parley/pipeline/verify/arrival"
)

// Difference is one thing in which arrivals and tables differ. It holds ids, never a text or a phone number.
type Difference struct {
	Table  string          `json:"table"`
	Tenant parley.TenantID `json:"tenant,omitempty"`
	ID     string          `json:"id"` // wamid; id of an event, a dead letter or a raw event; frames of a batch
	Detail string          `json:"detail,omitempty"`
	Raw    string          `json:"raw_id,omitempty"`
	Why    string          `json:"why"`
}

func (f *fact) difference(why string) Difference {
	return Difference{Table: f.table.String(), Tenant: f.tenant, ID: f.id, Detail: f.detail, Raw: f.raw.String(), Why: why}
}

// Count is what was compared of one table.
type Count struct {
	Table      string `json:"table"`
	Arrived    uint64 `json:"arrived"`    // different facts that arrived in the range
	Rows       uint64 `json:"rows"`       // rows that arrived in the range
	Duplicates uint64 `json:"duplicates"` // of the rows, those that repeat another and will be merged away
	Elsewhere  uint64 `json:"elsewhere"`  // facts whose row has another time of arrival: they had arrived before
	Moved      uint64 `json:"moved"`      // facts whose row is of the time before their number was mapped
	Refused    uint64 `json:"refused"`    // facts the warehouse would not take: each has its dead letter
	Expired    uint64 `json:"expired"`    // not judged: their retention is over
	Missing    uint64 `json:"missing"`
	Extra      uint64 `json:"extra"`
}

// Report is the outcome of a verification.
type Report struct {
	From   time.Time    `json:"from"`
	To     time.Time    `json:"to"`
	Source arrival.Kind `json:"source"`

	Frames  uint64 `json:"frames"`  // of the log that were read
	Done    uint64 `json:"done"`    // last frame that was judged
	Bodies  uint64 `json:"bodies"`  // that arrived in the range
	Repeats uint64 `json:"repeats"` // records that brought one of them again by replay
	Items   uint64 `json:"items"`   // in the bodies, with those that were there before
	Batches uint64 `json:"batches"` // whose record was checked

	Tables []Count `json:"tables"`

	// Missing, Extra and Audit list differences, at most Config.MaxDifferences each; the totals count all.
	Missing      []Difference `json:"missing"`
	MissingTotal uint64       `json:"missing_total"`
	Extra        []Difference `json:"extra"`
	ExtraTotal   uint64       `json:"extra_total"`
	Audit        []Difference `json:"audit"` // of the record of batches
	AuditTotal   uint64       `json:"audit_total"`
	Truncated    bool         `json:"truncated"` // a list is shorter than its total

	Took time.Duration `json:"took_ns"`
}

// OK says that there is no difference.
func (r *Report) OK() bool { return r.Differences() == 0 }

// Differences is how many there are.
func (r *Report) Differences() uint64 { return r.MissingTotal + r.ExtraTotal + r.AuditTotal }

func (r *Report) missing(most int, d Difference) { r.list(&r.Missing, &r.MissingTotal, most, d) }
func (r *Report) extra(most int, d Difference)   { r.list(&r.Extra, &r.ExtraTotal, most, d) }
func (r *Report) audit(most int, d Difference)   { r.list(&r.Audit, &r.AuditTotal, most, d) }

func (r *Report) list(list *[]Difference, total *uint64, most int, d Difference) {
	*total++
	if len(*list) >= most {
		r.Truncated = true
		return
	}
	*list = append(*list, d)
}

// WriteText writes the report for people.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	verdict := "OK: what arrived is what is stored"
	if !r.OK() {
		verdict = fmt.Sprintf("%d DIFFERENCES", r.Differences())
	}
	const day = "2006-01-02 15:04:05"
	fmt.Fprintf(&b, "%s\narrived from %s to %s UTC, read from %s\n", verdict, r.From.UTC().Format(day), r.To.UTC().Format(day), r.Source)
	fmt.Fprintf(&b, "%d bodies with %d items, %d batches, in %v\n\n", r.Bodies, r.Items, r.Batches, r.Took.Round(time.Millisecond))
	fmt.Fprintf(&b, "%-15s %10s %10s %10s %10s %8s %8s %8s %8s %8s\n", "table", "arrived", "rows", "duplicate", "elsewhere", "moved", "refused", "expired", "missing", "extra")
	for _, c := range r.Tables {
		fmt.Fprintf(&b, "%-15s %10d %10d %10d %10d %8d %8d %8d %8d %8d\n", c.Table, c.Arrived, c.Rows, c.Duplicates, c.Elsewhere,
			c.Moved, c.Refused, c.Expired, c.Missing, c.Extra)
	}
	writeList(&b, "missing: arrived, but not stored", r.Missing, r.MissingTotal)
	writeList(&b, "extra: stored, but nothing that arrived explains it", r.Extra, r.ExtraTotal)
	writeList(&b, "record of batches", r.Audit, r.AuditTotal)
	_, err := io.WriteString(w, b.String())
	return err
}

func writeList(b *strings.Builder, title string, list []Difference, total uint64) {
	if total == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s (%d)\n", title, total)
	for _, d := range list {
		fmt.Fprintf(b, "  %s", d.Table)
		for _, word := range [...]string{string(d.Tenant), d.ID, d.Detail} {
			if word != "" {
				fmt.Fprintf(b, " %q", word)
			}
		}
		if d.Raw != "" {
			fmt.Fprintf(b, " raw %s", d.Raw)
		}
		fmt.Fprintf(b, ": %s\n", d.Why)
	}
	if more := total - uint64(len(list)); more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
}
