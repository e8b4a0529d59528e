package queue

import (
	"encoding/binary"
	"time"

	"parley"
)

// Kind says what a record holds and how it is to be worked.
type Kind uint8

// The kinds of records. They are on disk: never reorder.
const (
	Webhook      Kind = iota // a webhook body whose signature was right
	Replay                   // a webhook body once more: its items are worked although they were seen
	Import                   // messages of an exported chat, in Parley's own format
	ReplayImport             // the same once more: its messages are worked although they were seen
)

// Record is one body as it arrived.
type Record struct {
	Kind       Kind
	Raw        parley.RawID
	ReceivedAt time.Time // kept to the microsecond, UTC
	App        parley.AppID
	Body       []byte
}

// Frame is what one sync carried.
type Frame struct {
	Seq     uint64 // position in the log, from 1; gaps are possible, never a step back
	Records []Record
	Bytes   int       // size in the log
	At      time.Time // when it was synced
	Damaged []byte    // its content, where that could not be read
}

// frameVersion is the first byte of a frame. The rest is, all integers as varints: the number of records,
// then for each its kind (1 byte), raw id (16 bytes), arrival (µs since 1970), app (length, bytes) and body (length,
// bytes). The log below keeps a checksum of every frame, so the format needs none.
const frameVersion = 1

// recordOverhead is the most a record takes in a frame beside its app and body.
const recordOverhead = 17 + 3*binary.MaxVarintLen64

func appendFrame(b []byte, records []Record) []byte {
	b = append(b, frameVersion)
	b = binary.AppendUvarint(b, uint64(len(records)))
	for i := range records {
		r := &records[i]
		b = append(b, byte(r.Kind))
		b = append(b, r.Raw[:]...)
		b = binary.AppendVarint(b, r.ReceivedAt.UnixMicro())
		b = binary.AppendUvarint(b, uint64(len(r.App)))
		b = append(b, r.App...)
		b = binary.AppendUvarint(b, uint64(len(r.Body)))
		b = append(b, r.Body...)
	}
	return b
}

// parseFrame reads what appendFrame wrote. The bodies point into b.
func parseFrame(b []byte) ([]Record, error) {
	d := decoder{b: b}
	if v := d.byte(); v != frameVersion {
		return nil, parley.Errorf(parley.Internal, "cannot read log frame: version %d is not known to this program", v)
	}
	count := d.uvarint()
	if count > uint64(len(b))/recordMin {
		return nil, parley.Errorf(parley.Internal, "cannot read log frame: %d records cannot be in %d bytes", count, len(b))
	}
	records := make([]Record, count)
	for i := range records {
		r := &records[i]
		r.Kind = Kind(d.byte())
		copy(r.Raw[:], d.bytes(16))
		r.ReceivedAt = time.UnixMicro(d.varint()).UTC()
		r.App = parley.AppID(d.bytes(d.uvarint()))
		r.Body = d.bytes(d.uvarint())
	}
	if d.bad || len(d.b) != 0 {
		return nil, parley.Errorf(parley.Internal, "cannot read log frame: %d bytes do not hold %d records", len(b), count)
	}
	return records, nil
}

// recordMin is the least a record takes in a frame.
const recordMin = 17 + 3

// decoder reads a frame; after a read beyond its end it is bad and gives zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) fail() { d.b, d.bad = nil, true }

func (d *decoder) byte() byte {
	if len(d.b) == 0 {
		d.fail()
		return 0
	}
	v := d.b[0]
	d.b = d.b[1:]
	return v
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.b)) {
		d.fail()
		return nil
	}
	v := d.b[:n:n]
	d.b = d.b[n:]
	return v
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.b)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[n:]
	return v
}
