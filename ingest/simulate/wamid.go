package simulate

import "encoding/base64"

// wamid is a message id in its JSON form; its characters never need escaping.
type wamid struct {
	text [64]byte
	n    uint8
}

func (w *wamid) bytes() []byte { return w.text[:w.n] }
func (w *wamid) empty() bool   { return w.n == 0 }

const upperHex = "0123456789ABCDEF"

// ids gives message ids of the usual layout: the other party's number and 72 bits in hexadecimal, in
// base64. The bits are the run and a count, both scrambled by a bijection: ids look random and cannot
// collide within a run, nor between runs of different RunIDs.
type ids struct {
	run   uint32
	count uint64
}

// runID makes a run's id from a seed; seeds below 2^32 never share one.
func runID(seed uint64) uint32 {
	x := uint32(seed) ^ uint32(seed>>32)*0x9e3779b1
	x ^= x >> 16
	x *= 0x7feb352d
	x ^= x >> 15
	x *= 0x846ca68b
	return x ^ x>>16
}

// next makes the next id of a message from the customer with that number, or to them.
func (s *ids) next(phone [phoneDigits]byte, inbound bool) wamid {
	const mask = 1<<40 - 1
	s.count++
	low := (s.count * 0x9e3779b97f) & mask // odd factor: a bijection of 40 bits
	low = (low ^ low>>20) & mask
	var raw [48]byte
	b := append(raw[:0], 0x1c, 0x18, phoneDigits)
	b = append(b, phone[:]...)
	if inbound {
		b = append(b, 0x15, 0x02, 0x00, 0x12, 0x18, 20, '3', 'A')
	} else {
		b = append(b, 0x15, 0x02, 0x00, 0x11, 0x18, 18)
	}
	for shift := 28; shift >= 0; shift -= 4 {
		b = append(b, upperHex[s.run>>shift&15])
	}
	for shift := 36; shift >= 0; shift -= 4 {
		b = append(b, upperHex[low>>shift&15])
	}
	b = append(b, 0)
	var w wamid
	n := copy(w.text[:], "wamid.")
	base64.StdEncoding.Encode(w.text[n:], b)
	w.n = uint8(n + base64.StdEncoding.EncodedLen(len(b)))
	return w
}

// serial makes a number that is unique in the run, for media ids and the like.
func (s *ids) serial() uint64 {
	s.count++
	return 1_000_000_000_000_000 + uint64(s.run)*100_000_000%8_000_000_000_000_000 + s.count
}
