package pipeline

// recent remembers keys that were found in the seen set, so that what is said again and again is not looked
// up on disk each time: half of all items name a person who is known for the day. An item once seen stays
// seen, so an answer from here is never out of date. It is not safe for concurrent use.
type recent struct {
	newer, older map[itemKey]struct{}
	limit        int // of each; with two generations the memory is bounded and the newest half stays
}

// recentKeys bounds one generation: both together take about 6 MB.
const recentKeys = 64 << 10

func newRecent(limit int) *recent {
	return &recent{newer: make(map[itemKey]struct{}), limit: limit}
}

func (r *recent) has(key itemKey) bool {
	if _, ok := r.newer[key]; ok {
		return true
	}
	if _, ok := r.older[key]; ok {
		r.add(key) // it is in use: it goes over to the next generation
		return true
	}
	return false
}

func (r *recent) add(key itemKey) {
	if len(r.newer) >= r.limit {
		r.newer, r.older = make(map[itemKey]struct{}, r.limit), r.newer
	}
	r.newer[key] = struct{}{}
}
