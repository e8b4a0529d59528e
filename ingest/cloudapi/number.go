package cloudapi

import (
	"errors"
	"math"
	"strconv"
	"time"

	"parley"
)

// Number is a number as received: its digits, whether they came as a JSON number or as a string. Any
// length is kept; what does not fit is told by the second result.
type Number string

// Int64 returns the number where it is a whole number that fits.
func (n Number) Int64() (int64, bool) {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, true
	}
	f, ok := n.Float64()
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// Float64 returns the number where it is a finite one.
func (n Number) Float64() (float64, bool) {
	f, err := strconv.ParseFloat(string(n), 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// Timestamp is a point in time as received: Unix seconds as a string or a number. Values above 1e11 are
// read as milliseconds.
type Timestamp string

var (
	errMissing    = errors.New("is missing")
	errNotNumber  = errors.New("is not a number")
	errOutOfRange = errors.New("is not between 1970 and 2106")
)

// Time returns the time in UTC. Zero, negative times and times after 2106 are errors.
func (t Timestamp) Time() (time.Time, error) {
	if t == "" {
		return time.Time{}, errMissing
	}
	n, err := strconv.ParseInt(string(t), 10, 64)
	if err != nil { // perhaps with a fraction or an exponent
		f, err := strconv.ParseFloat(string(t), 64)
		switch {
		case errors.Is(err, strconv.ErrSyntax) || math.IsNaN(f):
			return time.Time{}, errNotNumber
		case math.Abs(f) > 1e15:
			return time.Time{}, errOutOfRange
		}
		n = int64(f)
	}
	at := time.Unix(n, 0)
	if n > 1e11 {
		at = time.UnixMilli(n)
	}
	if n <= 0 || at.Unix() > math.MaxUint32 {
		return time.Time{}, errOutOfRange
	}
	return at.UTC(), nil
}

// timeOrZero is for times that are welcome but not needed.
func (t Timestamp) timeOrZero() time.Time {
	at, err := t.Time()
	if err != nil {
		return time.Time{}
	}
	return at
}

// neededTime is for times that an item is nothing without.
func (t Timestamp) neededTime(what string) (time.Time, error) {
	at, err := t.Time()
	if err != nil {
		return at, parley.Errorf(parley.Invalid, "cannot read %s: timestamp %w", what, err)
	}
	return at, nil
}
