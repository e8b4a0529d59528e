package queue

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"parley"
)

const (
	// frameRoom is the room of a frame beside its largest record: further records, and NATS' own headers.
	frameRoom = 256 << 10
	// frameTarget is the size in bytes at which a frame takes no further record.
	frameTarget = 1 << 20
	// headerRoom is the room of a frame's own head and of what NATS adds to a message.
	headerRoom = 4 << 10
	// stateRoom is the room of the state beside the stream, in bytes.
	stateRoom = 8 << 20
)

// Log is the log. Start it, Append from any goroutine, read with NewReader, and Stop it: what was begun is
// synced or refused before Stop returns.
type Log struct {
	config Config
	log    *slog.Logger
	now    func() time.Time
	attach bool

	server *embedded // nil for a log elsewhere
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream
	state  jetstream.KeyValue

	committer *committer
	stopOnce  sync.Once
}

// New makes a log from a valid configuration.
func New(config Config, log *slog.Logger, now func() time.Time) *Log {
	return &Log{config: config, log: log, now: now}
}

// NewAttached makes a log for a second process on the same machine: it uses the server that has the folder
// open when there is one, and opens the folder itself otherwise.
func NewAttached(config Config, log *slog.Logger, now func() time.Time) *Log {
	l := New(config, log, now)
	l.attach = true
	return l
}

// Start opens the log, making what does not exist yet.
func (l *Log) Start(ctx context.Context) error {
	if err := l.connect(ctx); err != nil {
		l.close()
		return err
	}
	if err := l.open(ctx); err != nil {
		l.close()
		return err
	}
	l.committer = newCommitter(l)
	go l.committer.run()
	return nil
}

func (l *Log) connect(ctx context.Context) error {
	options := []nats.Option{nats.Name("parley"), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { l.log.Warn("log connection", "error", err) })}
	address := l.config.URL
	switch {
	case address != "":
		if l.config.Credentials != "" {
			options = append(options, nats.UserCredentials(l.config.Credentials))
		}
	default:
		if l.attach {
			if conn := l.dialRunning(options); conn != nil {
				l.conn = conn
				break
			}
		}
		server, err := startEmbedded(ctx, l.config, l.log, rand.Reader)
		if err != nil {
			return err
		}
		l.server = server
		options = append(options, server.options()...)
	}
	if l.conn == nil {
		conn, err := nats.Connect(address, options...)
		if err != nil {
			return parley.Errorf(parley.Transient, "cannot connect to log at %s: %w", redact(address), scrub(err))
		}
		l.conn = conn
	}
	if room := l.conn.MaxPayload(); int64(l.config.MaxRecord+recordOverhead+64) > room {
		return parley.Errorf(parley.Invalid, "cannot use log: its max_payload is %d bytes, log.max_record needs %d", room, l.config.MaxRecord+recordOverhead+64)
	}
	js, err := jetstream.New(l.conn)
	if err != nil {
		return err
	}
	l.js = js
	return nil
}

// dialRunning reaches the log of a running server; nil when none answers.
func (l *Log) dialRunning(options []nats.Option) *nats.Conn {
	a, err := readAttachment(l.config.Dir)
	if err != nil {
		return nil
	}
	conn, err := nats.Connect(a.URL, append(options, nats.Token(a.Token), nats.Timeout(2*time.Second))...)
	if err != nil {
		return nil
	}
	return conn
}

func (l *Log) open(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	stream, err := l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: l.config.Stream, Subjects: []string{l.subject()}, Description: "Parley: webhook bodies as they arrived",
		Storage: jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxBytes: l.config.MaxBytes, Replicas: l.config.Replicas, MaxMsgSize: int32(l.config.MaxRecord + frameRoom),
		AllowDirect: true, Duplicates: time.Second,
	})
	if err != nil {
		return parley.Errorf(parley.Transient, "cannot open log stream %s: %w", l.config.Stream, err)
	}
	state, err := l.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: l.config.Stream + "_state", Description: "Parley: how far the log is worked off",
		Storage: jetstream.FileStorage, Replicas: l.config.Replicas, History: 1, MaxBytes: stateRoom / 2,
	})
	if err != nil {
		return parley.Errorf(parley.Transient, "cannot open log state: %w", err)
	}
	l.stream, l.state = stream, state
	return nil
}

func (l *Log) subject() string { return strings.ToLower(l.config.Stream) + ".raw" }

// Append adds a record and returns after it is synced. The body belongs to the caller again afterwards.
//
// Errors: parley.TooLarge for a body over MaxRecord; parley.Full when the log has no room; parley.Transient
// when the sync failed or its outcome is unknown, then the record may be in the log all the same.
func (l *Log) Append(ctx context.Context, r Record) error {
	if len(r.Body) > l.config.MaxRecord {
		return parley.Errorf(parley.TooLarge, "cannot log body: %d bytes, at most %d are taken", len(r.Body), l.config.MaxRecord)
	}
	return l.committer.append(ctx, r)
}

// Exclusive reports whether no other process can work this log: an embedded log has one owner.
func (l *Log) Exclusive() bool { return l.server != nil }

// Usage tells how full the log is.
type Usage struct {
	First, Last uint64 // sequence numbers of the oldest and newest frame; First > Last when empty
	Bytes       int64
	MaxBytes    int64
	FirstAt     time.Time // when the oldest frame was synced; zero when empty
}

// Usage asks the log how full it is.
func (l *Log) Usage(ctx context.Context) (Usage, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return Usage{}, parley.Errorf(parley.Transient, "cannot read log usage: %w", err)
	}
	s := info.State
	if s.LastSeq == 0 {
		s.FirstSeq = 1 // JetStream says 0 to 0 of a stream that never had a frame, and 5 to 4 of one that lost all
	}
	return Usage{First: s.FirstSeq, Last: s.LastSeq, Bytes: int64(s.Bytes), MaxBytes: l.config.MaxBytes, FirstAt: s.FirstTime}, nil
}

// SeqAt gives the sequence number of the first frame that was synced at or after t; one more than the last
// when there is none.
func (l *Log) SeqAt(ctx context.Context, t time.Time) (uint64, error) {
	info, err := l.stream.Info(ctx)
	if err != nil {
		return 0, parley.Errorf(parley.Transient, "cannot look for a time on the log: %w", err)
	}
	switch s := info.State; {
	case s.Msgs == 0 || s.LastTime.Before(t):
		return s.LastSeq + 1, nil
	case !s.FirstTime.Before(t):
		return s.FirstSeq, nil
	}
	r, err := l.NewReaderAt(ctx, t)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	frame, err := r.Next(ctx) // there is one: the last is not before t
	return frame.Seq, err
}

// Trim removes every frame before seq.
func (l *Log) Trim(ctx context.Context, seq uint64) error {
	if err := l.stream.Purge(ctx, jetstream.WithPurgeSequence(seq)); err != nil {
		return parley.Errorf(parley.Transient, "cannot trim log before %d: %w", seq, err)
	}
	l.committer.gauge.stale()
	return nil
}

// State reads the value of a key and its revision. A key never set has no value and revision 0.
func (l *Log) State(ctx context.Context, key string) ([]byte, uint64, error) {
	entry, err := l.state.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return nil, 0, nil
	case err != nil:
		return nil, 0, parley.Errorf(parley.Transient, "cannot read log state %s: %w", key, err)
	}
	return entry.Value(), entry.Revision(), nil
}

// SetState changes the value of a key if its revision is still the one given, and returns the new one.
// parley.Conflict: somebody else changed it.
func (l *Log) SetState(ctx context.Context, key string, value []byte, revision uint64) (uint64, error) {
	next, err := l.state.Update(ctx, key, value, revision)
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == wrongLastSequenceReplicated):
		return 0, parley.Errorf(parley.Conflict, "cannot set log state %s: it was changed by another process", key)
	case err != nil:
		return 0, parley.Errorf(parley.Transient, "cannot set log state %s: %w", key, err)
	}
	return next, nil
}

// wrongLastSequenceReplicated is JSStreamWrongLastSequenceConstantErr: the same refusal, as a replicated
// stream words it.
const wrongLastSequenceReplicated = 10164

// Stop syncs what callers wait for, then closes the log.
func (l *Log) Stop(ctx context.Context) error {
	var err error
	l.stopOnce.Do(func() {
		err = l.committer.stop(ctx)
		l.close()
	})
	return err
}

func (l *Log) close() {
	if l.conn != nil {
		l.conn.Close()
	}
	if l.server != nil {
		l.server.stop()
	}
}

// redact gives the servers of a list of URLs without users and passwords.
func redact(urls string) string {
	list := strings.Split(urls, ",")
	for i, url := range list {
		if at := strings.LastIndex(url, "@"); at >= 0 {
			list[i] = "nats://***" + url[at:]
		}
	}
	return strings.Join(list, ",")
}

// scrub keeps an error that may quote a URL with its password from being shown.
func scrub(err error) error {
	var parse *url.Error
	if errors.As(err, &parse) {
		return errors.New("it is not of the form nats://user:password@host:port")
	}
	return err
}
