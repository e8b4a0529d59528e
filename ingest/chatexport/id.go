package chatexport

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"parley"
)

// ID gives a message of this chat the id under which it is stored: "import." and 32 hexadecimal digits,
// a hash of tenant, chat title, time as written in the file, sender, text and the ordinal among equal
// messages. So
//
//   - importing the same file twice changes nothing;
//   - a later export of the same chat gives the messages that both hold the same ids, whatever the file's
//     suffix such as " (1)", the line numbers, or Options.Zone;
//   - an export with media and one without give the same ids, because of media only the caption counts.
//
// The title is that of Options, of the phone's name for the file, of an iPhone's first line, or the file's
// name: give it in Options where a file was renamed and should count as the same chat.
//
// The id differs when the message was edited or deleted in between, when the sender was renamed in the address
// book, and between an iPhone's export (with seconds) and an Android phone's.
func (c *Chat) ID(tenant parley.TenantID, m Message) parley.WAMID {
	h := sha256.New()
	for _, part := range [...]string{"chat.export", string(tenant), c.Title, m.identity} {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	var seq [4]byte
	binary.BigEndian.PutUint32(seq[:], m.Seq)
	h.Write(seq[:])
	return parley.WAMID("import." + hex.EncodeToString(h.Sum(nil)[:16]))
}

// identityText is the part of the id that the message itself decides. clock is what the phone showed.
func identityText(m *Message, clock int64) string {
	kind := "" // text of every kind is what was written; media has a caption only
	switch m.Kind {
	case KindMedia, KindAttachment, KindContact:
		kind = "media"
	case KindDeleted:
		kind = "deleted"
	}
	b := make([]byte, 0, 24+len(m.Sender)+len(kind)+len(m.Text)+3)
	b = strconv.AppendInt(b, clock, 10)
	b = append(append(b, 0), m.Sender...)
	b = append(append(b, 0), kind...)
	b = append(append(b, 0), m.Text...)
	return string(b)
}
