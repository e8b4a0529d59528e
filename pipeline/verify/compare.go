package verify

import (
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"parley"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/pipeline/verify/arrival"
)

// compare goes through all identities once and tells what is on one side only.
func (r *run) compare() error {
	look := finder{warehouse: r.Warehouse, absent: r.absent}
	err := r.set.each(func(g *group) error {
		c := &r.counts[g.table]
		if g.count[decoded] > 0 {
			c.Arrived++
		}
		if n := g.count[stored]; n > 1 {
			c.Duplicates += n - 1
		}
		switch {
		case g.count[decoded] > 0 && g.count[stored] == 0:
			c.Elsewhere++ // taken back by absent
			return look.add(r.ctx, g.fact)
		case g.count[decoded] == 0 && g.count[stored] > 0:
			r.unexpected(g, c)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := look.flush(r.ctx); err != nil {
		return err
	}
	for t := rawEvents; t < bodies; t++ {
		c := &r.counts[t]
		c.Table = t.String()
		if t == deadLetters {
			c.Extra += r.counts[bodies].Extra
			c.Expired += r.counts[bodies].Expired
		}
		r.report.Tables = append(r.report.Tables, *c)
	}
	return nil
}

// unexpected judges a row that no decoding of today yields.
func (r *run) unexpected(g *group, c *Count) {
	switch {
	case g.count[explained] > 0:
		if g.table != bodies && g.tenant == parley.Unassigned {
			c.Moved++
		}
	case r.report.Source == arrival.FromRawEvents && r.rawExpired(g):
		c.Expired++
	default:
		c.Extra++
		r.report.extra(r.config.MaxDifferences, g.difference("nothing that arrived in the range explains it"))
	}
}

// rawExpired says whether the evidence of a row may have been deleted, its retention being over.
func (r *run) rawExpired(g *group) bool {
	evidence := fact{table: rawEvents, tenant: g.tenant, at: r.source.From}
	return expired(r.Retention, &evidence, r.now)
}

// absent judges a fact that is in no row of its table.
func (r *run) absent(f *fact) error {
	c := &r.counts[f.table]
	c.Elsewhere--
	if expired(r.Retention, f, r.now) {
		c.Expired++
		return nil
	}
	if r.refused == nil {
		if err := r.readRefused(); err != nil {
			return err
		}
	}
	if r.refused[f.key] {
		c.Refused++
		return nil
	}
	c.Missing++
	r.report.missing(r.config.MaxDifferences, f.difference("it arrived, but is not stored"))
	return nil
}

// maxRefused bounds the facts that are known to be refused. Beyond it a refused fact is told as missing.
const maxRefused = 100_000

// readRefused gathers the facts of the bodies of dead letters that the warehouse made: one of a letter's
// facts was refused. Which one is not recorded, so all of its table count as explained.
func (r *run) readRefused() error {
	r.refused = map[parley.EventID]bool{}
	rows, err := r.Warehouse.Conn().Query(r.ctx, `SELECT tenant_id, app_id, raw_id, received_at, body, substring(reason, 1, position(reason, ':') - 1)
		FROM dead_letters FINAL
		WHERE stage = {stage:String} AND isNull(replayed_at) AND received_at < {to:DateTime64(6, 'UTC')}
		ORDER BY received_at DESC LIMIT 10000`, moment("to", r.source.To), clickhouse.Named("stage", pipeline.StageWrite))
	if err != nil {
		return failed("read dead letters", err)
	}
	defer rows.Close()
	for rows.Next() && len(r.refused) < maxRefused {
		var record queue.Record
		var tenant parley.TenantID
		var name string
		if err := rows.Scan((*string)(&tenant), (*string)(&record.App), (*uuid.UUID)(&record.Raw), &record.ReceivedAt, &record.Body, &name); err != nil {
			return failed("read dead letters", err)
		}
		record.Kind = arrival.LetterKind(tenant, record.Body)
		err := factsOf(r.Decode(&record), func(f *fact) error {
			if f.table.String() == name {
				r.refused[f.key] = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return failed("read dead letters", rows.Err())
}
