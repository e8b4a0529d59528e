package engine

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"parley"
)

// server speaks ClickHouse's HTTP protocol for the engine in this process.
type server struct {
	lib     *library
	args    []string // of every session: they name the engine's path
	root    *session // kept open for the life of the process: the engine stops with its last session
	secret  string
	hello   []byte
	known   map[string]bool // setting names
	maxBody int64

	running chan struct{} // one place per query that runs
	waiting atomic.Int64  // queries that run or wait for a place
	ids     atomic.Uint64
}

// maxWaiting bounds the queries that run or wait.
const maxWaiting = 1024

// newServer starts the engine and learns what it must know to answer for it.
func newServer(lib *library, args []string, secret string, queries int, maxBody int64) (*server, error) {
	if secret == "" {
		return nil, parley.Errorf(parley.Invalid, "cannot serve the engine: no secret was given")
	}
	root, err := lib.openSession(args)
	if err != nil {
		return nil, parley.Errorf(parley.Transient, "cannot start the engine: it gave no reason; another engine may still have the folder open")
	}
	s := &server{lib: lib, args: args, root: root, secret: secret, maxBody: maxBody, known: map[string]bool{},
		running: make(chan struct{}, queries)}
	if err := s.learn(); err != nil {
		root.close()
		return nil, err
	}
	return s, nil
}

// learn asks the engine for its version and the names of its settings.
func (s *server) learn() error {
	var version, zone string
	_, err := s.root.run([]byte("SELECT version(), timezone()"), "TabSeparated", params{}, func(b []byte) error {
		version, zone, _ = strings.Cut(strings.TrimSuffix(string(b), "\n"), "\t")
		return nil
	})
	if err != nil {
		return err
	}
	s.hello = hello("parley engine", version, zone)
	_, err = s.root.run([]byte("SELECT name FROM system.settings"), "TabSeparated", params{}, func(b []byte) error {
		for name := range strings.Lines(string(b)) {
			s.known[strings.TrimSuffix(name, "\n")] = true
		}
		return nil
	})
	return err
}

// close ends the last session, which writes out and stops the engine.
func (s *server) close() {
	s.root.close()
	s.lib.shutdown()
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ping" {
		io.WriteString(w, "Ok.\n")
		return
	}
	if !s.authentic(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="parley engine"`)
		fail(w, http.StatusUnauthorized, exception(codeAuthentication, "AUTHENTICATION_FAILED", "the secret is missing or wrong"))
		return
	}
	if r.Method != http.MethodPost {
		fail(w, http.StatusMethodNotAllowed, exception(codeBadArguments, "BAD_ARGUMENTS", "statements are sent with POST"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, s.maxBody)
	req, err := readRequest(r, s.known)
	if err != nil {
		fail(w, http.StatusBadRequest, asException(err))
		return
	}
	if string(req.sql) == helloQuery && req.format == "Native" {
		w.Write(s.hello)
		return
	}
	if err := s.enter(r.Context()); err != nil {
		fail(w, http.StatusServiceUnavailable, asException(err))
		return
	}
	defer s.leave()
	s.answer(w, r, req)
}

// authentic compares the secret in constant time. The user's name is of no consequence.
func (s *server) authentic(r *http.Request) bool {
	given := r.Header.Get("X-ClickHouse-Key")
	if given == "" {
		_, given, _ = r.BasicAuth()
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(s.secret)) == 1
}

// enter waits for a place among the running queries.
func (s *server) enter(ctx context.Context) error {
	if s.waiting.Add(1) > maxWaiting {
		s.waiting.Add(-1)
		return exception(codeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "too many queries wait for the embedded engine")
	}
	select {
	case s.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		s.waiting.Add(-1)
		return exception(codeCancelled, "QUERY_WAS_CANCELLED", "the caller went away")
	}
}

func (s *server) leave() {
	<-s.running
	s.waiting.Add(-1)
}

// answer runs one statement in a session of its own.
func (s *server) answer(w http.ResponseWriter, r *http.Request, req *request) {
	// The tag is how a running query is found again to be killed; it takes the place of a log_comment.
	tag := "parley-" + strconv.FormatUint(s.ids.Add(1), 10)
	args := append(append(s.args[:len(s.args):len(s.args)], req.settings...), "--log_comment="+tag)
	session, err := s.lib.openSession(args)
	if err != nil {
		fail(w, http.StatusInternalServerError, exception(codeBadArguments, "BAD_ARGUMENTS",
			"the engine refused a setting's value ("+settingNames(req.settings)+")"))
		return
	}
	defer session.close()
	done := make(chan struct{})
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		s.killWhenGone(r.Context(), done, tag)
	}()
	out := &output{w: w, format: req.format}
	sum, err := s.execute(session, req, out)
	close(done)
	<-killed
	out.finish(sum, err)
}

func settingNames(settings []string) string {
	names := make([]string, len(settings))
	for i, s := range settings {
		names[i], _, _ = strings.Cut(strings.TrimPrefix(s, "--"), "=")
	}
	return strings.Join(names, ", ")
}

// execute checks what the text is and runs it in the way that suits it.
func (s *server) execute(session *session, req *request, out *output) (summary, error) {
	a, err := session.analyse(req.sql)
	if err != nil {
		return summary{}, err
	}
	if err := allowed(req.sql, a); err != nil {
		return summary{}, err
	}
	if req.database != "" {
		if _, err := session.run([]byte("USE "+req.database), "Null", params{}, nil); err != nil {
			return summary{}, err
		}
	}
	if req.insert {
		return session.insert(req.sql, req.format, req.params, req.data)
	}
	if a.class == classRead {
		if ok, err := session.stream(req.sql, req.format, req.params, out.write); ok {
			return summary{}, err
		}
	}
	return session.run(req.sql, req.format, req.params, out.write)
}

// allowed refuses what a ClickHouse server refuses over HTTP and the library would do: several statements in
// one text, and a result written to a file of the server.
func allowed(sql []byte, a analysis) error {
	switch {
	case a.statements > 1:
		return exception(codeSyntaxError, "SYNTAX_ERROR", "several statements in one request are not allowed")
	case a.statements == 0 && strings.Contains(string(sql), ";"):
		// The library would run what stands before the first semicolon before it finds the rest wrong.
		return exception(codeSyntaxError, "SYNTAX_ERROR", "cannot parse the statement, or it is more than one")
	case a.class == classControl && writesFile(string(sql)):
		return exception(codeOutfile, "INTO_OUTFILE_NOT_ALLOWED", "INTO OUTFILE is not allowed over HTTP")
	}
	return nil
}

// writesFile tells INTO OUTFILE from the other control statements, none of which has that word outside of a
// name or a literal; those are refused with it.
func writesFile(sql string) bool {
	return strings.Contains(strings.ToUpper(sql), "OUTFILE")
}

// killPause is how long a kill waits before it tries again: a query that has not begun yet cannot be killed.
const killPause = 50 * time.Millisecond

// killWhenGone kills the query tagged so when its caller goes away before it is done.
func (s *server) killWhenGone(ctx context.Context, done <-chan struct{}, tag string) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	for {
		s.kill(tag)
		select {
		case <-done:
			return
		case <-time.After(killPause):
		}
	}
}

func (s *server) kill(tag string) {
	session, err := s.lib.openSession(s.args)
	if err != nil {
		return
	}
	defer session.close()
	// An error says that the query is not there (any more).
	_, _ = session.run([]byte("KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC"), "Null",
		params{[]string{"tag"}, []string{tag}}, nil)
}

// output writes a result, or what went wrong, in the form ClickHouse's HTTP clients expect.
type output struct {
	w       http.ResponseWriter
	format  string
	started bool
}

func (o *output) write(b []byte) error {
	if !o.started {
		o.started = true
		o.w.Header().Set("X-ClickHouse-Format", o.format)
		o.w.Header().Set("Content-Type", "application/octet-stream")
	}
	_, err := o.w.Write(b)
	return err
}

// finish ends the answer. An error after the first byte of a result can only be told inside the body; the
// frame is the one clickhouse-go looks for when a block cannot be decoded.
func (o *output) finish(sum summary, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil && !o.started:
		o.w.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(
			`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d"}`,
			sum.rowsRead, sum.bytesRead, sum.rowsWritten, sum.bytesWritten))
		o.w.WriteHeader(http.StatusOK)
	case err == nil:
	case errors.As(err, &tooLarge):
		fail(o.w, http.StatusRequestEntityTooLarge, exception(codeTooLarge, "TOO_MANY_BYTES",
			fmt.Sprintf("an insert may have at most %d bytes", tooLarge.Limit)))
	case o.started:
		io.WriteString(o.w, "\r\n__exception__\r\n"+asException(err).message+"\r\n__exception__\r\n")
	default:
		fail(o.w, http.StatusInternalServerError, asException(err))
	}
}

// fail answers with an exception as a ClickHouse server does.
func fail(w http.ResponseWriter, status int, e *engineError) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(exceptionCode(e.message)))
	w.WriteHeader(status)
	io.WriteString(w, e.message+"\n")
}
