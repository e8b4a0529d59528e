package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"parley"
	"parley/pipeline/queue"
)

// Appender is the log as the receiver needs it. Append returns nil only after the record is safe; the
// kinds parley.Full, parley.TooLarge and parley.Transient mean what they say.
type Appender interface {
	Append(ctx context.Context, r queue.Record) error
}

// Receiver answers Meta's webhook requests. It is an http.Handler factory, see Register.
type Receiver struct {
	config  Config
	log     *slog.Logger
	appends Appender
	now     func() time.Time
	newID   func() (parley.RawID, error)

	apps     map[parley.AppID]*app
	inFlight chan struct{}
	room     *semaphore.Weighted // bytes of the bodies in flight
	buffers  sync.Pool
	metrics  *metrics
}

type app struct {
	id       parley.AppID
	verifier *verifier
	tokens   [][sha256.Size]byte
}

// NewReceiver makes a receiver from a valid configuration. newID gives each body its RawID.
func NewReceiver(config Config, appends Appender, log *slog.Logger, now func() time.Time,
	newID func() (parley.RawID, error), registry prometheus.Registerer) *Receiver {
	r := &Receiver{
		config: config, log: log, appends: appends, now: now, newID: newID,
		apps:     make(map[parley.AppID]*app, len(config.Apps)),
		inFlight: make(chan struct{}, config.MaxInFlight),
		room:     semaphore.NewWeighted(config.MaxInFlightBytes),
		buffers:  sync.Pool{New: func() any { return new(bytes.Buffer) }},
		metrics:  newMetrics(registry),
	}
	for _, a := range config.Apps {
		known := &app{id: a.Name, verifier: newVerifier(a.Secrets)}
		for _, token := range a.VerifyTokens {
			known.tokens = append(known.tokens, sha256.Sum256([]byte(token)))
		}
		r.apps[a.Name] = known
	}
	return r
}

// Register adds the webhook paths to a mux.
func (r *Receiver) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /webhooks/whatsapp", r.verifyEndpoint)
	mux.HandleFunc("GET /webhooks/whatsapp/{app}", r.verifyEndpoint)
	mux.HandleFunc("POST /webhooks/whatsapp", r.receive)
	mux.HandleFunc("POST /webhooks/whatsapp/{app}", r.receive)
}

func (r *Receiver) app(req *http.Request) (*app, bool) {
	a, ok := r.apps[parley.AppID(req.PathValue("app"))]
	return a, ok
}

// maxChallenge bounds the text that verifyEndpoint gives back.
const maxChallenge = 1024

// verifyEndpoint answers the check Meta makes when the endpoint is registered: the bare challenge, if the
// token is ours. The challenge is a stranger's text, so it goes out as plain text and is never sniffed.
func (r *Receiver) verifyEndpoint(w http.ResponseWriter, req *http.Request) {
	a, ok := r.app(req)
	if !ok {
		r.refuse(w, parley.NotFound, "there is no app of this name here")
		return
	}
	q := req.URL.Query()
	challenge := q.Get("hub.challenge")
	if q.Get("hub.mode") != "subscribe" || challenge == "" || len(challenge) > maxChallenge {
		r.refuse(w, parley.Invalid, "hub.mode must be subscribe and hub.challenge must be there")
		return
	}
	given, match := sha256.Sum256([]byte(q.Get("hub.verify_token"))), 0
	for _, token := range a.tokens {
		match |= subtle.ConstantTimeCompare(given[:], token[:])
	}
	if match != 1 {
		r.refuse(w, parley.Denied, "hub.verify_token is not the one configured")
		return
	}
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	io.WriteString(w, challenge)
}

// receive keeps one body and answers 200 when it is safe.
func (r *Receiver) receive(w http.ResponseWriter, req *http.Request) {
	select {
	case r.inFlight <- struct{}{}:
		defer func() { <-r.inFlight }()
	default:
		r.refuse(w, parley.Full, "too many webhooks at once")
		return
	}
	begin := r.now()
	a, ok := r.app(req)
	if !ok {
		r.refuse(w, parley.NotFound, "there is no app of this name here")
		return
	}
	size := req.ContentLength
	if size < 0 || size > r.config.MaxBody {
		size = r.config.MaxBody
	}
	if !r.room.TryAcquire(size) {
		r.refuse(w, parley.Full, "too many large webhooks at once")
		return
	}
	defer r.room.Release(size)
	if _, ok := parseSignature(req.Header.Get(SignatureHeader)); !ok {
		r.unauthorized(w) // no body can be signed by this
		return
	}
	buffer := r.buffers.Get().(*bytes.Buffer)
	defer r.release(buffer)
	if err := r.read(w, req, buffer); err != nil {
		if parley.KindOf(err) == parley.TooLarge { // a sender that still writes would see a broken connection and no answer
			io.CopyN(io.Discard, req.Body, 2*r.config.MaxBody)
		}
		r.refuseError(w, err)
		return
	}
	if !a.verifier.verify(req.Header.Get(SignatureHeader), buffer.Bytes()) {
		r.unauthorized(w)
		return
	}
	id, err := r.newID()
	if err != nil {
		r.refuseError(w, parley.Errorf(parley.Transient, "cannot make an id: %w", err))
		return
	}
	err = r.appends.Append(req.Context(), queue.Record{Raw: id, ReceivedAt: begin, App: a.id, Body: buffer.Bytes()})
	if err != nil {
		r.refuseError(w, err)
		return
	}
	r.metrics.accepted(buffer.Len(), r.now().Sub(begin))
	w.WriteHeader(http.StatusOK)
}

// read takes the body as it comes, at most MaxBody bytes; the server's ReadTimeout bounds how long.
func (r *Receiver) read(w http.ResponseWriter, req *http.Request, buffer *bytes.Buffer) error {
	if req.ContentLength > r.config.MaxBody {
		return parley.Errorf(parley.TooLarge, "cannot take body: %d bytes, at most %d are taken", req.ContentLength, r.config.MaxBody)
	}
	if enc := req.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return parley.Errorf(parley.Invalid, "cannot take body: Content-Encoding must not be set, the signature is over the bytes received")
	}
	if req.ContentLength > 0 { // what is announced is not yet there: a large body makes its room as it comes
		buffer.Grow(int(min(req.ContentLength, firstRoom)) + bytes.MinRead)
	}
	_, err := buffer.ReadFrom(http.MaxBytesReader(w, req.Body, r.config.MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return parley.Errorf(parley.TooLarge, "cannot take body: more than %d bytes", r.config.MaxBody)
	case err != nil:
		return parley.Errorf(parley.Transient, "cannot read body: %w", err)
	}
	return nil
}

// firstRoom is the room that a body is given before it has come.
const firstRoom = 64 << 10

// keepBuffer bounds the buffers that are kept for reuse.
const keepBuffer = 256 << 10

func (r *Receiver) release(buffer *bytes.Buffer) {
	if buffer.Cap() <= keepBuffer {
		buffer.Reset()
		r.buffers.Put(buffer)
	}
}

// unauthorized answers a missing or wrong signature. It says no more than that.
func (r *Receiver) unauthorized(w http.ResponseWriter) {
	r.metrics.refused.WithLabelValues("unauthorized").Inc()
	http.Error(w, SignatureHeader+" is missing or not the signature of this body", http.StatusUnauthorized)
}

// refuseError answers an error by its kind. Meta tries again later whatever the status, so nothing is lost.
func (r *Receiver) refuseError(w http.ResponseWriter, err error) {
	kind := parley.KindOf(err)
	if kind == parley.Internal {
		kind = parley.Transient // the body was not kept: Meta must come again
	}
	r.log.Warn("webhook refused", "kind", kind.String(), "error", err)
	text := "the webhook cannot be kept now"
	if kind == parley.TooLarge || kind == parley.Invalid {
		text = err.Error()
	}
	r.refuse(w, kind, text)
}

// retryAfter is what a refused sender is asked to wait, in seconds.
const retryAfter = 5

func (r *Receiver) refuse(w http.ResponseWriter, kind parley.Kind, text string) {
	r.metrics.refused.WithLabelValues(kind.String()).Inc()
	if kind.Retriable() {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	http.Error(w, text, kind.HTTPStatus())
}
