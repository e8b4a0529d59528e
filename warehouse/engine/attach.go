package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/gofrs/flock"

	"parley"
)

// record is engine.json: what another process of the same user needs to reach the running engine.
type record struct {
	PID      int     `json:"pid"`
	Secret   string  `json:"secret"`
	Database string  `json:"database"`
	Address  address `json:"address"`
}

// attachedQueries bounds the connections of an attached process.
const attachedQueries = 2

// Attach connects to the engine that another process of the same user runs in dir. It is parley.NotFound
// when none runs there.
func Attach(ctx context.Context, dir string) (*clickhouse.Options, error) {
	r, err := readRecord(dir)
	if err != nil {
		return nil, err
	}
	if err := r.Address.check(ctx, r.Secret); err != nil {
		return nil, parley.Errorf(parley.NotFound, "cannot attach to the engine in %s: %w", dir, err)
	}
	// The record is read again for every connection: the port may be another one after a restart.
	return options(r.Database, r.Secret, attachedQueries, func(context.Context) (address, error) {
		r, err := readRecord(dir)
		return r.Address, err
	}), nil
}

func readRecord(dir string) (record, error) {
	var r record
	b, err := os.ReadFile(recordPath(dir))
	if errors.Is(err, os.ErrNotExist) {
		return r, parley.Errorf(parley.NotFound, "cannot attach to the engine in %s: none is running there", dir)
	}
	if err != nil {
		return r, parley.Errorf(parley.Denied, "cannot attach to the engine in %s: %w", dir, err)
	}
	if err := json.Unmarshal(b, &r); err != nil || r.Secret == "" {
		return r, parley.Errorf(parley.NotFound, "cannot attach to the engine in %s: engine.json is damaged", dir)
	}
	return r, nil
}

// writeRecord replaces the record as a whole, readable by its owner alone.
func writeRecord(dir string, r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("cannot write engine.json: %w", err)
	}
	file, err := os.CreateTemp(dir, "engine.json.*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("cannot write engine.json: %w", err)
	}
	_, err = file.Write(b)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), recordPath(dir))
	}
	if err != nil {
		return fmt.Errorf("cannot write engine.json: %w", errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

func removeRecord(dir string) error {
	if err := os.Remove(recordPath(dir)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cannot remove engine.json: %w", err)
	}
	return nil
}

// folderLock keeps a second supervisor out of the folder. The kernel gives it back when we die.
type folderLock struct{ file *flock.Flock }

// lockFolder makes the folder, for its owner alone, and locks it.
func lockFolder(dir string) (*folderLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the engine's folder: %w", err)
	}
	path := lockPath(dir)
	lock := flock.New(path, flock.SetPermissions(0o600))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("cannot lock the engine's folder: %w", err)
	}
	if !got {
		return nil, parley.Errorf(parley.Conflict, "cannot open the engine's folder %s: %s has it open", filepath.Clean(dir), holder(path))
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot write the engine's lock: %w", err), lock.Unlock())
	}
	return &folderLock{lock}, nil
}

// holder names the process that wrote the lock file.
func holder(path string) string {
	b, err := os.ReadFile(path)
	pid, parseErr := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || parseErr != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d", pid)
}

func (l *folderLock) release() error {
	if err := l.file.Unlock(); err != nil {
		return fmt.Errorf("cannot unlock the engine's folder: %w", err)
	}
	return nil
}
