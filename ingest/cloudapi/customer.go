package cloudapi

// Outbound reports whether the business sent the message of an item: echoes always, history messages
// where they say so, were sent from the business number, or not from the customer of their thread.
func (c *Change) Outbound(it *Item) bool {
	m := it.Message
	switch {
	case m == nil || it.Kind == KindMessage:
		return false
	case it.Kind == KindEcho || m.FromMe:
		return true
	}
	sender := m.Sender()
	switch {
	case c.DisplayPhone != "" && sender.Phone == c.DisplayPhone:
		return true
	case m.History != nil && !m.History.Thread.Party.IsZero() && !sender.IsZero():
		return !sender.same(m.History.Thread.Party)
	}
	return false
}

// Customer is the person at the other end: the sender of a message, the recipient of an echo or a
// receipt, the one an event is about. It is zero where nobody is named, as in a receipt of a group.
func (c *Change) Customer(it *Item) Party {
	switch {
	case it.Status != nil:
		return it.Status.Recipient()
	case it.Event != nil:
		return it.Event.Person.Party
	case it.Message == nil:
		return Party{}
	}
	m := it.Message
	out := c.Outbound(it)
	if m.History != nil && (out || m.Sender().same(m.History.Thread.Party)) && !m.History.Thread.Party.IsZero() {
		return m.History.Thread.Party // knows the user id too, where the message has only the phone
	}
	if !out {
		return m.Sender()
	}
	to := m.Recipient()
	if to.Phone != "" && to.Phone == c.DisplayPhone { // an echo with its ends swapped
		return m.Sender()
	}
	return to
}

// Contact finds what the change tells about a person, by id and never by position; nil if nothing.
func (c *Change) Contact(p Party) *Contact {
	for i := range c.Contacts {
		if c.Contacts[i].Party.same(p) {
			return &c.Contacts[i]
		}
	}
	return nil
}

// same reports whether two parties share a phone number, or else a user id.
func (p Party) same(q Party) bool {
	if p.Phone != "" && q.Phone != "" {
		return p.Phone == q.Phone
	}
	return p.UserID != "" && p.UserID == q.UserID
}
