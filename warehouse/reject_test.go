package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	drivercolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/stretchr/testify/require"

	"parley"
)

// refuse makes the server refuse messages whose type begins with "poison", as it would refuse a row it
// cannot hold.
func refuse(t *testing.T, w *Warehouse) {
	t.Helper()
	require.NoError(t, w.Conn().Exec(context.Background(), "ALTER TABLE messages ADD CONSTRAINT no_poison CHECK NOT startsWith(type, 'poison')"))
}

func TestRefusedRowsAreFoundAndTheOthersAreIn(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	refuse(t, w)
	withoutMerges(t, w)
	b := sample(4, 1000, 3)
	poison := []int{0, 17, 18, 500, 999}
	for _, i := range poison {
		b.Messages[i].Type = "poison-secret"
	}
	b.Messages[40].SentAt = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	b.Statuses[3].WindowExpiresAt = time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC)
	calls := 0
	b.Reject = func(r Rejection) (parley.DeadLetter, bool) {
		calls++
		m := b.Messages[r.Index]
		return parley.DeadLetter{Origin: m.Origin, Tenant: m.Tenant, ID: parley.HashEvent(r.Table, string(m.ID)), Stage: "write",
			Kind: parley.KindOf(r.Err), Reason: r.Err.Error()}, r.Table == "messages"
	}
	var want map[string]uint64
	for attempt := range 3 {
		rejections, err := writer(t, w).Write(ctx, b)
		require.NoError(t, err)
		var got []string
		for _, r := range rejections {
			require.NotContains(t, r.Err.Error(), "secret", "a refusal never quotes the row")
			require.Equal(t, parley.Invalid, parley.KindOf(r.Err))
			got = append(got, fmt.Sprint(r.Table, " ", r.Index))
		}
		require.Equal(t, []string{"messages 0", "messages 17", "messages 18", "messages 40", "messages 500", "messages 999", "statuses 3"}, got)
		if attempt == 0 {
			want = counts(t, w)
		}
		require.Equal(t, want, counts(t, w), "written again")
	}
	require.Equal(t, 3*7, calls)
	require.EqualValues(t, 1000-6, want["messages"])
	require.EqualValues(t, 999, want["message_bodies"], "a message of an impossible time has no body, one that only its table refuses has")
	require.EqualValues(t, 999, want["statuses"])
	require.EqualValues(t, 1+6, want["dead_letters"])
	require.Equal(t, []string{"994 999 7 7"}, lines(t, w, "SELECT concat(messages, ' ', statuses, ' ', dead_letters, ' ', rejected) FROM ingest_audit"))
}

func TestTooManyRefusedRowsIsNotTheirFault(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	refuse(t, w)
	b := sample(5, 600, 1)
	for i := range b.Messages {
		b.Messages[i].Type = "poison"
	}
	_, err := writer(t, w).Write(context.Background(), b)
	require.ErrorIs(t, err, errTooManyRefused)
	require.Equal(t, parley.Internal, parley.KindOf(err))
	require.Zero(t, counts(t, w)["ingest_audit"])
}

func TestAMissingTableIsNoFaultOfRows(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	wr := writer(t, w)
	require.NoError(t, w.Conn().Exec(context.Background(), "DROP TABLE contacts SYNC"))
	_, err := wr.Write(context.Background(), sample(6, 3, 1))
	require.Equal(t, parley.Internal, parley.KindOf(err))
	require.ErrorContains(t, err, "contacts")
}

func TestAMissingColumnIsNoFaultOfRows(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	require.NoError(t, w.Conn().Exec(context.Background(), "ALTER TABLE statuses DROP COLUMN callback"))
	rejections, err := writer(t, w).Write(context.Background(), sample(6, 3, 1))
	require.Equal(t, parley.Internal, parley.KindOf(err))
	require.ErrorContains(t, err, "no column callback")
	require.Empty(t, rejections)
}

// TestAFaultOfTheServerIsNoFaultOfRows lets the inserts of small batches fail with an error that is in no list.
func TestAFaultOfTheServerIsNoFaultOfRows(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	wr := writer(t, w)
	for _, rows := range []int{1, 5} {
		exec(t, w, "ALTER TABLE messages ADD CONSTRAINT fault CHECK throwIf(type = 'text') = 0")
		b := sample(byte(60+rows), rows, 1)
		b.Reject = func(r Rejection) (parley.DeadLetter, bool) {
			t.Errorf("row blamed: %v", r)
			return parley.DeadLetter{}, false
		}
		rejections, err := wr.Write(ctx, b)
		require.Equal(t, parley.Transient, parley.KindOf(err), err)
		require.Empty(t, rejections)
		exec(t, w, "ALTER TABLE messages DROP CONSTRAINT fault")
		_, err = wr.Write(ctx, b)
		require.NoError(t, err, "the fault is over")
	}
	require.EqualValues(t, 6, number(t, w, "SELECT count() FROM messages FINAL"))
}

func exec(t *testing.T, w *Warehouse, statement string) {
	t.Helper()
	require.NoError(t, w.Conn().Exec(context.Background(), statement))
}

func TestARawEventIsNeverDropped(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := migrated(t)
	exec(t, w, "ALTER TABLE raw_events ADD CONSTRAINT no_poison CHECK field != 'poison'")
	b := sample(8, 5, 1)
	b.RawEvents[2].Field = "poison"
	_, err := writer(t, w).Write(ctx, b)
	require.ErrorContains(t, err, "no dead letter holds")
	require.Zero(t, counts(t, w)["ingest_audit"])

	b.Reject = func(r Rejection) (parley.DeadLetter, bool) {
		e := b.RawEvents[r.Index]
		return parley.DeadLetter{Origin: e.Origin, Tenant: e.Tenant, ID: parley.EventID{1}, Stage: "write", Body: e.Body}, true
	}
	rejections, err := writer(t, w).Write(ctx, b)
	require.NoError(t, err)
	require.Len(t, rejections, 1)
	require.EqualValues(t, 1+1, number(t, w, "SELECT count() FROM dead_letters FINAL"))
	require.EqualValues(t, 4, number(t, w, "SELECT count() FROM raw_events FINAL"))
}

func TestADeadLetterIsNeverDropped(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	exec(t, w, "ALTER TABLE dead_letters ADD CONSTRAINT no_poison CHECK stage != 'decode'")
	_, err := writer(t, w).Write(context.Background(), sample(9, 3, 1))
	require.Equal(t, parley.Invalid, parley.KindOf(err))
	require.ErrorContains(t, err, "dead_letters")
	require.Zero(t, counts(t, w)["ingest_audit"])
}

func TestConcernsRows(t *testing.T) {
	t.Parallel()
	f := func(want bool, kind parley.Kind, err error) {
		t.Helper()
		err = fmt.Errorf("wrapped: %w", err)
		require.Equal(t, want, concernsRows(err), err)
		require.Equal(t, kind, parley.KindOf(classifyWrite("messages", err)), err)
	}
	for number := range rowCodes {
		f(true, parley.Invalid, &clickhouse.Exception{Code: number})
	}
	for number := range transientCodes {
		f(false, parley.Transient, &clickhouse.Exception{Code: number})
	}
	for number, c := range configurationCodes {
		f(false, c.kind, &clickhouse.Exception{Code: number})
	}
	for _, number := range []int32{0, 32, 40, 49, 117, 246, 1001, 31337} {
		f(false, parley.Transient, &clickhouse.Exception{Code: number})
	}
	for _, status := range []int{400, 403, 404, 500, 503} {
		f(false, parley.Transient, &clickhouse.HTTPError{StatusCode: status, Err: errors.New("a proxy")})
	}
	f(true, parley.Invalid, &clickhouse.HTTPError{StatusCode: 400, Err: &clickhouse.Exception{Code: 469}})
	f(true, parley.Internal, &drivercolumn.Error{ColumnType: "Enum8", Err: errors.New("unknown element")})
	f(false, parley.Internal, &drivercolumn.ColumnConverterError{Op: "Append", From: "string", To: "UInt8"})
	f(false, parley.Transient, io.EOF)
	f(false, parley.Transient, context.DeadlineExceeded)
	f(false, parley.Full, parley.Errorf(parley.Full, "no room"))
	f(false, parley.Internal, errors.New("what is this"))
}

func TestAnEndedContextIsTransient(t *testing.T) {
	t.Parallel()
	w := migrated(t)
	wr := writer(t, w)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := wr.Write(ctx, sample(7, 3, 1))
	require.Equal(t, parley.Transient, parley.KindOf(err))
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	f := func(want parley.Kind, err error) {
		t.Helper()
		got := classify("do it", fmt.Errorf("wrapped: %w", err))
		require.Equal(t, want, parley.KindOf(got))
		require.True(t, strings.HasPrefix(got.Error(), "cannot do it: "))
		require.ErrorIs(t, got, err)
	}
	f(parley.Transient, &clickhouse.Exception{Code: 241})
	f(parley.Transient, &clickhouse.Exception{Code: 252})
	f(parley.Transient, &clickhouse.Exception{Code: 49, Message: "Coordination::Exception: Session expired"})
	f(parley.Transient, io.ErrUnexpectedEOF)
	f(parley.Transient, &net.OpError{Op: "dial", Err: errors.New("refused")})
	f(parley.Transient, context.DeadlineExceeded)
	f(parley.Transient, driver.ErrBadConn)
	f(parley.Transient, &clickhouse.HTTPError{StatusCode: 503, Err: errors.New("restarting")})
	f(parley.Denied, &clickhouse.Exception{Code: 516})
	f(parley.Internal, &clickhouse.Exception{Code: 60})
	f(parley.Invalid, &clickhouse.Exception{Code: 469})
	f(parley.TooLarge, &clickhouse.Exception{Code: 396})
	f(parley.Full, parley.Errorf(parley.Full, "no room"))
	f(parley.Internal, errors.New("what is this"))
	require.NoError(t, classify("do it", nil))
}

func TestCheckTime(t *testing.T) {
	t.Parallel()
	f := func(ok bool, s string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339Nano, s)
		require.NoError(t, err)
		if ok {
			require.NoError(t, checkTime("sent_at", at))
		} else {
			require.ErrorContains(t, checkTime("sent_at", at), "sent_at")
		}
	}
	f(true, "1970-01-01T00:00:01Z")
	f(true, "2105-12-31T23:59:59.999999Z")
	f(false, "1970-01-01T00:00:00Z")
	f(false, "1969-12-31T23:59:59Z")
	f(false, "2106-01-01T00:00:00Z")
	f(false, "0001-01-01T00:00:00Z")
	require.NoError(t, checkTimeOrZero("x", time.Time{}))
}
