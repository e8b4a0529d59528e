package cloudapi

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

func FuzzDecode(f *testing.F) {
	for _, body := range fixtures(f) {
		f.Add(body)
	}
	for _, seed := range []string{
		`{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messages":[null,5,{},{"id":"a","text":"x"}],"statuses":{"id":1}}}]},{},5]}`,
		`{"object":"whatsapp_business_account","entry":{"changes":{"value":[],"field":"value"}}}`,
		`{"entry":[{"changes":[[1],{"value":{"history":[{"threads":[[],{"messages":[[]]}]},7]},"field":"history"}]}],"object":"whatsapp_business_account"}`,
		`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"x","value":{"x":[1],"x":{"y":"\ud800\"\\"}}}]}],"entry":[1]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := Decode(body)
		if err != nil {
			require.Equal(t, parley.Invalid, parley.KindOf(err))
			return
		}
		requireBounded(t, p, len(body))
		for i := range p.Changes {
			c := &p.Changes[i]
			again, err := Decode(c.Raw)
			require.NoError(t, err, "%s", c.Raw)
			if isRest(c.Items[0].Err) && c.Items[0].place.name == "" {
				continue
			}
			require.Len(t, again.Changes, 1, "%s", c.Raw)
			require.Len(t, again.Changes[0].Items, len(c.Items), "%s", c.Raw)
			for j := range c.Items {
				useItem(c, &c.Items[j])
				one, err := Decode(c.Isolate(j))
				require.NoError(t, err, "%s", c.Isolate(j))
				require.Len(t, one.Changes, 1)
				if !isRest(c.Items[j].Err) {
					require.Len(t, one.Changes[0].Items, 1, "%s", c.Isolate(j))
					require.Equal(t, string(c.Items[j].Raw), string(one.Changes[0].Items[0].Raw))
				}
			}
		}
	})
}

// requireBounded checks that the number of items is bounded, by MaxItems as a rule and by the size of the
// body where arrays are given again and again.
func requireBounded(t *testing.T, p *Payload, size int) {
	t.Helper()
	items := 0
	for i := range p.Changes {
		require.NotEmpty(t, p.Changes[i].Items)
		items += len(p.Changes[i].Items)
	}
	require.LessOrEqual(t, items, MaxItems+1+size/8)
}

// useItem calls everything that the pipeline calls.
func useItem(c *Change, it *Item) {
	c.Outbound(it)
	c.Contact(c.Customer(it))
	it.Path()
	if m := it.Message; m != nil {
		m.Text()
		m.Subtype()
		m.Media()
		m.ReplyTo()
		m.Target()
		m.Forwarded()
		_, _ = m.SentAt()
		m.ErrorCode()
	}
	if e := it.Event; e != nil {
		e.Text("user_id", "current")
	}
}

func TestDecodeDeepNestingIsRefusedInTime(t *testing.T) {
	t.Parallel()
	deep := func(n int) []byte {
		return []byte(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{"messages":[{"id":"a","x":` +
			strings.Repeat(`[`, n) + strings.Repeat(`]`, n) + `},{"id":"b","edit":` + strings.Repeat(`{"message":{"edit":`, n/2) + `1` + strings.Repeat(`}}`, n/2) + `}]}}]}]}`)
	}
	begin := time.Now()
	p, err := Decode(deep(9_000))
	require.NoError(t, err)
	require.Len(t, p.Changes[0].Items, 2)
	requireRoundTrip(t, p)
	_, err = Decode(deep(2_000_000))
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	require.ErrorContains(t, err, "not JSON at byte")
	require.Less(t, time.Since(begin), 5*time.Second)
}

func TestDecodeBeyondMaxItemsHandsBackTheRest(t *testing.T) {
	t.Parallel()
	f := func(prefix, element, suffix string, each int) {
		t.Helper()
		const n = MaxItems + 7
		body := []byte(`{"object":"whatsapp_business_account","entry":[` + prefix + strings.Repeat(element+",", n-1) + element + suffix + `]}`)
		p, err := Decode(body)
		require.NoError(t, err)
		found := 0
		for rounds := 0; p != nil; rounds++ {
			require.Less(t, rounds, 4)
			var next *Payload
			for i := range p.Changes {
				c := &p.Changes[i]
				for j := range c.Items {
					if !isRest(c.Items[j].Err) {
						found++
						continue
					}
					next, err = Decode(c.Isolate(j))
					require.NoError(t, err)
				}
			}
			require.LessOrEqual(t, len(p.Changes), MaxItems+1)
			p = next
		}
		require.Equal(t, n*each, found)
	}
	f(`{"id":"1","changes":[{"field":"messages","value":{"messages":[`, `{"id":"a"}`, `]}}]}`, 1)
	f(`{"id":"1","changes":[{"field":"messages","value":{"statuses":[`, `5`, `]}}]}`, 1)
	f(`{"id":"1","changes":[`, `{"field":"x"}`, `]}`, 1)
	f(``, `{"id":"1"}`, ``, 1)
	f(`{"changes":[{"field":"history","value":{"history":[`, `{}`, `]}}]}`, 1)
	f(`{"changes":[{"field":"history","value":{"history":[{"threads":[`, `{}`, `]}]}}]}`, 1)
	f(`{"changes":[{"field":"history","value":{"history":[{"threads":[{"messages":[`, `{"id":"a"}`, `]}]}]}}]}`, 1)
	f(`{"changes":[{"field":"history","value":{"history":[{"errors":[`, `{"code":1}`, `]}]}}]}`, 1)
}

func TestDecodeDoesNotMultiplySurroundings(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 100_000)
	body := []byte(`{"object":"whatsapp_business_account","note":"` + big + `","entry":[{"id":"7","time":1739321024,"more":"` + big + `","changes":[` +
		strings.Repeat(`{"field":"flows","value":{"event":"A"}},`, 999) + `{"field":"flows","value":{"event":"B"}}]}]}`)
	p, err := Decode(body)
	require.NoError(t, err)
	require.Len(t, p.Changes, 1000)
	total := 0
	for i := range p.Changes {
		total += len(p.Changes[i].Raw)
		require.Equal(t, parley.WABAID("7"), p.Changes[i].WABA)
	}
	require.Less(t, total, 2*len(body)+1000*200)
	require.Contains(t, string(p.Changes[0].Raw), big)
	requireRoundTrip(t, p)
}
