package queue

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"parley"
)

// embedded is a NATS server inside this process. It listens on loopback behind a token, so that another
// process of the same user (parley replay, parley verify) can read the log while the server runs.
type embedded struct {
	server *server.Server
	lock   *flock.Flock
	token  string
	file   string
}

// attachment is the content of log.json: how another process reaches the running log.
type attachment struct {
	URL   string `json:"url"`
	Token string `json:"token"`
	PID   int    `json:"pid"`
}

func attachFile(dir string) string { return filepath.Join(dir, "log.json") }

func startEmbedded(ctx context.Context, c Config, log *slog.Logger, random io.Reader) (*embedded, error) {
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot make log folder: %w", err)
	}
	lock := flock.New(filepath.Join(c.Dir, "lock"))
	if ok, err := lock.TryLock(); err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot lock log folder %s: %w", c.Dir, err)
	} else if !ok {
		return nil, parley.Errorf(parley.Conflict, "cannot open log in %s: another process has it open", c.Dir)
	}
	e := &embedded{lock: lock, file: attachFile(c.Dir)}
	if err := e.start(ctx, c, log, random); err != nil {
		e.stop()
		return nil, err
	}
	return e, nil
}

func (e *embedded) start(ctx context.Context, c Config, log *slog.Logger, random io.Reader) error {
	var secret [32]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return fmt.Errorf("cannot make log token: %w", err)
	}
	e.token = hex.EncodeToString(secret[:])
	opts := &server.Options{
		ServerName: "parley", Host: "127.0.0.1", Port: server.RANDOM_PORT, Authorization: e.token,
		JetStream: true, StoreDir: c.Dir, SyncAlways: true, JetStreamMaxStore: c.MaxBytes + stateRoom, JetStreamMaxMemory: 16 << 20,
		MaxPayload: int32(c.MaxRecord + frameRoom), MaxPending: int64(max(64<<20, 4*(c.MaxRecord+frameRoom))), // more than a reader fetches ahead
		NoSigs: true, DisableJetStreamBanner: true,
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return parley.Errorf(parley.Internal, "cannot make embedded log: %w", err)
	}
	e.server = ns
	ns.SetLoggerV2(natsLogger{log}, false, false, false)
	go ns.Start() // owned by the server: it ends with Shutdown
	wait := 30 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		wait = time.Until(deadline)
	}
	if !ns.ReadyForConnections(wait) {
		return parley.Errorf(parley.Internal, "cannot start embedded log in %s within %v", c.Dir, wait)
	}
	content, err := json.Marshal(attachment{URL: ns.ClientURL(), Token: e.token, PID: os.Getpid()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.file, content, 0o600); err != nil {
		return parley.Errorf(parley.Internal, "cannot write %s: %w", e.file, err)
	}
	return nil
}

func (e *embedded) options() []nats.Option {
	return []nats.Option{nats.InProcessServer(e.server), nats.Token(e.token)}
}

func (e *embedded) stop() {
	if e.server != nil {
		os.Remove(e.file)
		e.server.Shutdown()
		e.server.WaitForShutdown()
	}
	e.lock.Unlock()
}

// readAttachment finds the log of a server that runs in another process.
func readAttachment(dir string) (attachment, error) {
	var a attachment
	content, err := os.ReadFile(attachFile(dir))
	if err != nil {
		return a, parley.Errorf(parley.NotFound, "cannot find a running log in %s: %w", dir, err)
	}
	if err := json.Unmarshal(content, &a); err != nil {
		return a, parley.Errorf(parley.Internal, "cannot read %s: %w", attachFile(dir), err)
	}
	return a, nil
}

// natsLogger passes the embedded server's warnings on. Its notices are about itself and stay at debug.
type natsLogger struct{ log *slog.Logger }

func (l natsLogger) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l natsLogger) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l natsLogger) Fatalf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l natsLogger) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l natsLogger) Debugf(string, ...any)           {}
func (l natsLogger) Tracef(string, ...any)           {}
