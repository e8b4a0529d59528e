package engine

import (
	"bytes"
	"crypto/rand"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
	"github.com/stretchr/testify/require"

	"parley"
)

var update = flag.Bool("update", false, "write the golden files")

func TestLocate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "libchdb.so")
	_, err := Locate(path)
	require.Equal(t, parley.NotFound, parley.KindOf(err))
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	got, err := Locate(path)
	require.NoError(t, err)
	require.Equal(t, path, got)
	_, err = Locate(filepath.Dir(path))
	require.Equal(t, parley.NotFound, parley.KindOf(err))
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"/opt/p/bin/libchdb.so",
		"/opt/p/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so",
		"/home/u/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so",
		"/home/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so",
		"/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so",
	}, candidates("/opt/p/bin", "/home/u", "linux", "amd64"))
	require.Equal(t, "lib-darwin-arm64", modulePackage("darwin", "arm64"))
	require.Equal(t, "lib-linux-arm64-gnu", modulePackage("linux", "arm64"))
	require.Len(t, candidates("", "/"+strings.Repeat("d/", 100), "linux", "amd64"), maxParents)
}

func TestHello(t *testing.T) {
	t.Parallel()
	got := hello("parley engine", "26.7.2.1", "UTC")
	golden := filepath.Join("testdata", "hello.bin")
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, want, got)
	var block proto.Block // as clickhouse-go reads it
	require.NoError(t, block.Decode(chproto.NewReader(bytes.NewReader(got)), clickhouse.ClientTCPProtocolVersion))
	require.Equal(t, []string{"displayName()", "version()", "revision()", "timezone()"}, block.ColumnsNames())
	require.Equal(t, "26.7.2.1", block.Columns[1].Row(0, false))
	require.EqualValues(t, 0, block.Columns[2].Row(0, false))
}

func TestExceptionCode(t *testing.T) {
	t.Parallel()
	f := func(message string, want int) {
		t.Helper()
		require.Equal(t, want, exceptionCode(message))
	}
	f("Code: 62. DB::Exception: Syntax error", 62)
	f("Code: x. y", codeLogicalError)
	f("Code: 62", codeLogicalError)
	f("Code: -1. y", codeLogicalError)
	f("", codeLogicalError)
	f("anything", codeLogicalError)
	require.Equal(t, "Code: 49. DB::Exception: plain (LOGICAL_ERROR)", asException(&engineError{"plain"}).message)
	require.Equal(t, "Code: 49. DB::Exception: EOF (LOGICAL_ERROR)", asException(io.EOF).message)
}

func TestReadRequest(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"max_threads": true, "readonly": true}
	f := func(query, body string) *request {
		t.Helper()
		r, err := readRequest(httptest.NewRequest("POST", "/?"+query, strings.NewReader(body)), known)
		require.NoError(t, err)
		return r
	}
	r := f("database=d&default_format=Native&param_a=1%272&readonly=1&max_threads=2&query_id=q", "SELECT {a:String}")
	require.Equal(t, &request{sql: []byte("SELECT {a:String}"), format: "Native", database: "d",
		settings: []string{"--max_threads=2", "--readonly=1"}, params: params{[]string{"a"}, []string{"1'2"}}}, r)
	r = f("query="+url.QueryEscape("INSERT INTO t (a, b) \n format Native ; "), "\x00;DROP")
	require.True(t, r.insert)
	require.Equal(t, "INSERT INTO t (a, b)", string(r.sql))
	require.Equal(t, "Native", r.format)
	r = f("query="+url.QueryEscape("INSERT INTO t VALUES"), "(1)")
	require.False(t, r.insert)
	require.Equal(t, "INSERT INTO t VALUES\n(1)", string(r.sql))
	_, err := readRequest(httptest.NewRequest("POST", "/", io.LimitReader(zeros{}, maxStatement+10)), known)
	require.ErrorContains(t, err, "TOO_MANY_BYTES")
}

// zeros is an endless reader.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func FuzzReadRequest(f *testing.F) {
	f.Add("query=INSERT+INTO+t+FORMAT+Native&max_threads=1", "data")
	f.Add("database=x&param_a=b&default_format=CSV", "SELECT 1")
	f.Add("%zz", "")
	f.Fuzz(func(t *testing.T, query, body string) {
		r := &http.Request{Method: "POST", URL: &url.URL{Path: "/", RawQuery: query}, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		req, err := readRequest(r, map[string]bool{"max_threads": true})
		if err != nil {
			require.True(t, strings.HasPrefix(asException(err).message, "Code: "))
			return
		}
		require.True(t, req.database == "" || identifier.MatchString(req.database))
		for _, s := range req.settings {
			require.True(t, strings.HasPrefix(s, "--max_threads="))
			require.NotContains(t, s, "\x00")
		}
		require.Equal(t, len(req.params.names), len(req.params.values))
	})
}

func FuzzReadLine(f *testing.F) {
	f.Add([]byte("a\nb"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		line, err := readLine(r)
		if err == nil {
			require.Equal(t, string(in[:len(line)]), string(line))
			require.Equal(t, len(in)-len(line)-1, r.Len()) // what follows is untouched
		}
	})
}

func TestFill(t *testing.T) {
	t.Parallel()
	f := func(r io.Reader, want string, end error) {
		t.Helper()
		piece := make([]byte, 4)
		n, err := fill(r, piece)
		require.Equal(t, want, string(piece[:n]))
		require.ErrorIs(t, err, end)
	}
	f(strings.NewReader("abcdef"), "abcd", nil)
	f(iotest.OneByteReader(strings.NewReader("abc")), "abc", io.EOF)
	f(iotest.DataErrReader(strings.NewReader("abc")), "abc", io.EOF)
	f(io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(io.ErrUnexpectedEOF)), "ab", io.ErrUnexpectedEOF)
}

func TestLogLinesAreBounded(t *testing.T) {
	t.Parallel()
	log := &lines{}
	logLines(strings.NewReader("one\n"+strings.Repeat("x", 3*maxLogLine)+"\nthree"), slog.New(slog.NewTextHandler(log, nil)))
	require.Equal(t, 3, strings.Count(log.String(), "engine: "))
	require.Less(t, len(log.String()), 2*maxLogLine)
	require.Contains(t, log.String(), "three")
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	f := func(change func(*Config), ok bool) {
		t.Helper()
		c := Config{Dir: "d", Library: "l", Random: rand.Reader}
		change(&c)
		_, err := New(c, slog.New(slog.DiscardHandler))
		require.Equal(t, ok, err == nil)
		if !ok {
			require.Equal(t, parley.Invalid, parley.KindOf(err))
		}
	}
	f(func(*Config) {}, true)
	f(func(c *Config) { c.Dir = "" }, false)
	f(func(c *Config) { c.Library = "" }, false)
	f(func(c *Config) { c.Random = nil }, false)
	f(func(c *Config) { c.Memory = 1 << 20 }, false)
	f(func(c *Config) { c.Queries = -1 }, false)
	f(func(c *Config) { c.Database = "a b" }, false)
}

// TestGivesUp has a child that answers at first and never again.
func TestGivesUp(t *testing.T) {
	t.Parallel()
	s, _ := started(t, nil)
	s.pace.last = s.pace.first
	broken := filepath.Join(s.config.Dir, "broken")
	require.NoError(t, os.WriteFile(broken, []byte("#!/bin/sh\nexit 3\n"), 0o700))
	s.config.Command = []string{broken}
	s.child().kill()
	select {
	case err := <-s.Failed():
		require.ErrorContains(t, err, "in a row")
	case <-time.After(patience):
		t.Fatal("it did not give up")
	}
	require.EqualValues(t, usualPace.failures, s.Restarts())
	require.Error(t, s.Ready())
	_, err := s.await(t.Context())
	require.Equal(t, parley.Transient, parley.KindOf(err))
}
