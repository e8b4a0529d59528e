package cloudapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"parley"
)

// requireRoundTrip checks what is promised of Change.Raw and Change.Isolate.
func requireRoundTrip(t *testing.T, p *Payload) {
	t.Helper()
	for i := range p.Changes {
		c := &p.Changes[i]
		again, err := Decode(c.Raw)
		require.NoError(t, err)
		if isRest(c.Items[0].Err) && c.Items[0].place.name == "" {
			continue // the rest of a body is decoded further
		}
		require.Len(t, again.Changes, 1)
		require.Equal(t, describe(c), describe(&again.Changes[0]))
		for j := range c.Items {
			requireIsolated(t, c, j)
		}
	}
}

func requireIsolated(t *testing.T, c *Change, j int) {
	t.Helper()
	it := &c.Items[j]
	one, err := Decode(c.Isolate(j))
	require.NoError(t, err)
	require.Len(t, one.Changes, 1)
	if isRest(it.Err) {
		require.NotEmpty(t, one.Changes[0].Items)
		return
	}
	require.Len(t, one.Changes[0].Items, 1)
	got, want := &one.Changes[0].Items[0], it
	require.Equal(t, string(want.Raw), string(got.Raw))
	require.Equal(t, want.Kind, got.Kind)
	require.Equal(t, want.Message, got.Message)
	require.Equal(t, want.Status, got.Status)
	require.Equal(t, want.Event, got.Event)
	require.Equal(t, fmt.Sprint(want.Err), fmt.Sprint(got.Err))
	require.Equal(t, c.WABA, one.Changes[0].WABA)
	require.Equal(t, c.Number, one.Changes[0].Number)
	require.Equal(t, c.Contacts, one.Changes[0].Contacts)
}

func isRest(err error) bool {
	var e *parley.Error
	return errors.As(err, &e) && e.Kind == parley.TooLarge
}

// describe is what a change says, apart from where its bytes lie.
func describe(c *Change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%q %s %q %q %q %+v\n", c.WABA, c.EntryTime, c.Field, c.Number, c.DisplayPhone, c.Contacts)
	for i := range c.Items {
		it := &c.Items[i]
		fmt.Fprintf(&b, "%s %s %s %v\n", it.Path(), it.Kind, it.Raw, it.Err)
	}
	return b.String()
}

// listing says in one line each what became of the items, without their words.
func listing(p *Payload) string {
	var b strings.Builder
	for i := range p.Changes {
		c := &p.Changes[i]
		for j := range c.Items {
			it := &c.Items[j]
			fmt.Fprintf(&b, "%s %s %s", c.Field, it.Path(), it.Kind)
			switch {
			case it.Message != nil:
				fmt.Fprintf(&b, " %s/%s %s text=%d target=%t reply=%t out=%t", it.Message.Type, it.Message.Subtype(), it.Message.ID,
					len(it.Message.Text()), it.Message.Target() != "", it.Message.ReplyTo() != "", c.Outbound(it))
			case it.Status != nil:
				fmt.Fprintf(&b, " %s %s code=%d group=%q", it.Status.Status, it.Status.ID, it.Status.ErrorCode(), it.Status.Group())
			case it.Event != nil:
				fmt.Fprintf(&b, " %q subject=%q at=%s person=%t code=%d", it.Event.Name, it.Event.Subject, it.Event.At, !it.Event.Person.Party.IsZero(), it.Event.ErrorCode())
			}
			fmt.Fprintf(&b, " err=%v\n", it.Err)
		}
	}
	return b.String()
}
