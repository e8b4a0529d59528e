package simulate

import (
	"testing"

	"github.com/stretchr/testify/require"

	"parley"
	"parley/ingest/cloudapi"
)

// TestDecoderUnderstandsEverything decodes every body with the decoder of the pipeline and compares what
// it finds with what was sent.
func TestDecoderUnderstandsEverything(t *testing.T) {
	t.Parallel()
	cfg := testConfig(20_000)
	cfg.Duplicate, cfg.Event = 0.05, 0.01
	ledger := NewLedger()
	messages, statuses, events := map[MessageKey]bool{}, map[StatusKey]bool{}, map[string]bool{}
	kinds := map[string]bool{}
	s := run(t, cfg, func(r Request) {
		require.NoError(t, ledger.Record(r.Items))
		payload, err := cloudapi.Decode(append([]byte(nil), r.Body...))
		require.NoError(t, err)
		found := 0
		for i := range payload.Changes {
			c := &payload.Changes[i]
			require.True(t, c.Known(), c.Field)
			require.NotEmpty(t, c.WABA)
			for j := range c.Items {
				it := &c.Items[j]
				found++
				require.NoError(t, it.Err)
				switch it.Kind {
				case cloudapi.KindMessage, cloudapi.KindEcho:
					m := it.Message
					requireMessage(t, c, it)
					kinds[m.Type+"/"+m.Subtype()] = true
					messages[MessageKey{c.Number, parley.WAMID(m.ID)}] = true
				case cloudapi.KindStatus:
					at, err := it.Status.At()
					require.NoError(t, err)
					require.False(t, at.IsZero())
					statuses[statusKey(it.Status)] = true
				default:
					require.NotNil(t, it.Event)
					events[string(it.Raw)] = true
				}
			}
		}
		require.Equal(t, r.Messages+r.Statuses+r.Events+r.Repeated, found)
	})
	requireSameKeys(t, ledger.Messages(), messages)
	requireSameKeys(t, ledger.Statuses(), statuses)
	require.Equal(t, int(s.Events), len(events))
	for _, kind := range []string{
		"text/", "image/", "video/", "audio/", "document/", "sticker/", "location/", "contacts/", "button/", "order/", "reaction/", "revoke/",
		"interactive/button_reply", "interactive/list_reply", "interactive/nfm_reply", "interactive/call_permission_reply",
		"edit/text", "system/user_changed_number", "unsupported/", "unsupported/poll",
	} {
		require.True(t, kinds[kind], kind)
	}
}

func requireMessage(t *testing.T, c *cloudapi.Change, it *cloudapi.Item) {
	t.Helper()
	m := it.Message
	at, err := m.SentAt()
	require.NoError(t, err)
	require.False(t, at.IsZero())
	require.Empty(t, m.Unknown, "a member that the decoder does not know in %s", m.Type)
	customer := c.Customer(it)
	require.False(t, customer.IsZero())
	require.Equal(t, it.Kind == cloudapi.KindEcho, c.Outbound(it))
	if m.Type != "system" {
		require.NotNil(t, c.Contact(customer))
	}
	switch m.Type {
	case "text", "edit", "button", "system":
		require.NotEmpty(t, m.Text(), m.Type)
	case "image", "video", "audio", "document", "sticker":
		require.NotNil(t, m.Media())
		require.NotEmpty(t, m.Media().ID)
	}
	switch m.Type {
	case "edit", "revoke", "reaction":
		require.NotEmpty(t, m.Target())
	}
}

func statusKey(s *cloudapi.Status) StatusKey {
	key := StatusKey{ID: parley.WAMID(s.ID), Status: s.Status}
	if who := s.Recipient(); who.Phone != "" {
		key.Recipient = who.Phone
	} else {
		key.Recipient = who.UserID
	}
	if group := s.Group(); group != "" {
		key.Recipient, key.Participant = group, key.Recipient
	}
	return key
}
