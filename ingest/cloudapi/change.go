package cloudapi

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"parley"
)

// Payload is one webhook body. Its strings and raw values share memory with the body given to Decode
// and with one copy of it: clone what outlives the work on the body.
type Payload struct {
	Changes []Change
}

// Change is one `changes` element: what happened at one account or number.
type Change struct {
	WABA         parley.WABAID
	EntryTime    time.Time // `entry[].time`, zero where absent (all fields about messages)
	Field        string
	Number       parley.PhoneNumberID
	DisplayPhone string // the business number, E.164 digits without plus
	Contacts     []Contact
	Items        []Item // in order of appearance, at least one

	// Raw is a complete webhook body that holds just this change; decoding it gives this change again.
	// It is the body as received where that holds one change, else built from the pieces as received.
	Raw []byte

	shell  *shell
	raw    jsontext.Value // the change as received, or what stands for it
	is     piece          // what raw is
	parts  []Member       // the change's members except value
	around []Member       // the value's members that hold no items
}

// ItemKind is what an item is.
type ItemKind uint8

// The kinds of items. The kind of an item with an error is what it would have been.
const (
	KindEvent ItemKind = iota
	KindMessage
	KindEcho
	KindHistory
	KindStatus
)

var kindNames = [...]string{"event", "message", "echo", "history", "status"}

// String gives the name used in logs and metrics.
func (k ItemKind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "event"
}

// Item is one message, receipt or event. Exactly one of Message, Status and Event is set, none where Err
// says why the item could not be decoded (kind invalid, or too large beyond MaxItems).
type Item struct {
	Kind    ItemKind
	Message *Message
	Status  *Status
	Event   *Event
	Raw     jsontext.Value // the item as received
	Err     error

	place place
}

// place is where an item was found. The zero place is the value itself, or what stands for the change.
type place struct {
	name  string     // the member that holds the item, or the array it is an element of
	index int        // the element, -1 where the member is no array
	in    *container // the object around that member, nil for the value
}

// container is an object between the value and an item: a chunk or a thread of a history.
type container struct {
	around []Member // its members that hold no items
	place
}

// Path says where in the value the item was found, for people: "messages[3]",
// "history[0].threads[1].messages[2]"; "" for the value itself.
func (it *Item) Path() string {
	path := it.place.step()
	for in := it.place.in; in != nil; in = in.in {
		path = in.step() + "." + path
	}
	return path
}

func (at place) step() string {
	if at.name == "" || at.index < 0 {
		return at.name
	}
	return at.name + "[" + strconv.Itoa(at.index) + "]"
}

// piece is what the raw value of a Change is.
type piece uint8

const (
	aChange piece = iota
	anEntry       // an entry in which no changes were found
	changes       // the changes of an entry that are beyond MaxItems, as an array
	entries       // the entries of a body that are beyond MaxItems, as an array
)
