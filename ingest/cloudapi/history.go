package cloudapi

// readChunk reads one element of `history`: the messages of its threads, and its errors as events (the
// business refused to share its history). A chunk with neither is an event itself.
func (v *valueReader) readChunk(at place) {
	chunk := &container{place: at}
	from := len(v.c.Items)
	start := v.pos
	var meta chunkMetadata
	v.pos++
	for v.more('}') {
		name, begin := v.name(), v.pos
		switch name {
		case "threads":
			v.readThreads(chunk)
			continue
		case "errors":
			v.readErrors(chunk)
			continue
		case "metadata":
			if m := read[chunkMetadata](v.parser); m != nil {
				meta = *m
			}
		}
		v.keepAround(chunk, name, begin)
	}
	if len(v.c.Items) == from {
		v.pos = start
		v.readEvent(at)
	}
	for i := from; i < len(v.c.Items); i++ {
		if m := v.c.Items[i].Message; m != nil {
			m.History.Phase, m.History.ChunkOrder, m.History.Progress = meta.phase, meta.order, meta.progress
		}
	}
}

// keepAround keeps a member of a chunk or thread that holds no items, whether it has been read or not.
func (v *valueReader) keepAround(c *container, name string, begin int) {
	v.pos, v.odd = begin, false
	c.around = append(c.around, Member{Name: name, Value: v.raw()})
}

type chunkMetadata struct {
	Extra
	phase, order, progress Number
}

func (m *chunkMetadata) member(p *parser, name string) bool {
	switch name {
	case "phase":
		m.phase = Number(p.scalar())
	case "chunk_order":
		m.order = Number(p.scalar())
	case "progress":
		m.progress = Number(p.scalar())
	default:
		return false
	}
	return true
}

func (v *valueReader) readErrors(chunk *container) {
	read := func(i int) { v.readEvent(place{name: "errors", index: i, in: chunk}) }
	begin := v.pos
	if v.each(read, v.restOf(place{name: "errors", index: -1, in: chunk})) == notList {
		v.pos = begin
		read(-1)
	}
}

func (v *valueReader) readThreads(chunk *container) {
	read := func(i int) { v.readThread(place{name: "threads", index: i, in: chunk}) }
	begin := v.pos
	if v.each(read, v.restOf(place{name: "threads", index: -1, in: chunk})) == notList {
		v.pos = begin
		read(-1)
	}
}

// readThread reads the chat with one customer. A chat without messages is an event, so that it is seen.
func (v *valueReader) readThread(at place) {
	if v.body[v.pos] != '{' {
		v.add(Item{Kind: KindHistory, Raw: v.raw(), Err: invalid("history thread", "it is not an object"), place: at})
		return
	}
	thread := &container{place: at}
	history := &History{}
	from := len(v.c.Items)
	start := v.pos
	v.pos++
	for v.more('}') {
		name, begin := v.name(), v.pos
		switch name {
		case "id":
			history.Thread.Phone = v.scalar()
		case "context":
			if c := read[Contact](v.parser); c != nil {
				id := history.Thread.Phone
				history.Thread = *c
				history.Thread.Phone = first(c.Phone, id)
			}
		case "messages":
			v.readThreadMessages(thread, history)
			continue
		}
		v.keepAround(thread, name, begin)
	}
	history.Thread.tidy()
	if len(v.c.Items) == from {
		v.pos = start
		v.readEvent(at)
	}
}

func (v *valueReader) readThreadMessages(thread *container, history *History) {
	read := func(i int) {
		at := place{name: "messages", index: i, in: thread}
		if v.body[v.pos] != '{' {
			v.add(Item{Kind: KindHistory, Raw: v.raw(), Err: invalid("history message", "it is not an object"), place: at})
			return
		}
		v.readMessage(KindHistory, at, history)
	}
	begin := v.pos
	if v.each(read, v.restOf(place{name: "messages", index: -1, in: thread})) == notList {
		v.pos = begin
		read(-1)
	}
}
