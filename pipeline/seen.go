package pipeline

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/google/uuid"

	"parley"
)

// Seen is the set of items that are stored, on disk. An item found in it is a redelivery: it is counted and
// not written again. It is marked only after the store, so a hit never hides an item that is not there; and
// it remembers which batch stored an item, so a batch made again after a crash is not a duplicate of itself.
//
// It reaches back a number of days of WhatsApp's own timestamps and forgets what is older. Losing it costs
// nothing but duplicate rows, which the tables collapse.
type Seen struct {
	db       *pebble.DB
	days     int
	earliest uint32 // days before this have been dropped
}

// itemKey identifies an item by facts fixed at its origin: the day of its timestamp and a hash of what
// makes it itself.
type itemKey struct {
	day uint32 // days since 1970, UTC
	id  parley.EventID
}

const itemKeyLen = 4 + 16

func (k itemKey) append(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, k.day)
	return append(b, k.id[:]...)
}

func dayOf(t time.Time) uint32 { return uint32(max(t.Unix(), 0) / 86400) }

// OpenSeen opens the set in a folder of its own.
func OpenSeen(dir string, days int, memory int64) (*Seen, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot make folder of the seen set: %w", err)
	}
	cache := pebble.NewCache(memory / 2)
	defer cache.Unref() // the database holds it
	options := &pebble.Options{
		Cache: cache, MemTableSize: uint64(memory / 8), MemTableStopWritesThreshold: 4,
		MaxOpenFiles: 256, Logger: silent{},
	}
	for i := range options.Levels {
		options.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
		options.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression } // keys are hashes
	}
	db, err := pebble.Open(dir, options)
	if err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot open the seen set in %s: %w", dir, err)
	}
	return &Seen{db: db, days: days}, nil
}

// Close closes the set.
func (s *Seen) Close() error { return s.db.Close() }

// View is the set as it was when the view was opened. It is for one goroutine; close it soon, because it holds
// on to what has been replaced meanwhile.
type View struct {
	iter *pebble.Iterator
	key  []byte // reused
}

// View opens a view. One view for many lookups is several times cheaper than a lookup of its own for each: most
// items are not in the set, and only an iterator can be told to ask the filters of the last level, where nearly
// all keys are, before it reads a block there.
func (s *Seen) View() (*View, error) {
	iter, err := s.db.NewIter(&pebble.IterOptions{UseL6Filters: true})
	if err != nil {
		return nil, fmt.Errorf("cannot open a view of the seen set: %w", err)
	}
	return &View{iter: iter}, nil
}

// Batch tells which batch stored an item; ok is false for an item that is not in the set.
func (v *View) Batch(key itemKey) (batch uuid.UUID, ok bool, err error) {
	v.key = key.append(v.key[:0])
	if !v.iter.SeekPrefixGE(v.key) {
		if err := v.iter.Error(); err != nil {
			return batch, false, fmt.Errorf("cannot look up an item in the seen set: %w", err)
		}
		return batch, false, nil
	}
	copy(batch[:], v.iter.Value())
	return batch, bytes.Equal(v.iter.Key(), v.key), nil
}

// Close closes the view.
func (v *View) Close() error { return v.iter.Close() }

// Batch tells which batch stored an item as of now; ok is false for an item that is not in the set.
func (s *Seen) Batch(key itemKey) (batch uuid.UUID, ok bool, err error) {
	v, err := s.View()
	if err != nil {
		return batch, false, err
	}
	batch, ok, err = v.Batch(key)
	return batch, ok, errors.Join(err, v.Close())
}

// Mark adds the items that a batch stored, and forgets the days that have passed out of reach. It returns
// after a sync.
func (s *Seen) Mark(batch uuid.UUID, keys []itemKey, now time.Time) error {
	b := s.db.NewBatch()
	defer b.Close()
	earliest := dayOf(now.AddDate(0, 0, -s.days))
	var buf [itemKeyLen]byte
	if earliest > s.earliest {
		var from [4]byte
		if err := b.DeleteRange(from[:], binary.BigEndian.AppendUint32(nil, earliest), nil); err != nil {
			return fmt.Errorf("cannot forget old items of the seen set: %w", err)
		}
	}
	for _, key := range keys {
		if key.day < earliest {
			continue // out of reach: the tables collapse its duplicates
		}
		if err := b.Set(key.append(buf[:0]), batch[:], nil); err != nil {
			return fmt.Errorf("cannot mark an item in the seen set: %w", err)
		}
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("cannot sync the seen set: %w", err)
	}
	s.earliest = max(s.earliest, earliest)
	return nil
}

// silent drops the chatter of the database; its errors come back from its calls.
type silent struct{}

func (silent) Infof(string, ...any)              {}
func (silent) Errorf(string, ...any)             {}
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
