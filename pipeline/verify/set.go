package verify

import (
	"encoding/binary"
	"fmt"
	"os"

	"github.com/cockroachdb/pebble/v2"

	"parley"
)

// side is where a fact was found. The sides of one identity lie next to each other in the set.
type side byte

const (
	decoded   side = iota // what arrived says it must be there
	explained             // what arrived explains it, but it need not be there
	stored                // a row of the table
	sides
)

// set holds facts on disk, sorted by table and identity. It belongs to one goroutine.
type set struct {
	db    *pebble.DB
	dir   string
	batch *pebble.Batch
	next  uint64 // makes keys different, so that nothing is merged away
	key   []byte
	value []byte
}

// batchBytes is what is gathered in memory before it goes into the set.
const batchBytes = 1 << 20

// openSet makes an empty set in a folder of its own below dir. It takes up to memory bytes: half for what
// is not yet on disk (two tables), the rest for reading and merging.
func openSet(dir string, memory int64) (*set, error) {
	dir, err := os.MkdirTemp(dir, "verify-")
	if err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot make folder of the verification: %w", err)
	}
	cache := pebble.NewCache(memory / 8)
	defer cache.Unref() // the database holds it
	db, err := pebble.Open(dir, &pebble.Options{
		Cache: cache, MemTableSize: uint64(memory / 4), MemTableStopWritesThreshold: 2, MaxOpenFiles: 256,
		DisableWAL: true, Logger: silent{},
	})
	if err != nil {
		os.RemoveAll(dir)
		return nil, parley.Errorf(parley.Internal, "cannot open the set of the verification: %w", err)
	}
	return &set{db: db, dir: dir, batch: db.NewBatch()}, nil
}

// close removes the set.
func (s *set) close() {
	s.batch.Close()
	s.db.Close()
	os.RemoveAll(s.dir)
}

func (s *set) add(from side, f *fact) error {
	s.next++
	s.key = append(append(s.key[:0], byte(f.table)), f.key[:]...)
	s.key = binary.BigEndian.AppendUint64(append(s.key, byte(from)), s.next)
	s.value = f.encode(s.value[:0])
	if err := s.batch.Set(s.key, s.value, nil); err != nil {
		return fmt.Errorf("cannot note a fact: %w", err)
	}
	if s.batch.Len() < batchBytes {
		return nil
	}
	return s.flush()
}

func (s *set) flush() error {
	if err := s.batch.Commit(pebble.NoSync); err != nil {
		return fmt.Errorf("cannot note facts: %w", err)
	}
	s.batch.Reset()
	return nil
}

// group is all there is of one identity.
type group struct {
	fact  // the first of the first side that has any
	count [sides]uint64
}

// each gives every identity once.
func (s *set) each(fn func(*group) error) error {
	if err := s.flush(); err != nil {
		return err
	}
	it, err := s.db.NewIter(nil)
	if err != nil {
		return fmt.Errorf("cannot read the set of the verification: %w", err)
	}
	defer it.Close()
	var g group
	open := false
	for it.First(); it.Valid(); it.Next() {
		key := it.Key()
		if t, id := table(key[0]), parley.EventID(key[1:17]); !open || t != g.table || id != g.key {
			if open {
				if err := fn(&g); err != nil {
					return err
				}
			}
			open, g = true, group{fact: decodeFact(t, id, it.Value())}
		}
		g.count[key[17]]++
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("cannot read the set of the verification: %w", err)
	}
	if !open {
		return nil
	}
	return fn(&g)
}

// silent drops the chatter of the database; its errors come back from its calls.
type silent struct{}

func (silent) Infof(string, ...any)              {}
func (silent) Errorf(string, ...any)             {}
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
