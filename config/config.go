// Package config gathers the configuration of all components: defaults, then the file parley.yaml, then
// the environment (PARLEY_*), the later one winning.
//
// It promises that nothing needs to be set to start, that a file with an unknown or misspelt key is refused
// and not half obeyed, and that everything wrong is reported at once, by the name of its key. What a key
// means is said where it is used: at the fields of the components' own Config structs; parley.sample.yaml
// repeats it line by line.
//
// Start reading at Config and Load.
package config

import (
	"errors"
	"log/slog"
	"path/filepath"
	"time"

	"parley"
	"parley/ingest"
	"parley/pipeline"
	"parley/pipeline/queue"
)

// Config is everything that can be set.
type Config struct {
	// DataDir holds everything that the embedded log, warehouse and keys keep.
	DataDir string `koanf:"data_dir"`
	// Listen is the address of the HTTP server.
	Listen string `koanf:"listen"`
	// StopTimeout bounds the drain after SIGTERM.
	StopTimeout time.Duration `koanf:"stop_timeout"`

	Logging   Logging           `koanf:"logging"`
	Identity  Identity          `koanf:"identity"`
	WhatsApp  WhatsApp          `koanf:"whatsapp"`
	Log       queue.Config      `koanf:"log"`
	Pipeline  pipeline.Config   `koanf:"pipeline"`
	Warehouse Warehouse         `koanf:"warehouse"`
	Engine    Engine            `koanf:"engine"`
	Verify    Verify            `koanf:"verify"`
	Tenants   []pipeline.Tenant `koanf:"tenants"`
}

// Logging says what is logged and how.
type Logging struct {
	Level  slog.Level `koanf:"level"`
	Format string     `koanf:"format"` // text or json
}

// Identity holds the key of the hashes that stand for people.
type Identity struct {
	// Key in hexadecimal, at least 32 bytes. Empty: made at the first start and kept in DataDir. All nodes
	// of an installation need the same.
	Key string `koanf:"key"`
}

// WhatsApp is the receiver's configuration, with a short form for the one app that most have.
type WhatsApp struct {
	AppSecret     string `koanf:"app_secret"`
	VerifyToken   string `koanf:"verify_token"`
	ingest.Config `koanf:",squash"`
}

// Receiver gives the receiver's own configuration: the short form becomes the app of the bare path.
func (w WhatsApp) Receiver() ingest.Config {
	c := w.Config
	if w.AppSecret == "" && w.VerifyToken == "" {
		return c
	}
	app := ingest.App{}
	if w.AppSecret != "" {
		app.Secrets = []string{w.AppSecret}
	}
	if w.VerifyToken != "" {
		app.VerifyTokens = []string{w.VerifyToken}
	}
	c.Apps = append([]ingest.App{app}, c.Apps...)
	return c
}

// Warehouse says where the facts are kept.
type Warehouse struct {
	// Address of ClickHouse servers (clickhouse://user:password@host:9000,host2:9000). Empty: the engine
	// inside, in DataDir.
	Address string `koanf:"address"`
	// Cluster is the name of the cluster in the servers' configuration; the tables are then replicated and
	// distributed over it.
	Cluster string `koanf:"cluster"`
	// Database holds the tables.
	Database string `koanf:"database"`
}

// Engine is the engine inside.
type Engine struct {
	// Lib is the path of libchdb. Empty: found beside the binary or in node_modules.
	Lib string `koanf:"lib"`
	// Memory is the engine's cap in bytes.
	Memory int64 `koanf:"memory"`
	// Threads is how many threads one query uses; 0 for as many as there are processors, at most 4.
	Threads int `koanf:"threads"`
}

// Verify is the daily comparison of the raw log with the tables.
type Verify struct {
	// At is the time of day, UTC, as TimeOfDay; empty turns it off.
	At string `koanf:"at"`
}

// TimeOfDay is how a time of day is written in the configuration.
const TimeOfDay = "15:04"

// Default is the configuration of a process that sets nothing.
func Default() Config { return defaults("data") }

func defaults(dir string) Config {
	return Config{
		DataDir: dir, Listen: "127.0.0.1:8080", StopTimeout: 30 * time.Second,
		Logging:   Logging{Level: slog.LevelInfo, Format: "text"},
		WhatsApp:  WhatsApp{Config: ingest.Defaults()},
		Log:       queue.Defaults(dir),
		Pipeline:  pipeline.Defaults(dir),
		Warehouse: Warehouse{Database: "parley"},
		Engine:    Engine{Memory: 640 << 20},
		Verify:    Verify{At: "03:30"},
	}
}

// EngineDir is the folder of the engine inside.
func (c Config) EngineDir() string { return filepath.Join(c.DataDir, "engine") }

// Validate reports everything that is wrong with the configuration, each problem by its key.
func (c Config) Validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, parley.Errorf(parley.Invalid, format, args...))
		}
	}
	check(c.DataDir != "", "data_dir: must be set")
	check(c.Listen != "", "listen: must be set, for example 127.0.0.1:8080")
	check(c.StopTimeout >= time.Second, "stop_timeout: %v must be at least 1s", c.StopTimeout)
	check(c.Logging.Format == "text" || c.Logging.Format == "json", "logging.format: %q must be text or json", c.Logging.Format)
	check(c.Engine.Memory >= 256<<20, "engine.memory: %d must be at least 256 MiB", c.Engine.Memory)
	check(c.Engine.Threads >= 0 && c.Engine.Threads <= 256, "engine.threads: %d must be from 0 to 256", c.Engine.Threads)
	check(c.Warehouse.Cluster == "" || c.Warehouse.Address != "", "warehouse.cluster: needs warehouse.address")
	check(c.Log.MaxRecord >= int(c.WhatsApp.MaxBody), "log.max_record: %d must be at least whatsapp.max_body (%d)", c.Log.MaxRecord, c.WhatsApp.MaxBody)
	if c.Verify.At != "" {
		_, err := time.Parse(TimeOfDay, c.Verify.At)
		check(err == nil, "verify.at: %q must be a time of day such as 03:30, or empty", c.Verify.At)
	}
	check(c.Identity.Key != "" || c.Log.URL == "", "identity.key: must be set with log.url: every node needs the same")
	if c.Identity.Key != "" {
		key, err := parley.ParseIdentityKey(c.Identity.Key)
		check(err == nil && len(key) >= parley.MinIdentityKey, "identity.key: must be at least %d bytes in hexadecimal", parley.MinIdentityKey)
	}
	_, err := pipeline.NewTenants(c.Tenants)
	errs = append(errs, err, c.WhatsApp.Receiver().Validate(), c.Log.Validate(), c.Pipeline.Validate())
	return errors.Join(errs...)
}
