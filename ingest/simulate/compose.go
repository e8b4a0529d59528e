package simulate

// change is a list of items of one number and one field: one element of `changes`.
type change struct {
	number     int
	kind       itemKind
	head, tail int // positions in the batch; the items between are linked
	done       bool
}

var fieldNames = [...]string{"messages", "smb_message_echoes", "messages"}
var arrayNames = [...]string{"messages", "message_echoes", "statuses"}

// compose writes the batch as one body: an entry for each account, a change for each number and field, in
// the order in which they first occur.
func (g *Generator) compose(dst []byte) []byte {
	g.changes = g.changes[:0]
	g.links = g.links[:0]
	for i := range g.batch {
		g.links = append(g.links, -1)
		g.place(i)
	}
	dst = append(dst, `{"object":"whatsapp_business_account","entry":[`...)
	first := true
	for i := range g.changes {
		c := &g.changes[i]
		if c.done {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		if c.kind == itemEvent {
			dst = append(dst, g.batch[c.head].json...)
			continue
		}
		dst = g.appendEntry(dst, i)
	}
	return append(dst, `]}`...)
}

// place links an item to its change.
func (g *Generator) place(i int) {
	it := &g.batch[i]
	if it.kind != itemEvent {
		for j := range g.changes {
			if c := &g.changes[j]; c.number == it.number && c.kind == it.kind {
				g.links[c.tail] = i
				c.tail = i
				return
			}
		}
	}
	g.changes = append(g.changes, change{number: it.number, kind: it.kind, head: i, tail: i})
}

// appendEntry appends the entry of an account: the changes from one position on that are of its numbers.
func (g *Generator) appendEntry(dst []byte, from int) []byte {
	waba := g.cfg.Numbers[g.changes[from].number].WABA
	dst = append(dst, `{"id":"`...)
	dst = append(dst, waba...)
	dst = append(dst, `","changes":[`...)
	for i := from; i < len(g.changes); i++ {
		c := &g.changes[i]
		if c.done || c.kind == itemEvent || g.cfg.Numbers[c.number].WABA != waba {
			continue
		}
		if i > from {
			dst = append(dst, ',')
		}
		dst = g.appendChange(dst, c)
		c.done = true
	}
	return append(dst, `]}`...)
}

func (g *Generator) appendChange(dst []byte, c *change) []byte {
	dst = append(dst, `{"value":`...)
	dst = append(dst, g.heads[c.number]...)
	dst = g.appendContacts(dst, c)
	dst = append(dst, '"')
	dst = append(dst, arrayNames[c.kind]...)
	dst = append(dst, `":[`...)
	for i := c.head; i >= 0; i = g.links[i] {
		if i != c.head {
			dst = append(dst, ',')
		}
		dst = append(dst, g.batch[i].json...)
	}
	dst = append(dst, `]},"field":"`...)
	dst = append(dst, fieldNames[c.kind]...)
	return append(dst, `"}`...)
}

// appendContacts appends `contacts`, everybody once.
func (g *Generator) appendContacts(dst []byte, c *change) []byte {
	g.mark++
	first := true
	for i := c.head; i >= 0; i = g.links[i] {
		it := &g.batch[i]
		if it.contact == 0 || g.marks[it.contact-1] == g.mark {
			continue
		}
		g.marks[it.contact-1] = g.mark
		if first {
			dst = append(dst, `"contacts":[`...)
		} else {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, it.contacts...)
	}
	if !first {
		dst = append(dst, `],`...)
	}
	return dst
}
