package nlp

// trie finds the longest phrase that begins at a word. Its edges are in one map, keyed by node and word.
type trie[T any] struct {
	edges  map[uint64]uint32
	starts []bool // by word id: some phrase begins with it; spares most words the map
	values [][]T  // by node; a phrase may mean something in several languages
}

func newTrie[T any]() trie[T] {
	return trie[T]{edges: map[uint64]uint32{}, values: make([][]T, 1)}
}

// add files a value under a phrase.
func (tr *trie[T]) add(ids []uint32, value T) {
	for len(tr.starts) <= int(ids[0]) {
		tr.starts = append(tr.starts, false)
	}
	tr.starts[ids[0]] = true
	node := uint32(0)
	for _, id := range ids {
		key := uint64(node)<<32 | uint64(id)
		next, ok := tr.edges[key]
		if !ok {
			next = uint32(len(tr.values))
			tr.values = append(tr.values, nil)
			tr.edges[key] = next
		}
		node = next
	}
	tr.values[node] = append(tr.values[node], value)
}

// longest finds the longest phrase at the front of ids that pick accepts, and how many words it has; 0
// words mean none. It looks at most maxPhraseWords far.
func longest[T any](tr *trie[T], ids []uint32, pick func([]T) (T, bool)) (value T, words int) {
	if int(ids[0]) >= len(tr.starts) || !tr.starts[ids[0]] {
		return value, 0
	}
	node := uint32(0)
	for i, id := range ids[:min(len(ids), maxPhraseWords)] {
		if id == 0 {
			break
		}
		next, ok := tr.edges[uint64(node)<<32|uint64(id)]
		if !ok {
			break
		}
		node = next
		if len(tr.values[node]) > 0 {
			if v, ok := pick(tr.values[node]); ok {
				value, words = v, i+1
			}
		}
	}
	return value, words
}
