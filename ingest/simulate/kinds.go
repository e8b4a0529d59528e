package simulate

// kind is what a message is, as the generator draws it; several kinds are one `type` on the wire.
type kind uint8

const (
	kindText kind = iota
	kindReply
	kindForwarded
	kindFrequentlyForwarded
	kindReferral
	kindProduct
	kindImage
	kindVideo
	kindAudio
	kindVoice
	kindDocument
	kindSticker
	kindLocation
	kindContacts
	kindButtonReply
	kindListReply
	kindFlowReply
	kindCallPermission
	kindButton
	kindOrder
	kindReaction
	kindReactionRemoved
	kindEdit
	kindRevoke
	kindSystem
	kindUnsupported
	kindCount
)

var kindNames = [kindCount]string{
	"text", "reply", "forwarded", "frequently_forwarded", "referral", "product", "image", "video", "audio", "voice",
	"document", "sticker", "location", "contacts", "button_reply", "list_reply", "nfm_reply", "call_permission_reply",
	"button", "order", "reaction", "reaction_removed", "edit", "revoke", "system", "unsupported",
}

// wireTypes are the `type` of each kind.
var wireTypes = [kindCount]string{
	"text", "text", "text", "text", "text", "text", "image", "video", "audio", "audio",
	"document", "sticker", "location", "contacts", "interactive", "interactive", "interactive", "interactive",
	"button", "order", "reaction", "reaction", "edit", "revoke", "system", "unsupported",
}

// speaks says whether a message of the kind says the next line of its dialogue. The others come between
// two lines.
func (k kind) speaks() bool {
	switch k {
	case kindText, kindReply, kindForwarded, kindFrequentlyForwarded, kindReferral, kindProduct, kindImage, kindVideo, kindDocument:
		return true
	}
	return false
}

// permille is a table to draw a kind from with one random number.
type permille [1000]kind

func newPermille(weights map[kind]int) *permille {
	var p permille // what is left over is plain text, kind 0
	at := 0
	for k := range kindCount { // not over the map: the same table every time
		for range weights[k] {
			p[at] = k
			at++
		}
	}
	return &p
}

// What customers send. A referral is not drawn: it opens a conversation.
var inboundKinds = newPermille(map[kind]int{
	kindReply: 50, kindForwarded: 12, kindFrequentlyForwarded: 4, kindProduct: 4,
	kindImage: 48, kindVideo: 12, kindAudio: 4, kindVoice: 36, kindDocument: 22, kindSticker: 16, kindLocation: 11, kindContacts: 6,
	kindButtonReply: 20, kindListReply: 12, kindFlowReply: 5, kindCallPermission: 3, kindButton: 12, kindOrder: 7,
	kindReaction: 40, kindReactionRemoved: 6, kindEdit: 11, kindRevoke: 6, kindSystem: 3, kindUnsupported: 4,
})

// What is sent from the phone app.
var echoKinds = newPermille(map[kind]int{
	kindReply: 30, kindImage: 30, kindDocument: 36, kindVoice: 12, kindReaction: 12, kindEdit: 10, kindRevoke: 6,
})

// referralPermille is how many conversations out of 1000 begin with a click on an ad.
const referralPermille = 60

// groupPermille is how many conversations out of 1000 are groups.
const groupPermille = 15

// receiptOnlyPermille is how many replies out of 1000 of a coexistence number are sent by the API all the
// same: no echo, only receipts.
const receiptOnlyPermille = 150
