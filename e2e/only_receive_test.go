package e2e

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestOnlyReceiving keeps a webhook with a node that only receives; an ordinary start on the same folder
// works it off.
func TestOnlyReceiving(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	all := s.args
	s.args = append(append([]string{}, all...), "--only=receive")
	s.start()
	s.awaitReady()
	require.Zero(t, s.enginePID(), "no engine is needed to receive")
	body := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"account_alerts","value":{"entity_type":"BUSINESS","alert_info":{"alert_type":"X"}}}]}]}`)
	res, err := s.send("", body, appSecret)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Zero(t, s.stop())

	s.args = all
	s.start()
	s.awaitReady()
	s.awaitWorked()
	var n uint64
	require.NoError(t, s.conn().QueryRow(t.Context(), "SELECT count() FROM account_events").Scan(&n))
	require.EqualValues(t, 1, n)
}
