package engine

import (
	"fmt"
	"io"
	"runtime"
	"unsafe"

	"parley"
)

// session is one connection to the engine inside the process. Settings, the current database and
// parameters live in it; a request opens one and closes it, which costs about half a millisecond and
// makes it impossible that anything of one request reaches the next. A session runs one statement at a
// time and is not safe for concurrent use.
type session struct {
	lib    *library
	handle unsafe.Pointer
	conn   unsafe.Pointer
}

// params are the named parameters of a statement ({name:Type} in the text).
type params struct{ names, values []string }

// summary counts what a statement read and wrote.
type summary struct{ rowsRead, bytesRead, rowsWritten, bytesWritten uint64 }

// engineError is an error as the engine words it: "Code: 62. DB::Exception: ...".
type engineError struct{ message string }

func (e *engineError) Error() string { return e.message }

// openSession connects with arguments of the form --name=value. The first session of the process starts
// the engine; every further one must name the same --path.
func (l *library) openSession(args []string) (*session, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]unsafe.Pointer, 0, len(args)+1)
	for _, a := range append([]string{"clickhouse"}, args...) {
		b := append([]byte(a), 0)
		pin.Pin(&b[0])
		argv = append(argv, unsafe.Pointer(&b[0]))
	}
	handle := l.connect(int32(len(argv)), unsafe.Pointer(&argv[0]))
	if handle == nil {
		return nil, parley.Errorf(parley.Internal, "cannot open a session of the engine")
	}
	return &session{lib: l, handle: handle, conn: *(*unsafe.Pointer)(handle)}, nil
}

func (s *session) close() { s.lib.closeConn(s.handle) }

// call runs one of the three calls that take a statement.
func (s *session) call(f queryFunc, sql []byte, format string, p params) unsafe.Pointer {
	var pin runtime.Pinner
	defer pin.Unpin()
	names, nameLens := pinned(&pin, p.names)
	values, valueLens := pinned(&pin, p.values)
	fb := append([]byte(format), 0)
	sql = sql[:len(sql):len(sql)]
	if len(sql) == 0 {
		sql = []byte{' '}
	}
	return f(s.conn, unsafe.Pointer(&sql[0]), uintptr(len(sql)), unsafe.Pointer(&fb[0]), uintptr(len(format)),
		first(names), first(nameLens), first(values), first(valueLens), uintptr(len(p.names)))
}

func pinned(pin *runtime.Pinner, list []string) ([]unsafe.Pointer, []uintptr) {
	pointers, lengths := make([]unsafe.Pointer, len(list)), make([]uintptr, len(list))
	for i, s := range list {
		b := append([]byte(s), 0)
		pin.Pin(&b[0])
		pointers[i], lengths[i] = unsafe.Pointer(&b[0]), uintptr(len(s))
	}
	return pointers, lengths
}

func first[T any](list []T) unsafe.Pointer {
	if len(list) == 0 {
		return nil
	}
	return unsafe.Pointer(&list[0])
}

// run executes a statement and hands its whole output to write, which must not keep it.
func (s *session) run(sql []byte, format string, p params, write func([]byte) error) (summary, error) {
	result := s.call(s.lib.query, sql, format, p)
	defer s.lib.resultDestroy(result)
	return s.finish(result, write)
}

// finish takes error, output and counts of a finished result.
func (s *session) finish(result unsafe.Pointer, write func([]byte) error) (summary, error) {
	if message := text(s.lib.resultError(result)); message != "" {
		return summary{}, &engineError{message}
	}
	sum := summary{s.lib.rowsRead(result), s.lib.bytesRead(result), s.lib.rowsWritten(result), s.lib.bytesWritten(result)}
	if out := s.lib.view(result); len(out) > 0 && write != nil {
		return sum, write(out)
	}
	return sum, nil
}

// stream executes a statement that reads and hands its output to write piece by piece (a piece is one block,
// about a megabyte), so that a large result is never held whole. When write fails the query is cancelled.
// ok is false when the engine cannot stream this kind of statement; nothing has happened then.
func (s *session) stream(sql []byte, format string, p params, write func([]byte) error) (ok bool, err error) {
	stream := s.call(s.lib.streamQuery, sql, format, p)
	defer s.lib.resultDestroy(stream)
	if message := text(s.lib.resultError(stream)); message != "" {
		if isNotStreamable(message) {
			return false, nil
		}
		return true, &engineError{message}
	}
	for {
		more, err := s.fetch(stream, write)
		if err != nil {
			s.lib.streamCancel(s.conn, stream)
		}
		if err != nil || !more {
			return true, err
		}
	}
}

// fetch passes on one piece of a stream; more is false at its end.
func (s *session) fetch(stream unsafe.Pointer, write func([]byte) error) (more bool, err error) {
	piece := s.lib.streamFetch(s.conn, stream)
	defer s.lib.resultDestroy(piece)
	if message := text(s.lib.resultError(piece)); message != "" {
		return false, &engineError{message}
	}
	out := s.lib.view(piece)
	if len(out) == 0 {
		return false, nil
	}
	return true, write(out)
}

// insertPiece is how much of an insert's data is handed over at a time, in bytes.
const insertPiece = 1 << 20

// insert executes an INSERT without its FORMAT clause and feeds it from data. Nothing is committed unless
// data ends with io.EOF.
func (s *session) insert(sql []byte, format string, p params, data io.Reader) (summary, error) {
	stream := s.call(s.lib.streamInsert, sql, format, p)
	defer s.lib.insertDestroy(stream)
	if message := text(s.lib.insertError(stream)); message != "" {
		return summary{}, &engineError{message}
	}
	if err := s.feed(stream, data); err != nil {
		s.lib.insertCancel(stream)
		return summary{}, err
	}
	result := s.lib.insertDone(stream)
	defer s.lib.resultDestroy(result)
	return s.finish(result, nil)
}

func (s *session) feed(stream unsafe.Pointer, data io.Reader) error {
	piece := make([]byte, insertPiece)
	for {
		n, err := fill(data, piece)
		if n > 0 && s.lib.insertAppend(stream, unsafe.Pointer(&piece[0]), uintptr(n)) != 0 {
			return s.appendError(stream)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("cannot read the data of an insert: %w", err)
		}
	}
}

// fill reads until the piece is full or the data ends. io.ReadFull will not do: it reports the orderly end
// of the data as io.ErrUnexpectedEOF, which is also what a broken connection reports.
func fill(data io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var more int
		more, err = data.Read(piece[n:])
		n += more
	}
	return n, err
}

// appendError says why the engine stopped taking data.
func (s *session) appendError(stream unsafe.Pointer) error {
	if message := text(s.lib.insertError(stream)); message != "" {
		return &engineError{message}
	}
	result := s.lib.insertDone(stream)
	defer s.lib.resultDestroy(result)
	if message := text(s.lib.resultError(result)); message != "" {
		return &engineError{message}
	}
	return &engineError{"Code: 49. DB::Exception: the engine refused the data of an insert. (LOGICAL_ERROR)"}
}

// class is what a statement does, as the engine's own parser sees it.
type class uint32

const (
	classRead    class = 0 // SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS, CHECK
	classWrite   class = 1 // changes a database
	classGlobal  class = 2 // changes what lies outside every database: functions, users
	classControl class = 3 // SET, USE, SYSTEM, KILL, BACKUP, INTO OUTFILE, INSERT INTO FUNCTION
	classUnknown class = 4 // did not parse
)

// analysis is the report on a text: how many statements it holds and what the strongest of them does.
type analysis struct {
	statements int
	class      class
}

// analyse parses a text without running it.
func (s *session) analyse(sql []byte) (analysis, error) {
	if len(sql) == 0 {
		return analysis{class: classUnknown}, nil
	}
	report := struct{ size, statements, flags, class uint32 }{size: 16}
	if s.lib.classifyQuery(s.conn, unsafe.Pointer(&sql[0]), uintptr(len(sql)), nil, 0, unsafe.Pointer(&report)) != 0 {
		return analysis{}, parley.Errorf(parley.Internal, "cannot parse a statement: the engine gave no answer")
	}
	return analysis{int(report.statements), class(report.class)}, nil
}
