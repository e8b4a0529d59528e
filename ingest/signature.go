package ingest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
)

// SignatureHeader carries the HMAC-SHA256 of the raw body under the app secret, as "sha256=<hex>".
const SignatureHeader = "X-Hub-Signature-256"

const signaturePrefix = "sha256="

// verifier checks signatures against the secrets of one app. During a rotation two secrets are valid.
type verifier struct {
	macs []*sync.Pool // one per secret
}

func newVerifier(secrets []string) *verifier {
	v := &verifier{}
	for _, secret := range secrets {
		key := []byte(secret)
		v.macs = append(v.macs, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }})
	}
	return v
}

// verify says whether header is the signature of body under one of the secrets. Every secret is tried,
// each compared in constant time, so the time taken tells nothing about which one matched or how far.
func (v *verifier) verify(header string, body []byte) bool {
	want, ok := parseSignature(header)
	if !ok {
		return false
	}
	valid := false
	for _, pool := range v.macs {
		mac := pool.Get().(hash.Hash)
		mac.Reset()
		mac.Write(body)
		var sum [sha256.Size]byte
		if hmac.Equal(mac.Sum(sum[:0]), want[:]) {
			valid = true
		}
		pool.Put(mac)
	}
	return valid
}

// parseSignature reads "sha256=" and 64 hexadecimal digits. The legacy "sha1=" form is not accepted.
func parseSignature(header string) (sum [sha256.Size]byte, ok bool) {
	digits, found := strings.CutPrefix(header, signaturePrefix)
	if !found || len(digits) != hex.EncodedLen(len(sum)) {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(digits))
	return sum, err == nil
}
