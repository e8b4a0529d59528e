package parley_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"parley"
)

func identity(t *testing.T, fill byte) *parley.Identity {
	t.Helper()
	key := make([]byte, parley.MinIdentityKey)
	key[0] = fill
	i, err := parley.NewIdentity(key)
	require.NoError(t, err)
	return i
}

func TestContactIDs(t *testing.T) {
	t.Parallel()
	i := identity(t, 1)
	a := i.Contact("acme", "15550001", "")
	require.Equal(t, a, i.Contact("acme", "15550001", "US.1"), "the phone comes first")
	require.NotEqual(t, a, i.Contact("other", "15550001", ""), "tenants never meet")
	require.NotEqual(t, a, i.Contact("acme", "", "15550001"), "a user id is no phone")
	require.NotEqual(t, a, identity(t, 2).Contact("acme", "15550001", ""), "keyed")
	require.True(t, i.Contact("acme", "", "").IsZero())
	require.Equal(t, byte(8), a[6]>>4, "UUID version 8")
}

func TestConversationIDs(t *testing.T) {
	t.Parallel()
	i := identity(t, 1)
	a, b := i.Contact("acme", "1", ""), i.Contact("acme", "2", "")
	require.NotEqual(t, i.Conversation("acme", "n", a, ""), i.Conversation("acme", "n", b, ""))
	require.NotEqual(t, i.Conversation("acme", "n", a, ""), i.Conversation("acme", "m", a, ""))
	require.Equal(t, i.Conversation("acme", "n", a, "g"), i.Conversation("acme", "n", b, "g"), "a group is one conversation")
	require.NotEqual(t, parley.HashEvent("ab", "c"), parley.HashEvent("a", "bc"), "parts do not run together")
}

func TestIdentityKey(t *testing.T) {
	t.Parallel()
	_, err := parley.NewIdentity(make([]byte, parley.MinIdentityKey-1))
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	_, err = parley.ParseIdentityKey("not hex")
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	require.NotContains(t, err.Error(), "not hex\"", "a key never gets into an error")
}

func TestKinds(t *testing.T) {
	t.Parallel()
	f := func(k parley.Kind, name string, status int, retriable bool) {
		t.Helper()
		require.Equal(t, name, k.String())
		require.Equal(t, status, k.HTTPStatus())
		require.Equal(t, retriable, k.Retriable())
		parsed, ok := parley.ParseKind(name)
		require.True(t, ok)
		require.Equal(t, k, parsed)
	}
	f(parley.Internal, "internal", http.StatusInternalServerError, false)
	f(parley.Invalid, "invalid", http.StatusBadRequest, false)
	f(parley.Denied, "denied", http.StatusForbidden, false)
	f(parley.NotFound, "not_found", http.StatusNotFound, false)
	f(parley.Conflict, "conflict", http.StatusConflict, false)
	f(parley.TooLarge, "too_large", http.StatusRequestEntityTooLarge, false)
	f(parley.Full, "full", http.StatusServiceUnavailable, true)
	f(parley.Transient, "transient", http.StatusServiceUnavailable, true)
	_, ok := parley.ParseKind("unheard of")
	require.False(t, ok)
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	inner := parley.Errorf(parley.NotFound, "cannot find it")
	require.Equal(t, parley.NotFound, parley.KindOf(fmt.Errorf("wrapped: %w", inner)))
	require.Equal(t, parley.Conflict, parley.KindOf(parley.Errorf(parley.Conflict, "outer: %w", inner)), "the outermost wins")
	require.Equal(t, parley.Transient, parley.KindOf(fmt.Errorf("x: %w", context.DeadlineExceeded)))
	require.Equal(t, parley.Internal, parley.KindOf(errors.New("x")))
	require.ErrorIs(t, parley.Errorf(parley.Full, "x: %w", context.Canceled), context.Canceled)
}

func TestEnrichable(t *testing.T) {
	t.Parallel()
	f := func(typ, text string, want bool) {
		t.Helper()
		m := parley.Message{Type: typ, Body: parley.Body{Text: text}}
		require.Equal(t, want, m.Enrichable())
	}
	f("text", "hello", true)
	f("image", "a caption", true)
	f("image", "", false)
	f("reaction", "👍", false)
	f("system", "number changed", false)
}
