package engine

import (
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// request is a statement as it came over HTTP, taken apart.
type request struct {
	sql      []byte
	insert   bool // the body is data: sql is an INSERT without its FORMAT clause
	data     io.Reader
	format   string
	database string
	settings []string // --name=value, sorted
	params   params
}

// Bounds on a request. Statement text is held in memory three times (here, in the engine, in its parser).
const (
	maxStatement = 16 << 20
	maxSettings  = 256
	maxParams    = 4096
)

// ignoredArguments are URL parameters of ClickHouse's HTTP protocol that change nothing here.
var ignoredArguments = []string{"query", "database", "default_format", "client_protocol_version", "query_id",
	"quota_key", "wait_end_of_query", "buffer_size", "user", "session_timeout", "session_check"}

// refusedArguments would change what the bytes mean, or would keep a session beyond its request.
var refusedArguments = []string{"compress", "decompress", "session_id", "role", "password", "stacktrace"}

// identifier is the only form of database name that is taken: it needs no quoting.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,127}$`)

// formatClause is the end of an INSERT that came without data in its text.
var formatClause = regexp.MustCompile(`(?is)^(.*\S)\s+FORMAT\s+([A-Za-z][A-Za-z0-9_]*)[\s;]*$`)

// insertWord recognises the statements whose data may follow in the body.
var insertWord = regexp.MustCompile(`(?is)^\s*INSERT\s`)

// readRequest takes an HTTP request apart. known is the set of setting names the engine has.
func readRequest(r *http.Request, known map[string]bool) (*request, error) {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, exception(codeNotImplemented, "NOT_IMPLEMENTED",
			"compressed requests are not supported by the embedded engine; use compression none")
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		return nil, exception(codeNotImplemented, "NOT_IMPLEMENTED", "external tables are not supported by the embedded engine")
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, exception(codeBadArguments, "BAD_ARGUMENTS", "the URL's parameters cannot be read")
	}
	out := &request{format: q.Get("default_format"), database: q.Get("database")}
	if out.format == "" {
		out.format = "TabSeparated"
	}
	if !identifier.MatchString(out.format) {
		return nil, exception(codeBadArguments, "BAD_ARGUMENTS", "default_format is no format name")
	}
	if out.database != "" && !identifier.MatchString(out.database) {
		return nil, exception(codeBadArguments, "BAD_ARGUMENTS", "database is no plain identifier")
	}
	if err := out.takeArguments(q, known); err != nil {
		return nil, err
	}
	return out, out.takeStatement(q.Get("query"), r.Body)
}

// takeArguments sorts the URL's parameters into parameters of the statement and settings of the session.
func (r *request) takeArguments(q url.Values, known map[string]bool) error {
	for name, values := range q {
		value := values[len(values)-1]
		switch param, isParam := strings.CutPrefix(name, "param_"); {
		case slices.Contains(ignoredArguments, name):
		case isParam:
			r.params.names, r.params.values = append(r.params.names, param), append(r.params.values, value)
		case slices.Contains(refusedArguments, name) && value != "0" && value != "":
			return exception(codeNotImplemented, "NOT_IMPLEMENTED", name+" is not supported by the embedded engine")
		case slices.Contains(refusedArguments, name):
		case !known[name]:
			return exception(codeUnknownSetting, "UNKNOWN_SETTING", "there is no setting "+quoteName(name))
		case strings.ContainsRune(value, 0):
			return exception(codeBadArguments, "BAD_ARGUMENTS", "the value of "+name+" holds a zero byte")
		default:
			r.settings = append(r.settings, "--"+name+"="+value)
		}
	}
	if len(r.settings) > maxSettings || len(r.params.names) > maxParams {
		return exception(codeBadArguments, "BAD_ARGUMENTS", "too many settings or parameters")
	}
	slices.Sort(r.settings)
	return nil
}

// takeStatement finds the statement: in the URL with the data of an INSERT in the body, or in either, or
// its beginning in one and its end in the other.
func (r *request) takeStatement(inURL string, body io.Reader) error {
	if insertWord.MatchString(inURL) {
		if m := formatClause.FindStringSubmatch(inURL); m != nil {
			r.sql, r.format, r.insert, r.data = []byte(m[1]), m[2], true, body
			return nil
		}
	}
	sql, err := io.ReadAll(io.LimitReader(body, maxStatement+1))
	if err != nil {
		return exception(codeNetworkFailed, "NETWORK_ERROR", "cannot read the statement: "+err.Error())
	}
	if len(sql) > maxStatement {
		return exception(codeTooLarge, "TOO_MANY_BYTES", "a statement may have at most 16 MiB; send data with the INSERT in the URL")
	}
	if inURL != "" {
		sql = append([]byte(inURL+"\n"), sql...)
	}
	r.sql = sql
	return nil
}

// quoteName makes a name that came from outside fit for an error message.
func quoteName(name string) string {
	if len(name) > 64 || !identifier.MatchString(name) {
		return "of that name"
	}
	return name
}
