package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sign is the value of X-Hub-Signature-256, made as Meta documents it and not with the program's own code.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// answer posts a body to the default app and gives the status code and the text of the answer.
func (s *server) answer(body string) (int, string) {
	s.t.Helper()
	return s.answerTo("", body, appSecret)
}

func (s *server) answerTo(app, body, secret string) (int, string) {
	s.t.Helper()
	res, err := s.send(app, []byte(body), secret)
	require.NoError(s.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	return res.StatusCode, string(text)
}

// webhook is a body with one change of a number; inner are the members of its value beside the metadata.
func webhook(number, inner string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"990100000000001","changes":[{"value":{`+
		`"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550100199","phone_number_id":%q},%s},"field":"messages"}]}]}`,
		number, inner)
}

// text is a message as an element of `messages`.
func text(id, words string) string {
	quoted, err := json.Marshal(words)
	if err != nil {
		panic(err) // a string can always be written
	}
	return fmt.Sprintf(`{"from":"15550002001","id":%q,"timestamp":"%d","type":"text","text":{"body":%s}}`, id, time.Now().Unix(), quoted)
}

// message is a body with one text message.
func message(number, id, words string) string {
	return webhook(number, `"contacts":[{"profile":{"name":"Anna"},"wa_id":"15550002001"}],"messages":[`+text(id, words)+`]`)
}

// taken posts a body that must be taken.
func (s *server) taken(body string) {
	s.t.Helper()
	code, reply := s.answer(body)
	require.Equal(s.t, 200, code, reply)
}

// within waits until a condition holds, and fails the test when it does not in time.
func within(t testing.TB, limit time.Duration, what string, condition func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !condition() {
		require.Less(t, time.Since(begin), limit, what)
		time.Sleep(lookEvery)
	}
	return time.Since(begin)
}
