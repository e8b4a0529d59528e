package chatexport

import (
	"io"
	"slices"
	"strings"
)

// writer counts what came under one name.
type writer struct {
	name    string
	wrote   int // messages of a person
	system  int // WhatsApp's own words: on an iPhone they carry the name of the chat
	deleted int // "You deleted this message"
}

// survey reads the file for the second time, to tell who writes in it.
func (c *Chat) survey() error {
	s, err := newScanner(c.src, &c.prof, c.opts)
	if err != nil {
		return err
	}
	defer s.close()
	names, writers := map[string]string{}, map[string]*writer{}
	var first, last int64
	unnamed := 0
	opener := "" // under whose name the chat begins, where WhatsApp speaks first
	for {
		p, err := s.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if c.Count++; c.Count == 1 {
			first, last = p.clock, p.clock
		}
		first, last = min(first, p.clock), max(last, p.clock)
		if !p.named {
			unnamed++
			continue
		}
		name := s.name(p.sender, names)
		w := writers[name]
		if w == nil {
			if len(writers) == c.opts.Senders {
				continue
			}
			w = &writer{name: name}
			writers[name] = w
		}
		if p.kind == KindSystem {
			if w.system++; c.Count == 1 {
				opener = name
			}
			continue
		}
		w.wrote++
		if p.self {
			w.deleted++
		}
	}
	c.Lines, c.Preamble, c.Strays = s.lines.count, s.preamble, s.strays
	if c.Count > 0 {
		c.First, c.Last = inZone(first, c.opts.Zone), inZone(last, c.opts.Zone)
	}
	c.settle(writers, opener, unnamed)
	return nil
}

// settle draws the conclusions of the survey.
func (c *Chat) settle(writers map[string]*writer, opener string, unnamed int) {
	people := make([]*writer, 0, len(writers))
	groupName := false // WhatsApp speaks under a name that is no participant's: the group's
	for _, w := range writers {
		if w.wrote > 0 {
			people = append(people, w)
		} else if w.system > 1 {
			groupName = true
		}
	}
	slices.SortFunc(people, func(a, b *writer) int {
		if a.wrote != b.wrote {
			return b.wrote - a.wrote
		}
		return strings.Compare(a.name, b.name)
	})
	for _, w := range people {
		c.Participants = append(c.Participants, w.name)
	}
	sure := true // the title is the chat's, not only the name that somebody gave the file
	if c.Title = c.opts.Title; c.Title == "" {
		c.Title, sure = fileTitle(c.src.name, c.src.outer)
	}
	if !sure && opener != "" {
		c.Title, sure = opener, true
	}
	titled := slices.IndexFunc(c.Participants, func(name string) bool { return sameName(name, c.Title) })
	sure = sure && (len(people) > 1 || unnamed < 2) // one who writes alone, and WhatsApp tells more: a group
	c.Group = len(people) > 2 || titled < 0 && (groupName || len(people) == 2 && sure)
	c.Self, c.SelfBy = c.guessSelf(people, titled, sure)
}

// guessSelf finds the exporting person: as given; else the only one whose deleted messages read "You
// deleted this message"; else, in a chat of two, the one after whom the chat is not named.
func (c *Chat) guessSelf(people []*writer, titled int, sure bool) (string, SelfEvidence) {
	if c.opts.Self != "" {
		for _, w := range people {
			if w.name == c.opts.Self {
				return w.name, SelfGiven
			}
		}
		return c.opts.Self, SelfAbsent
	}
	deleters := ""
	count := 0
	for _, w := range people {
		if w.deleted > 0 {
			deleters, count = w.name, count+1
		}
	}
	switch {
	case count == 1:
		return deleters, SelfDeleted
	case c.Group:
	case len(people) == 2 && titled >= 0:
		return people[1-titled].name, SelfOther
	case len(people) == 1 && titled < 0 && sure:
		return people[0].name, SelfOther
	}
	return "", SelfUnknown
}
