package simulate

// queue holds what is to be sent later, in the order in which it falls due. Time is counted in items of the
// lane, so that a run is the same whatever the clock does. It holds at most its limit: when it is full its
// first entry is due at once.
type queue[T any] struct {
	heap  []queued[T]
	free  []*T // entries to be used again
	seq   uint64
	limit int
}

type queued[T any] struct {
	due, seq uint64
	value    *T
}

func (a queued[T]) before(b queued[T]) bool {
	return a.due < b.due || a.due == b.due && a.seq < b.seq
}

// alloc gives an entry to fill and push; its old buffers are in it.
func (q *queue[T]) alloc() *T {
	if n := len(q.free); n > 0 {
		v := q.free[n-1]
		q.free = q.free[:n-1]
		return v
	}
	return new(T)
}

// release takes back an entry that was popped and is done with.
func (q *queue[T]) release(v *T) { q.free = append(q.free, v) }

func (q *queue[T]) full() bool { return len(q.heap) >= q.limit }

func (q *queue[T]) push(due uint64, v *T) {
	q.seq++
	q.heap = append(q.heap, queued[T]{due, q.seq, v})
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.heap[i].before(q.heap[parent]) {
			break
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

// due pops the first entry if its time has come, or if the queue is full, or if everything is to go; else
// nil.
func (q *queue[T]) due(step uint64, all bool) *T {
	if len(q.heap) == 0 || q.heap[0].due > step && !all && !q.full() {
		return nil
	}
	first := q.heap[0].value
	last := len(q.heap) - 1
	q.heap[0] = q.heap[last]
	q.heap[last] = queued[T]{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && q.heap[child+1].before(q.heap[child]) {
			child++
		}
		if !q.heap[child].before(q.heap[i]) {
			break
		}
		q.heap[i], q.heap[child] = q.heap[child], q.heap[i]
		i = child
	}
	return first
}
