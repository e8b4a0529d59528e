package parley

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sync"

	"github.com/google/uuid"
)

// ContactID is a person as one tenant knows them: a keyed hash, so that facts carry no phone number.
// The zero value means nobody.
type ContactID uuid.UUID

// ConversationID is the exchange between one business number and one contact or group: a keyed hash.
type ConversationID uuid.UUID

// EventID is the hash of an account event or a dead letter: the same thing received twice has one id.
type EventID uuid.UUID

// RawID is given to a webhook body when it arrives (UUID version 7: ordered by arrival).
type RawID uuid.UUID

func (id ContactID) String() string      { return uuid.UUID(id).String() }
func (id ConversationID) String() string { return uuid.UUID(id).String() }
func (id EventID) String() string        { return uuid.UUID(id).String() }
func (id RawID) String() string          { return uuid.UUID(id).String() }

// IsZero reports whether the id names nobody.
func (id ContactID) IsZero() bool { return id == ContactID{} }

// Identity makes the keyed hashes. The key never leaves it. It is safe for concurrent use.
type Identity struct {
	macs sync.Pool
}

// MinIdentityKey is the least length of an identity key in bytes.
const MinIdentityKey = 32

// NewIdentity makes an Identity from a secret key of at least MinIdentityKey bytes. All nodes of an
// installation need the same key; with another key the same person gets another ContactID.
func NewIdentity(key []byte) (*Identity, error) {
	if len(key) < MinIdentityKey {
		return nil, Errorf(Invalid, "cannot use identity key: %d bytes, at least %d are needed", len(key), MinIdentityKey)
	}
	key = append([]byte(nil), key...)
	return &Identity{macs: sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}, nil
}

// Contact identifies a person by phone number where there is one, else by business-scoped user id. The
// phone comes first because a contact has one before and after WhatsApp hides it; the contacts table
// links the two ids once both have been seen together.
func (i *Identity) Contact(tenant TenantID, phone string, user UserID) ContactID {
	switch {
	case phone != "":
		return ContactID(i.hash("contact.phone", string(tenant), phone))
	case user != "":
		return ContactID(i.hash("contact.user", string(tenant), string(user)))
	}
	return ContactID{}
}

// Conversation identifies the exchange between a business number and a contact, or a group where there
// is one.
func (i *Identity) Conversation(tenant TenantID, number PhoneNumberID, contact ContactID, group GroupID) ConversationID {
	if group != "" {
		return ConversationID(i.hash("conversation.group", string(tenant), string(number), string(group)))
	}
	return ConversationID(i.hash("conversation.contact", string(tenant), string(number), string(contact[:])))
}

// hash writes every part with its length in front, so that no two lists of parts collide, and keeps 122
// bits of the MAC in a version 8 UUID (RFC 9562, custom).
func (i *Identity) hash(parts ...string) uuid.UUID {
	mac := i.macs.Get().(hash.Hash)
	defer i.macs.Put(mac)
	mac.Reset()
	return sum(mac, parts)
}

// HashEvent makes an EventID from the parts that identify the thing. It is not keyed: what it hashes is
// stored beside it.
func HashEvent(parts ...string) EventID { return EventID(sum(sha256.New(), parts)) }

func sum(h hash.Hash, parts []string) uuid.UUID {
	var length [4]byte
	for _, p := range parts {
		n := uint32(len(p))
		length = [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
		h.Write(length[:])
		io.WriteString(h, p)
	}
	var digest [sha256.Size]byte
	h.Sum(digest[:0])
	id := uuid.UUID(digest[:16])
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return id
}

// ParseIdentityKey reads a key written in hexadecimal.
func ParseIdentityKey(s string) ([]byte, error) {
	key, err := hex.DecodeString(s)
	if err != nil {
		return nil, Errorf(Invalid, "cannot read identity key: not hexadecimal")
	}
	return key, nil
}
