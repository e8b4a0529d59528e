package warehouse

import (
	"time"

	"parley"
)

// Of several rows with one key a ReplacingMergeTree keeps the one with the highest version. For a fact that
// arrived more than once the version says: the best road first, and within a road the first arrival. Eight
// bits of rank stand above 56 bits that fall as the time of arrival rises, so that a redelivery, however
// late, never replaces what it repeats.
const (
	rankBits    = 8
	arrivalBits = 64 - rankBits
	arrivalMask = 1<<arrivalBits - 1
)

// The ranks of the roads of a message. A placeholder for a media file that is sent separately loses against
// the message that has the file, whose id and time are the same.
const (
	rankLeast uint64 = iota // import, history placeholder, roads we do not know
	rankHistory
	rankEcho
	rankLive
)

// mediaPlaceholder is the type of a history message whose media file comes in a webhook of its own.
const mediaPlaceholder = "media_placeholder"

func messageRank(m *parley.Message) uint64 {
	switch {
	case m.Type == mediaPlaceholder:
		return rankLeast
	case m.Source == parley.SourceLive:
		return rankLive
	case m.Source == parley.SourceEcho:
		return rankEcho
	case m.Source == parley.SourceHistory:
		return rankHistory
	}
	return rankLeast
}

// firstArrival makes the version of a fact from its rank and its arrival, which checkTime has confined to
// times that fit.
func firstArrival(rank uint64, receivedAt time.Time) uint64 {
	return rank<<arrivalBits | (arrivalMask-uint64(receivedAt.UnixMicro()))&arrivalMask
}
