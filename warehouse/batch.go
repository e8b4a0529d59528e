package warehouse

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"parley"
)

// Batch is a sealed batch: what one stretch of the log became. Its boundaries are fixed before the first
// attempt to write it, so that every attempt writes the same rows. The order within a slice does not matter.
type Batch struct {
	ID       uuid.UUID
	FirstSeq uint64
	LastSeq  uint64
	SealedAt time.Time

	Bodies     uint32 // webhook bodies in the batch
	Duplicates uint32 // items left out because they had been stored before

	RawEvents     []parley.RawEvent
	Messages      []parley.Message
	Statuses      []parley.Status
	Enrichments   []parley.Enrichment
	AccountEvents []parley.AccountEvent
	Contacts      []parley.Contact
	DeadLetters   []parley.DeadLetter

	// Reject turns a refused row into a dead letter, which is written with the batch; false for none. It
	// may be nil. It is called once per refused row and must give the same answer every time. It is not
	// called for a dead letter that was refused.
	Reject func(Rejection) (parley.DeadLetter, bool)
}

// Rejection is a row that the warehouse refused. All others are in.
type Rejection struct {
	Table string // as in the schema; message_bodies speaks of the body of a message
	Index int    // in the slice of the batch from which the row came
	Err   error  // why; it names field and reason, never a message's text
}

func (r Rejection) String() string { return fmt.Sprintf("%s[%d]: %v", r.Table, r.Index, r.Err) }

// Rejections are the refused rows of a batch, in the order of tables and rows.
type Rejections []Rejection

// Retention says after how many days rows are deleted, 0 for never. Days count from the time that the
// table's dictionary names: of the message, of the receipt, of the arrival for raw events.
type Retention struct {
	Messages      uint16 // messages and conversations
	Bodies        uint16
	Statuses      uint16 // statuses and deliveries
	Enrichments   uint16
	AccountEvents uint16
	Contacts      uint16
	Raw           uint16
	DeadLetters   uint16
}

// KeepForever is the retention of a tenant that has none.
func KeepForever(parley.TenantID) Retention { return Retention{} }
