package simulate

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http/httputil"
	"net/url"
	"strconv"
	"time"

	"parley"
)

// Limits of an answer.
const (
	maxAnswerBytes   = 1 << 20
	maxAnswerHeaders = 100
	readBufferBytes  = 16 << 10
)

// target is where a Sender posts to, with the head of every request written ahead.
type target struct {
	address string // host:port
	tls     *tls.Config
	path    string
	host    string
}

// newTarget takes the address of a server, or of its webhook path.
func newTarget(raw string) (*target, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, parley.Errorf(parley.Invalid, "cannot post to %q: an address like http://host:port is needed", raw)
	}
	t := &target{host: u.Host, path: u.EscapedPath()}
	for len(t.path) > 0 && t.path[len(t.path)-1] == '/' {
		t.path = t.path[:len(t.path)-1]
	}
	if t.path == "" {
		t.path = "/webhooks/whatsapp"
	}
	port := u.Port()
	if u.Scheme == "https" {
		t.tls = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	if port == "" {
		port = map[bool]string{false: "80", true: "443"}[t.tls != nil]
	}
	t.address = net.JoinHostPort(u.Hostname(), port)
	return t, nil
}

// appendRequest appends a whole request.
func (t *target) appendRequest(dst []byte, r *Request) []byte {
	dst = append(dst, "POST "...)
	dst = append(dst, t.path...)
	if r.App != "" {
		dst = append(dst, '/')
		dst = append(dst, url.PathEscape(string(r.App))...)
	}
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, t.host...)
	dst = append(dst, "\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\nContent-Type: application/json\r\n"+SignatureHeader+": "...)
	dst = append(dst, r.Signature...)
	dst = append(dst, "\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(r.Body)), 10)
	dst = append(dst, "\r\n\r\n"...)
	return append(dst, r.Body...)
}

// client is one kept-alive connection. It speaks just enough HTTP/1.1 for a POST with a short answer:
// several times cheaper than a general client, which matters where it shares the machine with the server
// it measures. It follows no redirect and uses no proxy. It is not safe for concurrent use.
type client struct {
	target  *target
	timeout time.Duration
	now     func() time.Time
	conn    net.Conn
	read    *bufio.Reader
	cancel  func() bool // stops the watch on the context
}

// roundTrip posts a request and gives the status. An error with sent false means that the server cannot
// have read the request; with sent true it is not known whether the server did its work.
func (c *client) roundTrip(ctx context.Context, request []byte) (code int, sent bool, err error) {
	if c.conn == nil {
		if err := c.dial(ctx); err != nil {
			return 0, false, err
		}
	}
	if err = c.conn.SetDeadline(c.now().Add(c.timeout)); err == nil {
		err = ctx.Err() // after SetDeadline, which undoes what the end of the context set
	}
	if err != nil {
		c.close()
		return 0, false, err
	}
	if n, err := c.conn.Write(request); err != nil {
		// A body cut short cannot have been taken; but a server that refuses it early may have said so.
		code, _, answerErr := readAnswer(c.read)
		c.close()
		if answerErr == nil {
			return code, true, nil
		}
		return 0, n == len(request), err
	}
	code, keep, err := readAnswer(c.read)
	if err != nil || !keep {
		c.close()
	}
	return code, true, err
}

func (c *client) dial(ctx context.Context) error {
	dialCtx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var dialer net.Dialer
	conn, err := dialer.DialContext(dialCtx, "tcp", c.target.address)
	if err != nil {
		return err
	}
	if c.target.tls != nil {
		secure := tls.Client(conn, c.target.tls)
		if err := secure.HandshakeContext(dialCtx); err != nil {
			conn.Close()
			return err
		}
		conn = secure
	}
	if c.read == nil {
		c.read = bufio.NewReaderSize(conn, readBufferBytes)
	} else {
		c.read.Reset(conn)
	}
	c.conn = conn
	c.cancel = context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		c.cancel()
		c.conn.Close()
		c.conn = nil
	}
}

var errAnswer = errors.New("the answer is not HTTP/1.1")

// readAnswer reads an answer to its end, passing over informational ones, and says whether the connection
// can be used again.
func readAnswer(r *bufio.Reader) (code int, keep bool, err error) {
	for range maxAnswerHeaders {
		var length int64
		var chunked bool
		if code, keep, length, chunked, err = readHead(r); err != nil {
			return 0, false, err
		}
		if code >= 100 && code < 200 {
			continue
		}
		return readBody(r, code, keep, length, chunked)
	}
	return 0, false, errAnswer
}

// readBody passes over the body of an answer. One that ends with the connection, or is too long to be
// worth reading, costs the connection but not the answer.
func readBody(r *bufio.Reader, code int, keep bool, length int64, chunked bool) (int, bool, error) {
	switch {
	case code == 204 || code == 304:
	case chunked:
		n, err := io.Copy(io.Discard, io.LimitReader(httputil.NewChunkedReader(r), maxAnswerBytes))
		if err != nil || n == maxAnswerBytes {
			return code, false, err
		}
		for { // trailers end with an empty line
			line, err := r.ReadSlice('\n')
			if err != nil {
				return code, false, err
			}
			if len(bytes.TrimSpace(line)) == 0 {
				break
			}
		}
	case length < 0 || length > maxAnswerBytes:
		return code, false, nil
	default:
		if _, err := r.Discard(int(length)); err != nil {
			return code, false, err
		}
	}
	return code, keep, nil
}

// readHead reads a status line and headers; length is -1 where none is stated.
func readHead(r *bufio.Reader) (code int, keep bool, length int64, chunked bool, err error) {
	fail := func(err error) (int, bool, int64, bool, error) { return 0, false, 0, false, err }
	line, err := r.ReadSlice('\n')
	if err != nil {
		return fail(err)
	}
	if len(line) < len("HTTP/1.1 200\n") || !bytes.HasPrefix(line, []byte("HTTP/1.")) || line[8] != ' ' {
		return fail(errAnswer)
	}
	code, err = strconv.Atoi(string(line[9:12]))
	if err != nil || code < 100 || code > 999 {
		return fail(errAnswer)
	}
	keep, length = line[7] == '1', -1
	for range maxAnswerHeaders {
		if line, err = r.ReadSlice('\n'); err != nil {
			return fail(err)
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			return code, keep, length, chunked, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil || length < 0 {
				return fail(errAnswer)
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("connection")) && bytes.EqualFold(value, []byte("close")):
			keep = false
		}
	}
	return fail(errAnswer)
}
