package cloudapi

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of this run")

// fixtures are webhook bodies of our own, one for each type that the vendor documents.
func fixtures(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	bodies := map[string][]byte{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(tb, err)
		bodies[strings.TrimSuffix(file, ".json")] = body
	}
	return bodies
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, body := range fixtures(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			p, err := Decode(body)
			require.NoError(t, err)
			requireRoundTrip(t, p)
			got := report(p)
			if *update {
				require.NoError(t, os.WriteFile(name+".golden", []byte(got), 0o644))
			}
			want, err := os.ReadFile(name + ".golden")
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
}

// report writes what every helper says about every item.
func report(p *Payload) string {
	var b strings.Builder
	for i := range p.Changes {
		c := &p.Changes[i]
		fmt.Fprintf(&b, "change field=%s known=%t waba=%s number=%s display=%s contacts=%d\n", c.Field, c.Known(), c.WABA, c.Number, c.DisplayPhone, len(c.Contacts))
		for j := range c.Items {
			it := &c.Items[j]
			fmt.Fprintf(&b, "%s %q\n", it.Kind, it.Path())
			line := func(name string, value any) {
				if s := fmt.Sprint(value); s != "" && s != "0" && s != "false" && s != "{  }" && s != "[]" && s != "<nil>" {
					fmt.Fprintf(&b, "  %s: %s\n", name, s)
				}
			}
			line("error", it.Err)
			line("customer", c.Customer(it))
			if contact := c.Contact(c.Customer(it)); contact != nil {
				line("contact", contact.Name+" "+contact.Username)
			}
			switch {
			case it.Message != nil:
				reportMessage(line, c, it)
			case it.Status != nil:
				reportStatus(line, it.Status)
			case it.Event != nil:
				reportEvent(line, it.Event)
			}
		}
	}
	return b.String()
}

func reportMessage(line func(string, any), c *Change, it *Item) {
	m := it.Message
	line("id", m.ID)
	line("type", m.Type)
	line("subtype", m.Subtype())
	line("outbound", c.Outbound(it))
	at, err := m.SentAt()
	line("sent", at)
	line("sent error", err)
	line("group", m.GroupID)
	line("text", m.Text())
	if f := m.Media(); f != nil {
		line("media", fmt.Sprintf("%s %s %s %s %s voice=%t animated=%t", f.ID, f.MIMEType, f.SHA256, f.URL, f.Filename, f.Voice, f.Animated))
	}
	line("reply to", m.ReplyTo())
	line("target", m.Target())
	line("forwarded", m.Forwarded())
	line("error code", m.ErrorCode())
	if r := m.Referral; r != nil {
		line("referral", strings.Join([]string{r.SourceType, r.SourceID, r.ClickID, r.Welcome}, " "))
	}
	if x := m.Context; x != nil {
		line("product", x.CatalogID+" "+x.ProductRetailerID)
	}
	for _, o := range orderItems(m) {
		line("item", fmt.Sprintf("%s x %s at %s %s", o.Quantity, o.ProductRetailerID, o.Price, o.Currency))
	}
	if i := m.Content.Interactive; i != nil && i.FlowReply != nil {
		line("flow", i.FlowReply.Name+" "+i.FlowReply.ResponseJSON)
	}
	if i := m.Content.Interactive; i != nil && i.CallPermission != nil {
		line("call permission", fmt.Sprintf("%s %s %s", i.CallPermission.Response, i.CallPermission.Source, i.CallPermission.ExpiresAt))
	}
	if s := m.Content.System; s != nil {
		line("system", strings.Join([]string{s.OldPhone, s.NewPhone, s.UserID, s.ParentUserID}, " "))
	}
	if x := m.Content.Template; x != nil {
		line("template", x.Name+" "+x.Language)
	}
	line("history status", m.HistoryStatus)
	if h := m.History; h != nil {
		line("history", fmt.Sprintf("phase %s chunk %s progress %s thread %s", h.Phase, h.ChunkOrder, h.Progress, h.Thread.Party))
	}
	for _, u := range m.Unknown {
		line("unknown", u.Name+" "+string(u.Value))
	}
}

func orderItems(m *Message) []OrderItem {
	if m.Content.Order == nil {
		return nil
	}
	return m.Content.Order.Items
}

func reportStatus(line func(string, any), s *Status) {
	line("id", s.ID)
	line("status", s.Status)
	line("type", s.Type)
	at, err := s.At()
	line("at", at)
	line("at error", err)
	line("group", s.Group())
	line("error code", s.ErrorCode())
	line("callback", s.Callback)
	if c := s.Conversation; c != nil {
		line("conversation", fmt.Sprintf("%s %s %s", c.ID, c.Origin, c.Expires()))
	}
	if p := s.Pricing; p != nil {
		line("pricing", fmt.Sprintf("%t %s %s %s", p.Billable, p.Model, p.Type, p.Category))
	}
	if p := s.Payment; p != nil {
		line("payment", p.ReferenceID+" "+p.Currency)
		if p.Transaction != nil {
			line("transaction", fmt.Sprintf("%s %s %s", p.Transaction.ID, p.Transaction.Type, p.Transaction.Status))
		}
	}
	for _, u := range s.Unknown {
		line("unknown", u.Name+" "+string(u.Value))
	}
}

func reportEvent(line func(string, any), e *Event) {
	line("name", e.Name)
	line("subject", e.Subject)
	if !e.At.IsZero() {
		line("at", e.At)
	}
	line("person", strings.TrimSpace(e.Person.Name+" "+e.Person.Username))
	line("previous user", e.PreviousUserID)
	line("direction", e.Direction)
	line("from", e.From)
	line("to", e.To)
	line("error code", e.ErrorCode())
	line("callback", e.Callback)
}
