package cloudapi

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

// inMessages is a body with a value of the field messages.
func inMessages(value string) []byte {
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":` + value + `}]}]}`)
}

// one decodes a body that holds one change.
func one(tb testing.TB, body []byte) *Change {
	tb.Helper()
	p, err := Decode(body)
	require.NoError(tb, err)
	require.Len(tb, p.Changes, 1)
	return &p.Changes[0]
}

func TestDecodeRefusesWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	f := func(body, want string) {
		t.Helper()
		_, err := Decode([]byte(body))
		require.EqualError(t, err, "cannot decode webhook body: "+want)
		require.Equal(t, parley.Invalid, parley.KindOf(err))
	}
	f(``, "it is empty")
	f(`  `, "it is empty")
	f(`{"secret":"do not tell"`, "not JSON at byte 23 of 23")
	f(`{"object":"whatsapp_business_account","entry":[{}]} {}`, "not one JSON value in 54 bytes")
	f(`[]`, "it is not a JSON object")
	f(`"whatsapp_business_account"`, "it is not a JSON object")
	f(`{}`, "object is not whatsapp_business_account")
	f(`{"object":"page","entry":[{}]}`, "object is not whatsapp_business_account")
	f(`{"object":["whatsapp_business_account"],"entry":[{}]}`, "object is not whatsapp_business_account")
	f(`{"object":"whatsapp_business_account"}`, "entry is missing or empty")
	f(`{"object":"whatsapp_business_account","entry":[]}`, "entry is missing or empty")
	f(`{"object":"whatsapp_business_account","entry":null}`, "entry is missing or empty")
	f(`{"object":"whatsapp_business_account","entry":7}`, "entry is not an array")
}

func TestDecodeShowsBrokenEntriesAndChanges(t *testing.T) {
	t.Parallel()
	f := func(entry, wantErr string, wantKind ItemKind) {
		t.Helper()
		c := one(t, []byte(`{"object":"whatsapp_business_account","entry":[`+entry+`]}`))
		require.Len(t, c.Items, 1)
		require.Equal(t, wantKind, c.Items[0].Kind)
		if wantErr == "" {
			require.NoError(t, c.Items[0].Err)
			require.NotNil(t, c.Items[0].Event)
		} else {
			require.EqualError(t, c.Items[0].Err, wantErr)
		}
		require.NotEmpty(t, c.Items[0].Raw)
		require.JSONEq(t, string(c.Raw), string(c.Isolate(0)))
	}
	f(`5`, "cannot decode entry: it is not an object", KindEvent)
	f(`{"id":"1"}`, "cannot decode entry: changes is missing or empty", KindEvent)
	f(`{"id":"1","changes":[]}`, "cannot decode entry: changes is missing or empty", KindEvent)
	f(`{"id":"1","messaging":[{"text":"x"}]}`, "cannot decode entry: changes is missing or empty", KindEvent)
	f(`{"id":"1","changes":"x"}`, "cannot decode entry: changes is not an array", KindEvent)
	f(`{"id":"1","changes":[null]}`, "cannot decode change: it is not an object", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages"}]}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages","value":null}]}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages","value":[1]}]}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages","value":{}}]}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages","value":{"messages":[],"contacts":[]}}]}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages","value":{"messages":null}}]}`, "", KindEvent)
	f(`{"id":"1","changes":{"field":"flows","value":{"event":"A"}}}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"messages","value":{"messages":5}}]}`, "cannot decode message: it is not an object", KindMessage)
	f(`{"id":"1","changes":[{"field":"messages","value":{"statuses":"x"}}]}`, "cannot decode status: it is not an object", KindStatus)
	f(`{"id":"1","changes":[{"field":"messages","value":{"errors":"x"}}]}`, "", KindEvent)
	f(`{"id":"1","changes":[{"field":"history","value":{"history":7}}]}`, "cannot decode history: it is not an object", KindHistory)
}

func TestDecodeKeepsTheNeighboursOfABadItem(t *testing.T) {
	t.Parallel()
	good := `{"id":"wamid.1","from":"15550002001","timestamp":"1750000000","type":"text","text":{"body":"fine"}}`
	f := func(bad, wantErr string) {
		t.Helper()
		c := one(t, inMessages(`{"messages":[`+good+`,`+bad+`,`+good+`],"statuses":[{"id":"wamid.2","status":"read","timestamp":"1750000000","recipient_id":"1"}]}`))
		require.Len(t, c.Items, 4)
		for _, i := range []int{0, 2} {
			require.NoError(t, c.Items[i].Err)
			require.Equal(t, "fine", c.Items[i].Message.Text())
		}
		require.Equal(t, "read", c.Items[3].Status.Status)
		require.Equal(t, bad, string(c.Items[1].Raw))
		require.Equal(t, "messages[1]", c.Items[1].Path())
		if wantErr == "" {
			require.NoError(t, c.Items[1].Err)
		} else {
			require.EqualError(t, c.Items[1].Err, wantErr)
			require.Equal(t, parley.Invalid, parley.KindOf(c.Items[1].Err))
			require.Nil(t, c.Items[1].Message)
		}
		requireRoundTrip(t, &Payload{Changes: []Change{*c}})
	}
	f(`null`, "cannot decode message: it is not an object")
	f(`"x"`, "cannot decode message: it is not an object")
	f(`[1]`, "cannot decode message: it is not an object")
	f(`{"type":"text"}`, "cannot decode message: id is missing")
	f(`{"id":""}`, "cannot decode message: id is missing")
	f(`{"id":{"a":1}}`, "cannot decode message: id is missing")
	f(`{"id":"a","timestamp":1e999,"location":{"latitude":1e999,"longitude":1234567890123456789012345678901234567890}}`, "")
	f(`{"id":"a","text":[],"image":"x","context":5,"errors":{"code":1},"contacts":{"name":null},"edit":true}`, "")
	f("{\"id\":\"a\",\"text\":{\"body\":\"caf\xe9\"}}", "")
	f(`{"id":"a","id":"b","text":{"body":"\ud83d \u0000"},"text":null}`, "")
}

func TestMessageOddShapesAreReadOrKept(t *testing.T) {
	t.Parallel()
	f := func(message string, check func(m *Message)) {
		t.Helper()
		it := one(t, inMessages(`{"messages":[`+message+`]}`)).Items[0]
		require.NoError(t, it.Err)
		check(it.Message)
	}
	f(`{"id":17,"from":15550002001,"timestamp":1750000000,"type":"text","text":{"body":12}}`, func(m *Message) {
		require.Equal(t, "17", m.ID)
		require.Equal(t, Party{Phone: "15550002001"}, m.Sender())
		require.Equal(t, "12", m.Text())
	})
	f(`{"id":"a","text":"bare"}`, func(m *Message) {
		require.Equal(t, "text", m.Type) // inferred
		require.Equal(t, "bare", m.Text())
	})
	f(`{"id":"a"}`, func(m *Message) { require.Equal(t, "unknown", m.Type) })
	f(`{"id":"a","type":"image","image":["x"],"audio":null}`, func(m *Message) {
		require.Nil(t, m.Media())
		require.Equal(t, `["x"]`, string(m.Lookup("image")))
	})
	f(`{"id":"a","type":"text","text":{"body":{"x":1},"new":2}}`, func(m *Message) {
		require.Empty(t, m.Text())
		require.Equal(t, []Member{{"body", []byte(`{"x":1}`)}, {"new", []byte(`2`)}}, m.Content.Text.Unknown)
	})
	f(`{"id":"a","from":"US.1349","context":{"forwarded":"true"}}`, func(m *Message) {
		require.Equal(t, Party{UserID: "US.1349"}, m.Sender())
		require.Equal(t, "forwarded", m.Forwarded())
	})
	f(`{"id":"a","from":"+15550002001","context":{"forwarded":"perhaps"}}`, func(m *Message) {
		require.Equal(t, Party{Phone: "15550002001"}, m.Sender())
		require.Empty(t, m.Forwarded())
		require.Equal(t, `"perhaps"`, string(m.Context.Lookup("forwarded")))
	})
	f("{\"id\":\"a\",\"text\":{\"body\":\"caf\xe9 \\ud83d\\ude00 \\ud83d\"}}", func(m *Message) {
		require.Equal(t, "caf\uFFFD 😀 \uFFFD", m.Text())
	})
	f(`{"\u0069d":"a","t\u0079pe":"text","text":{"body":"\"\\\/\n"}}`, func(m *Message) {
		require.Equal(t, "a", m.ID)
		require.Equal(t, "\"\\/\n", m.Text())
	})
	f(`{"id":"a","type":"ptv","ptv":{"id":9,"mime_type":"video/mp4","caption":"Look"}}`, func(m *Message) {
		require.Equal(t, "Look", m.Text())
		require.Equal(t, "9", m.Media().ID)
	})
	f(`{"id":"a","edit":{"message":{"edit":{"message":{"edit":{"message":{"text":"deep"}}}}}}}`, func(m *Message) {
		require.Empty(t, m.Text()) // not followed that far, but kept
		require.NotNil(t, m.Edit.Message.Edit.Message.Edit.Lookup("message"))
	})
	f(`{"id":"a","errors":[{"code":"131051"},7]}`, func(m *Message) { require.EqualValues(t, 131051, m.ErrorCode()) })
	f(`{"id":"a","errors":[{"code":99999999999}]}`, func(m *Message) {
		require.Zero(t, m.ErrorCode())
		require.EqualValues(t, "99999999999", m.Errors[0].Code)
	})
}

func TestTimestamp(t *testing.T) {
	t.Parallel()
	want := time.Date(2025, 6, 15, 15, 6, 40, 0, time.UTC)
	f := func(in Timestamp, at time.Time, wantErr string) {
		t.Helper()
		m := Message{Timestamp: in}
		got, err := m.SentAt()
		if wantErr != "" {
			require.EqualError(t, err, "cannot read message: timestamp "+wantErr)
			require.Equal(t, parley.Invalid, parley.KindOf(err))
			return
		}
		require.NoError(t, err)
		require.Equal(t, at, got)
	}
	f("1750000000", want, "")
	f("1750000000000", want, "")
	f("1750000000123", want.Add(123*time.Millisecond), "")
	f("1.75e9", want, "")
	f("1750000000.9", want, "")
	f("", want, "is missing")
	f("soon", want, "is not a number")
	f("0", want, "is not between 1970 and 2106")
	f("-5", want, "is not between 1970 and 2106")
	f("99999999999", want, "is not between 1970 and 2106")
	f("NaN", want, "is not a number")
	f("Infinity", want, "is not between 1970 and 2106")
	f("1e999", want, "is not between 1970 and 2106")
	f("1234567890123456789012345678901234567890", want, "is not between 1970 and 2106")
}

func TestStatusRecipient(t *testing.T) {
	t.Parallel()
	f := func(status string, wantGroup string, want Party) {
		t.Helper()
		s := one(t, inMessages(`{"statuses":[`+status+`]}`)).Items[0].Status
		require.Equal(t, wantGroup, s.Group())
		require.Equal(t, want, s.Recipient())
	}
	f(`{"id":"a","status":"READ","recipient_id":"1555"}`, "", Party{Phone: "1555"})
	f(`{"id":"a","status":"read","recipient_id":1555}`, "", Party{Phone: "1555"})
	f(`{"id":"a","status":"read","recipient_user_id":"US.1"}`, "", Party{UserID: "US.1"})
	f(`{"id":"a","status":"read","recipient_id":"g","recipient_type":"group"}`, "g", Party{})
	f(`{"id":"a","status":"read","recipient_id":"g","recipient_type":"group","recipient_participant_id":"1555"}`, "g", Party{Phone: "1555"})
	f(`{"id":"a","status":"read","recipient_id":"1555","recipient_type":"individual"}`, "", Party{Phone: "1555"})
}

func TestStatusErrors(t *testing.T) {
	t.Parallel()
	c := one(t, inMessages(`{"statuses":[{"status":"read"},{"id":"a"},{"id":"b","status":"read","timestamp":"x"}]}`))
	require.EqualError(t, c.Items[0].Err, "cannot decode status: id is missing")
	require.EqualError(t, c.Items[1].Err, "cannot decode status: status is missing")
	_, err := c.Items[2].Status.At()
	require.EqualError(t, err, "cannot read status: timestamp is not a number")
}

func TestEventText(t *testing.T) {
	t.Parallel()
	c := one(t, inMessages(`{"errors":[{"code":130429,"error_data":{"details":"too many","list":[1, 2]}}]}`))
	e := c.Items[0].Event
	require.Equal(t, "130429", e.Text("code"))
	require.Equal(t, "too many", e.Text("error_data", "details"))
	require.Equal(t, "[1, 2]", e.Text("error_data", "list"))
	require.Empty(t, e.Text("error_data", "nothing", "there"))
	require.Empty(t, e.Text("code", "x"))
}

func TestDecodeSeveralChangesKeepTheirSurroundings(t *testing.T) {
	t.Parallel()
	p, err := Decode([]byte(`{"v":1,"entry":[{"time":1750000000,"x":{"y":2},"changes":[{"field":"a","value":{"event":"A"},"z":3},{"field":"b"}],"id":7},9],"object":"whatsapp_business_account"}`))
	require.NoError(t, err)
	require.Len(t, p.Changes, 3)
	require.JSONEq(t, `{"v":1,"object":"whatsapp_business_account","entry":[{"time":1750000000,"x":{"y":2},"id":7,"changes":[{"field":"a","value":{"event":"A"},"z":3}]}]}`, string(p.Changes[0].Raw))
	require.JSONEq(t, `{"v":1,"object":"whatsapp_business_account","entry":[{"time":1750000000,"x":{"y":2},"id":7,"changes":[{"field":"b"}]}]}`, string(p.Changes[1].Raw))
	require.JSONEq(t, `{"v":1,"object":"whatsapp_business_account","entry":[9]}`, string(p.Changes[2].Raw))
	require.Equal(t, parley.WABAID("7"), p.Changes[1].WABA)
	requireRoundTrip(t, p)
}

func TestIsolateHistoryKeepsChunkAndThread(t *testing.T) {
	t.Parallel()
	c := one(t, []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"history","value":{"metadata":{"phone_number_id":"5"},"errors":[{"code":1}],
		"history":[{"threads":[{"id":"a","messages":[{"id":"m1"},{"id":"m2"}],"note":1},{"id":"b","messages":[{"id":"m3"}]}],"metadata":{"phase":1},"errors":[{"code":2}]}]}}]}]}`))
	require.Len(t, c.Items, 5)
	require.Equal(t, "history[0].threads[0].messages[1]", c.Items[2].Path())
	require.JSONEq(t, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"history","value":{"metadata":{"phone_number_id":"5"},
		"history":[{"metadata":{"phase":1},"threads":[{"id":"a","note":1,"messages":[{"id":"m2"}]}]}]}}]}]}`, string(c.Isolate(2)))
	require.Nil(t, c.Isolate(5))
	require.Nil(t, c.Isolate(-1))
}

func TestRawValuesDoNotReachTheirNeighbours(t *testing.T) {
	t.Parallel()
	body := inMessages(`{"messages":[{"id":"a"},{"id":"b"}]}`)
	before := bytes.Clone(body)
	c := one(t, body)
	_ = append(c.Items[0].Raw, strings.Repeat("x", 40)...)
	require.Equal(t, before, body)
}
