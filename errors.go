package parley

import (
	"context"
	"errors"
	"fmt"
)

// Kind is the class of an error: it decides, in one place each, the HTTP status, and whether a thing is
// tried again or becomes a dead letter. The list is closed; new kinds go to the end.
type Kind uint8

// The kinds of errors.
const (
	Internal  Kind = iota // a fault of ours; trying again will not help
	Invalid               // the input is wrong; the message names field and reason
	Denied                // not allowed, or not proved to be who they say
	NotFound              // there is no such thing
	Conflict              // it was changed meanwhile, or exists already
	TooLarge              // over a stated bound
	Full                  // no room now; comes back when there is
	Transient             // the network, a restart, a time-out: trying again may help
)

var kindNames = [...]string{"internal", "invalid", "denied", "not_found", "conflict", "too_large", "full", "transient"}

// String gives the name used in logs, metrics and the dead letter table.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "internal"
}

// ParseKind is the inverse of String.
func ParseKind(s string) (Kind, bool) {
	for i, name := range kindNames {
		if name == s {
			return Kind(i), true
		}
	}
	return Internal, false
}

// HTTPStatus is the status code that answers an error of this kind.
func (k Kind) HTTPStatus() int {
	return [...]int{500, 400, 403, 404, 409, 413, 503, 503}[min(int(k), len(kindNames)-1)]
}

// Retriable says whether the same attempt may succeed later without anybody changing anything.
func (k Kind) Retriable() bool { return k == Transient || k == Full }

// Error is an error with a kind. Its text is made for the person who operates Parley.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error of a kind. Write "cannot <do what> <to what>: <why>", and %w for the cause.
func Errorf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// KindOf finds the kind of an error: the outermost Error wins; an expired or cancelled context is
// transient; everything else is internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Transient
	}
	return Internal
}
