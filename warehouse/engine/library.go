package engine

import (
	"unsafe"

	"github.com/ebitengine/purego"

	"parley"
)

// library holds the calls into libchdb. Handles are pointers into C memory; nothing here keeps a pointer to
// Go memory after a call has returned.
//
// Once the engine has started, the process has no handlers for SIGSEGV, SIGBUS, SIGILL, SIGFPE and SIGABRT
// (the engine resets them on every connect): a fault ends the child at once, and the parent starts another.
type library struct {
	version           func() unsafe.Pointer
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn         func(handle unsafe.Pointer)
	shutdown          func() int32
	classifyQuery     func(conn, sql unsafe.Pointer, sqlLen uintptr, db unsafe.Pointer, dbLen uintptr, out unsafe.Pointer) int32
	query             queryFunc
	streamQuery       queryFunc
	streamFetch       func(conn, stream unsafe.Pointer) unsafe.Pointer
	streamCancel      func(conn, stream unsafe.Pointer)
	streamInsert      queryFunc
	insertAppend      func(stream, data unsafe.Pointer, n uintptr) int32
	insertDone        func(stream unsafe.Pointer) unsafe.Pointer
	insertCancel      func(stream unsafe.Pointer)
	insertError       func(stream unsafe.Pointer) unsafe.Pointer
	insertDestroy     func(stream unsafe.Pointer)
	resultDestroy     func(result unsafe.Pointer)
	resultBuffer      func(result unsafe.Pointer) unsafe.Pointer
	resultLength      func(result unsafe.Pointer) uintptr
	resultError       func(result unsafe.Pointer) unsafe.Pointer
	rowsRead          func(result unsafe.Pointer) uint64
	bytesRead         func(result unsafe.Pointer) uint64
	rowsWritten       func(result unsafe.Pointer) uint64
	bytesWritten      func(result unsafe.Pointer) uint64
}

// queryFunc is the shape of the three calls that take a statement, a format and parameters: text with
// lengths, then four arrays (names, their lengths, values, their lengths) and their length.
type queryFunc func(conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, n uintptr) unsafe.Pointer

// openLibrary loads the library and finds every call that is needed, so that another version of it is
// refused here and not in the middle of a query.
func openLibrary(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return nil, parley.Errorf(parley.Invalid, "cannot load the engine library %s: %w", path, err)
	}
	l := &library{}
	for name, call := range l.calls() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, parley.Errorf(parley.Invalid, "cannot use the engine library %s: it has no %s", path, name)
		}
		purego.RegisterFunc(call, address)
	}
	l.setSignalHandlers(0)
	return l, nil
}

func (l *library) calls() map[string]any {
	return map[string]any{
		"chdb_version":                     &l.version,
		"chdb_set_signal_handlers_enabled": &l.setSignalHandlers,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_shutdown":                    &l.shutdown,
		"chdb_classify_query_n":            &l.classifyQuery,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.streamQuery,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamCancel,
		"chdb_stream_insert_with_params_n": &l.streamInsert,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertDestroy,
		"chdb_destroy_query_result":        &l.resultDestroy,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_storage_rows_read":    &l.rowsRead,
		"chdb_result_storage_bytes_read":   &l.bytesRead,
		"chdb_result_rows_written":         &l.rowsWritten,
		"chdb_result_bytes_written":        &l.bytesWritten,
	}
}

// maxErrorText bounds an error message taken from the engine, in bytes.
const maxErrorText = 16 << 10

// text copies a NUL-terminated string, cut at maxErrorText.
func text(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for n < maxErrorText && *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}

// view gives the bytes of a result without copying them; they are valid until the result is destroyed.
func (l *library) view(result unsafe.Pointer) []byte {
	n := l.resultLength(result)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(l.resultBuffer(result)), n)
}
