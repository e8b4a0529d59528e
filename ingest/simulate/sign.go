package simulate

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// SignatureHeader carries the signature of a body.
const SignatureHeader = "X-Hub-Signature-256"

// signaturePrefix names the algorithm in front of the hexadecimal digest.
const signaturePrefix = "sha256="

// Sign gives the value of SignatureHeader for a body: the HMAC-SHA256 of its bytes under the app secret.
func Sign(secret string, body []byte) string {
	return newSigner(secret).sign(body)
}

// signer keeps the keyed state, which is most of the cost for a short body. It is not safe for concurrent
// use.
type signer struct {
	mac    hash.Hash
	digest [sha256.Size]byte
	text   [len(signaturePrefix) + 2*sha256.Size]byte
}

func newSigner(secret string) *signer {
	s := &signer{mac: hmac.New(sha256.New, []byte(secret))}
	copy(s.text[:], signaturePrefix)
	return s
}

func (s *signer) sign(body []byte) string {
	s.mac.Reset()
	s.mac.Write(body)
	hex.Encode(s.text[len(signaturePrefix):], s.mac.Sum(s.digest[:0]))
	return string(s.text[:])
}
