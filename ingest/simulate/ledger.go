package simulate

import (
	"bufio"
	"encoding/json"
	"io"
	"sync"

	"parley"
)

// Ledger keeps the identities of updates: of what a Sender was told is kept, so that a test can compare a
// warehouse with it exactly. It is safe for concurrent use.
type Ledger struct {
	mu       sync.Mutex
	out      *bufio.Writer // nil to keep them in memory
	messages map[MessageKey]struct{}
	statuses map[StatusKey]struct{}
	events   []Identity
	err      error
}

// MessageKey is what makes a message that message.
type MessageKey struct {
	Number parley.PhoneNumberID
	ID     parley.WAMID
}

// StatusKey is what makes a receipt that receipt. In a group the participant is part of it.
type StatusKey struct {
	ID                             parley.WAMID
	Status, Recipient, Participant string
}

// NewLedger keeps identities in memory: some 300 bytes for each.
func NewLedger() *Ledger {
	return &Ledger{messages: map[MessageKey]struct{}{}, statuses: map[StatusKey]struct{}{}}
}

// NewLedgerWriter writes identities to w as JSON lines and keeps nothing. Call Flush at the end.
func NewLedgerWriter(w io.Writer) *Ledger { return &Ledger{out: bufio.NewWriterSize(w, 64<<10)} }

// ReadLedger reads what a ledger wrote.
func ReadLedger(r io.Reader) (*Ledger, error) {
	l := NewLedger()
	dec := json.NewDecoder(r)
	for n := 1; ; n++ {
		var id Identity
		switch err := dec.Decode(&id); err {
		case nil:
			l.keep(&id)
		case io.EOF:
			return l, nil
		default:
			return nil, parley.Errorf(parley.Invalid, "cannot read ledger: entry %d: %w", n, err)
		}
	}
}

// Record adds identities; the first error of the writer stays and is given every time after.
func (l *Ledger) Record(items []Identity) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range items {
		if l.out == nil {
			l.keep(&items[i])
			continue
		}
		if l.err != nil {
			break
		}
		text, err := json.Marshal(&items[i])
		if err == nil {
			_, err = l.out.Write(append(text, '\n'))
		}
		l.fail(err)
	}
	return l.err
}

// Flush writes out what a ledger with a writer still holds.
func (l *Ledger) Flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil && l.err == nil {
		l.fail(l.out.Flush())
	}
	return l.err
}

func (l *Ledger) fail(err error) {
	if err != nil {
		l.err = parley.Errorf(parley.Internal, "cannot write ledger: %w", err)
	}
}

func (l *Ledger) keep(id *Identity) {
	switch id.Item {
	case "status":
		l.statuses[StatusKey{id.ID, id.Status, id.Recipient, id.Participant}] = struct{}{}
	case "event":
		l.events = append(l.events, *id)
	default:
		l.messages[MessageKey{id.Number, id.ID}] = struct{}{}
	}
}

// Messages gives the messages kept in memory. Do not change the map, nor use it while Record is called.
func (l *Ledger) Messages() map[MessageKey]struct{} { return l.messages }

// Statuses gives the receipts kept in memory, under the same conditions.
func (l *Ledger) Statuses() map[StatusKey]struct{} { return l.statuses }

// Events gives the account events kept in memory, in the order in which they were recorded.
func (l *Ledger) Events() []Identity { return l.events }
