package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/ClickHouse/clickhouse-go/v2"
	drivercolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"parley"
)

// transientCodes are errors of the server after which the same statement may succeed later. The names are
// those of the server.
var transientCodes = map[int32]string{
	3:    "UNEXPECTED_END_OF_FILE",
	33:   "CANNOT_READ_ALL_DATA",
	74:   "CANNOT_READ_FROM_FILE_DESCRIPTOR",
	75:   "CANNOT_WRITE_TO_FILE_DESCRIPTOR",
	76:   "CANNOT_OPEN_FILE",
	96:   "CANNOT_WRITE_TO_SOCKET",
	159:  "TIMEOUT_EXCEEDED",
	160:  "TOO_SLOW",
	172:  "CANNOT_CREATE_DIRECTORY",
	173:  "CANNOT_ALLOCATE_MEMORY",
	198:  "DNS_ERROR",
	202:  "TOO_MANY_SIMULTANEOUS_QUERIES",
	203:  "NO_FREE_CONNECTION",
	204:  "CANNOT_FSYNC",
	209:  "SOCKET_TIMEOUT",
	210:  "NETWORK_ERROR",
	214:  "CANNOT_STATVFS",
	225:  "NO_ZOOKEEPER",
	236:  "ABORTED",
	241:  "MEMORY_LIMIT_EXCEEDED",
	242:  "TABLE_IS_READ_ONLY",
	243:  "NOT_ENOUGH_SPACE",
	244:  "UNEXPECTED_ZOOKEEPER_ERROR",
	252:  "TOO_MANY_PARTS",
	254:  "NO_ACTIVE_REPLICAS",
	265:  "NO_AVAILABLE_REPLICA",
	279:  "ALL_CONNECTION_TRIES_FAILED",
	285:  "TOO_FEW_LIVE_REPLICAS",
	286:  "UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE",
	289:  "REPLICA_IS_NOT_IN_QUORUM",
	319:  "UNKNOWN_STATUS_OF_INSERT",
	341:  "UNFINISHED",
	369:  "ALL_REPLICAS_ARE_STALE",
	373:  "SESSION_IS_LOCKED",
	394:  "QUERY_WAS_CANCELLED",
	410:  "EXTERNAL_SERVER_IS_NOT_RESPONDING",
	415:  "ALL_REPLICAS_LOST",
	425:  "SYSTEM_ERROR",
	439:  "CANNOT_SCHEDULE_TASK",
	473:  "DEADLOCK_AVOIDED",
	499:  "S3_ERROR",
	500:  "AZURE_BLOB_STORAGE_ERROR",
	519:  "NO_REMOTE_SHARD_AVAILABLE",
	574:  "DISTRIBUTED_TOO_MANY_PENDING_BYTES",
	692:  "TOO_MANY_MUTATIONS",
	700:  "USER_SESSION_LIMIT_EXCEEDED",
	733:  "TABLE_IS_BEING_RESTARTED",
	735:  "QUERY_WAS_CANCELLED_BY_CLIENT",
	745:  "SERVER_OVERLOADED",
	762:  "HTTP_CONNECTION_LIMIT_REACHED",
	999:  "KEEPER_EXCEPTION",
	1000: "POCO_EXCEPTION",
	1002: "UNKNOWN_EXCEPTION",
}

// configurationCodes are errors of the server that concern every row alike: who we are, what tables there
// are. Trying again, or trying fewer rows, does not help; a person must act.
var configurationCodes = map[int32]code{
	16:  {"NO_SUCH_COLUMN_IN_TABLE", parley.Internal},
	46:  {"UNKNOWN_FUNCTION", parley.Internal},
	47:  {"UNKNOWN_IDENTIFIER", parley.Internal},
	60:  {"UNKNOWN_TABLE", parley.Internal},
	62:  {"SYNTAX_ERROR", parley.Invalid},
	81:  {"UNKNOWN_DATABASE", parley.Internal},
	115: {"UNKNOWN_SETTING", parley.Internal},
	164: {"READONLY", parley.Denied},
	192: {"UNKNOWN_USER", parley.Denied},
	193: {"WRONG_PASSWORD", parley.Denied},
	195: {"IP_ADDRESS_NOT_ALLOWED", parley.Denied},
	201: {"QUOTA_EXCEEDED", parley.Full},
	291: {"DATABASE_ACCESS_DENIED", parley.Denied},
	497: {"ACCESS_DENIED", parley.Denied},
	516: {"AUTHENTICATION_FAILED", parley.Denied},
	701: {"CLUSTER_DOESNT_EXIST", parley.Internal},
}

// readerCodes are errors of a statement that a person wrote.
var readerCodes = map[int32]code{
	158: {"TOO_MANY_ROWS", parley.TooLarge},
	307: {"TOO_MANY_BYTES", parley.TooLarge},
	396: {"TOO_MANY_ROWS_OR_BYTES", parley.TooLarge},
}

// rowCodes are errors of an insert that one row can cause by what it holds. All others concern the batch.
var rowCodes = map[int32]string{
	6:   "CANNOT_PARSE_TEXT",
	26:  "CANNOT_PARSE_QUOTED_STRING",
	27:  "CANNOT_PARSE_INPUT_ASSERTION_FAILED",
	38:  "CANNOT_PARSE_DATE",
	41:  "CANNOT_PARSE_DATETIME",
	53:  "TYPE_MISMATCH",
	69:  "ARGUMENT_OUT_OF_BOUND",
	70:  "CANNOT_CONVERT_TYPE",
	72:  "CANNOT_PARSE_NUMBER",
	128: "TOO_LARGE_ARRAY_SIZE",
	131: "TOO_LARGE_STRING_SIZE",
	321: "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
	349: "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN",
	407: "DECIMAL_OVERFLOW",
	469: "VIOLATED_CONSTRAINT",
	691: "UNKNOWN_ELEMENT_OF_ENUM",
}

// Codes that mean something else when a person's statement meets them: its limit of time or of memory.
const (
	codeTimeout = 159
	codeMemory  = 241
)

type code struct {
	name string // as the server has it; a test compares
	kind parley.Kind
}

// classify gives an error of driver or server its kind, and says what could not be done. It returns nil for
// nil.
func classify(what string, err error) error {
	if err == nil {
		return nil
	}
	return parley.Errorf(kindOf(err), "cannot %s: %w", what, err)
}

func kindOf(err error) parley.Kind {
	var own *parley.Error
	if errors.As(err, &own) {
		return own.Kind
	}
	if exception, ok := exceptionOf(err); ok {
		if c, found := configurationCodes[exception.Code]; found {
			return c.kind
		}
		if c, found := readerCodes[exception.Code]; found {
			return c.kind
		}
		if _, found := transientCodes[exception.Code]; found || strings.Contains(exception.Message, "Coordination::Exception") {
			return parley.Transient
		}
		return parley.Invalid
	}
	if isNetwork(err) {
		return parley.Transient
	}
	return parley.Internal
}

func exceptionOf(err error) (*clickhouse.Exception, bool) {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		return exception, true
	}
	return nil, false
}

// isNetwork recognises what the driver returns when no server answered, or one stopped in the middle: a
// restart of the engine looks like this.
func isNetwork(err error) bool {
	var network net.Error
	var http *clickhouse.HTTPError
	switch {
	case errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, syscall.ENOENT), // the socket of an engine that is being started
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, clickhouse.ErrAcquireConnTimeout), errors.Is(err, driver.ErrBadConn):
		return true
	case errors.As(err, &http):
		return http.StatusCode == 408 || http.StatusCode == 429 || http.StatusCode >= 502
	}
	return false
}

// concernsRows says whether an error may be the fault of single rows, so that looking for them is worth it.
// The list is closed: a fault that nobody has heard of (of memory, of a disk, of a proxy on the way) must
// never be blamed on rows, or a short one turns a small batch into refusals altogether.
func concernsRows(err error) bool {
	var own *parley.Error
	if errors.As(err, &own) {
		return false // found before the server saw a row
	}
	if exception, ok := exceptionOf(err); ok {
		_, found := rowCodes[exception.Code]
		return found
	}
	// A value the driver cannot put into the column. Its ColumnConverterError speaks of the Go type, which
	// all rows share, and so of the table.
	var value *drivercolumn.Error
	return errors.As(err, &value)
}

// classifyWrite is classify for an insert that failed as a whole. The statement is ours, so a fault that is
// in none of the lists above is the server's or the network's, and the batch is tried again.
func classifyWrite(table string, err error) error {
	kind := kindOf(err)
	var http *clickhouse.HTTPError
	if exception, ok := exceptionOf(err); ok {
		_, configuration := configurationCodes[exception.Code]
		if _, row := rowCodes[exception.Code]; !row && !configuration {
			kind = parley.Transient
		}
	} else if errors.As(err, &http) {
		kind = parley.Transient // not the server: what stands before it
	}
	return parley.Errorf(kind, "cannot write to %s: %w", table, err)
}
