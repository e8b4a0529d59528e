package arrival

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"parley"
	"parley/ingest/cloudapi"
	"parley/pipeline/queue"
)

const (
	one   = `{"object":"whatsapp_business_account","odd":[1],"entry":[{"id":"1","changes":[{"field":"messages","value":{"x":1}}]}]}`
	two   = `{"object":"whatsapp_business_account","entry":[{"id":"2","changes":[{"field":"flows","value":{"y":"]}"}}]}]}`
	three = `{"entry": [ {"id":"3","changes":[{"field":"security","value":{}}]} ] ,"object":"whatsapp_business_account"}`
)

func events(raw parley.RawID, bodies ...string) (out []event) {
	for i, body := range bodies {
		out = append(out, event{tenant: "t", app: "app", raw: raw, part: uint32(i), at: time.Unix(1e9, 0).UTC(), field: "messages", body: []byte(body)})
	}
	return out
}

func TestJoin(t *testing.T) {
	t.Parallel()
	raw := parley.RawID(uuid.Must(uuid.NewV7()))
	s := &Source{}
	f := func(parts []event, records int, whole bool) []queue.Record {
		t.Helper()
		got := s.join(parts)
		require.Len(t, got, records)
		for _, r := range got {
			require.Equal(t, whole, r.Raw == raw)
			require.Equal(t, parley.AppID("app"), r.App)
		}
		return got
	}
	require.Equal(t, one, string(f(events(raw, one), 1, true)[0].Body), "as it came")
	body := f(events(raw, one, two, three), 1, true)[0].Body
	require.JSONEq(t, `{"object":"whatsapp_business_account","odd":[1],"entry":[{"id":"1","changes":[{"field":"messages","value":{"x":1}}]},
		{"id":"2","changes":[{"field":"flows","value":{"y":"]}"}}]},{"id":"3","changes":[{"field":"security","value":{}}]}]}`, string(body))
	payload, err := cloudapi.Decode(body)
	require.NoError(t, err)
	require.Len(t, payload.Changes, 3)

	gap := f(append(events(raw, one), event{raw: raw, app: "app", part: 2, body: []byte(three)}), 2, false)
	require.NotEqual(t, gap[0].Raw, gap[1].Raw)
	require.Equal(t, gap, s.join(append(events(raw, one), event{raw: raw, app: "app", part: 2, body: []byte(three)})), "always the same")
	f(events(raw, one, "no JSON"), 2, false)
	f(events(raw, one, `{"entry":{}}`), 2, false)
	f(events(raw, one, `{"entry":[],"entry":[]}`), 2, false)
	s.MaxBody = 50
	f(events(raw, one, two), 2, false)
	f(events(raw, one), 1, true)
	f(nil, 0, true)
}

func TestKinds(t *testing.T) {
	t.Parallel()
	chat := `{"tenant":"acme","number":"1","chat":"Ana","messages":[]}`
	require.Equal(t, queue.Import, LetterKind("acme", []byte(chat)))
	require.Equal(t, queue.Webhook, LetterKind("other", []byte(chat)))
	require.Equal(t, queue.Webhook, LetterKind(parley.Unassigned, []byte(`{"tenant":"unassigned"}`)), "signed by Meta, it can name any tenant")
	require.Equal(t, queue.Webhook, LetterKind("acme", []byte(one)))
	imported := event{field: "import", body: []byte(chat)}
	require.Equal(t, queue.Import, imported.record(parley.RawID{}, imported.body).Kind)
	webhook := event{field: "import", body: []byte(one)}
	require.Equal(t, queue.Webhook, webhook.record(parley.RawID{}, webhook.body).Kind, "a webhook field of that name")
}

func FuzzJoinBodies(f *testing.F) {
	f.Add([]byte(one), []byte(two))
	f.Add([]byte(three), []byte(`{"entry":[]}`))
	f.Add([]byte(`{"entry":[`), []byte(`{"entry":[1,2,{}],"object":"x","object":"y"}`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		first, err := cloudapi.Decode(a)
		if err != nil {
			return
		}
		second, err := cloudapi.Decode(b)
		if err != nil {
			return
		}
		body, ok := joinBodies(events(parley.RawID{}, string(a), string(b)))
		if !ok {
			return
		}
		joined, err := cloudapi.Decode(body)
		if err != nil {
			t.Fatalf("cannot decode what was put together: %v", err)
		}
		if got, want := len(joined.Changes), len(first.Changes)+len(second.Changes); got != want {
			t.Fatalf("%d changes, want %d: %s", got, want, body)
		}
	})
}
