package warehouse

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
)

// token names the rows of one insert: batch, table, range and a digest of what identifies the rows, which is
// their sorting key, raw event and version. The same rows have the same token, so an insert tried again is
// dropped. Where a batch is made again with other rows (by another configuration, another decoder, after a
// takeover) the token is another: the rows are inserted, and those that were there already collapse by key.
//
// A table without key is bound by the batch alone: the first row of ingest_audit stays.
func (in *insert[F]) token(lo, hi int) string {
	if in.table.key == nil {
		return in.batch + "/" + in.table.name
	}
	var digest xxhash.Digest
	digest.Reset()
	var k key
	for i := range in.rows[lo:hi] {
		r := &in.rows[lo+i]
		k = in.table.key(k[:0], r.fact).number(r.version)
		digest.Write(k) // never fails
	}
	return fmt.Sprintf("%s/%s/%d-%d/%016x", in.batch, in.table.name, lo, hi, digest.Sum64())
}

// key is what identifies a row, one part after the other, each of a length that is fixed or in front of it.
type key []byte

func (k key) text(s string) key {
	return append(binary.LittleEndian.AppendUint32(k, uint32(len(s))), s...)
}

func (k key) id(u [16]byte) key { return append(k, u[:]...) }

func (k key) number(n uint64) key { return binary.LittleEndian.AppendUint64(k, n) }

// moment has the microseconds that a column keeps.
func (k key) moment(t time.Time) key { return k.number(uint64(t.UnixMicro())) }
