package simulate

// Summary counts what a Generator made.
type Summary struct {
	Messages       int64            `json:"messages"` // different ones; echoes included
	Statuses       int64            `json:"statuses"` // different ones
	Events         int64            `json:"events"`   // different account events
	Posts          int64            `json:"posts"`
	Items          int64            `json:"items"`           // of all posts, with duplicates
	Duplicates     int64            `json:"duplicates"`      // items that were there before
	DuplicatePosts int64            `json:"duplicate_posts"` // bodies with nothing new in them
	Held           int64            `json:"held"`            // messages that newer ones may have overtaken
	Late           int64            `json:"late"`            // messages and statuses hours or days old when made
	Bytes          int64            `json:"bytes"`           // of the bodies
	Texts          map[string]int64 `json:"texts"`           // text messages by language
	Kinds          map[string]int64 `json:"kinds"`           // messages by kind
	Receipts       map[string]int64 `json:"receipts"`        // statuses by status
}

// counts is the Summary while it is counted.
type counts struct {
	posts, duplicatePosts, repeated, held, late, bytes int64
	events                                             int64
	texts                                              []int64
	kinds                                              [2][kindCount]int64 // of customers, of echoes
	statuses                                           [statusCount]int64
}

func (c *counts) add(it *item) {
	if it.repeated {
		c.repeated++
		return
	}
	if it.late {
		c.late++
	}
	switch it.kind {
	case itemStatus:
		c.statuses[it.status]++
	case itemEvent:
		c.events++
	default:
		c.kinds[it.kind][it.label]++
		if it.language >= 0 {
			c.texts[it.language]++
		}
	}
}

func (c *counts) post(r *Request) {
	c.posts++
	c.bytes += int64(len(r.Body))
	if r.Duplicate {
		c.duplicatePosts++
	}
}

// Summary counts what was made so far.
func (g *Generator) Summary() Summary {
	c := &g.counts
	s := Summary{
		Events: c.events, Posts: c.posts, Duplicates: c.repeated, DuplicatePosts: c.duplicatePosts, Held: c.held, Late: c.late, Bytes: c.bytes,
		Texts: map[string]int64{}, Kinds: map[string]int64{}, Receipts: map[string]int64{},
	}
	add := func(to map[string]int64, name string, n int64) int64 {
		if n > 0 {
			to[name] += n
		}
		return n
	}
	for i, n := range c.texts {
		add(s.Texts, g.repertoire.langs[i], n)
	}
	for k := range kindCount {
		s.Messages += add(s.Kinds, kindNames[k], c.kinds[itemMessage][k])
		s.Messages += add(s.Kinds, "echo_"+kindNames[k], c.kinds[itemEcho][k])
	}
	for k := range statusCount {
		s.Statuses += add(s.Receipts, statusNames[k], c.statuses[k])
	}
	s.Items = s.Messages + s.Statuses + s.Events + s.Duplicates
	return s
}
