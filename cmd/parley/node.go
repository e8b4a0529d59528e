package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"parley"
	"parley/config"
	"parley/nlp"
	"parley/pipeline"
	"parley/pipeline/queue"
	"parley/service"
	"parley/warehouse"
	"parley/warehouse/engine"
)

// node is the parts of Parley that one process runs, put together from the configuration.
type node struct {
	config   config.Config
	log      *slog.Logger
	registry *prometheus.Registry

	tenants   *pipeline.Tenants
	queue     *queue.Log
	engine    *engine.Supervisor // nil with a warehouse elsewhere, or one that another process runs
	attached  bool               // the engine is another process's
	asItIs    bool               // the tables are not migrated, nor can they be written
	warehouse *warehouse.Warehouse
	writer    *warehouse.Writer
	pipeline  *pipeline.Pipeline
}

func newNode(c config.Config, log *slog.Logger) (*node, error) {
	tenants, err := pipeline.NewTenants(c.Tenants)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, parley.Errorf(parley.Invalid, "cannot make data folder: %w", err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &node{config: c, log: log, registry: registry, tenants: tenants}, nil
}

// openLog makes the log. An attached one uses the log of a server that runs on the same folder.
func (n *node) openLog(attach bool) service.Named {
	if attach {
		n.queue = queue.NewAttached(n.config.Log, n.log, time.Now)
	} else {
		n.queue = queue.New(n.config.Log, n.log, time.Now)
	}
	return service.Named{Name: "log", Service: n.queue}
}

// openWarehouse makes the warehouse a service: the engine inside, unless an address is given or attach finds
// the engine of a running server, then the connection and the tables.
func (n *node) openWarehouse(attach bool) service.Named {
	return service.Named{Name: "warehouse", Service: &warehouseService{node: n, attach: attach}}
}

// warehouseService owns the engine and the connection to it.
type warehouseService struct {
	node   *node
	attach bool
}

func (s *warehouseService) Start(ctx context.Context) error {
	options, err := s.options(ctx)
	if err == nil {
		err = s.open(ctx, options)
	}
	if err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return errors.Join(err, s.Stop(stop))
	}
	return nil
}

// options gives the connection to the engine; nil for a warehouse elsewhere.
func (s *warehouseService) options(ctx context.Context) (*clickhouse.Options, error) {
	n := s.node
	if n.config.Warehouse.Address != "" {
		return nil, nil
	}
	if s.attach {
		if options, err := engine.Attach(ctx, n.config.EngineDir()); err == nil {
			n.attached = true
			return options, nil
		} else if parley.KindOf(err) != parley.NotFound {
			return nil, err
		}
	}
	library, err := engine.Locate(n.config.Engine.Lib)
	if err != nil {
		return nil, err
	}
	supervisor, err := engine.New(engine.Config{
		Dir: n.config.EngineDir(), Library: library, Database: n.config.Warehouse.Database,
		Memory: n.config.Engine.Memory, Threads: n.config.Engine.Threads, Random: rand.Reader,
	}, n.log)
	if err != nil {
		return nil, err
	}
	if err := supervisor.Start(ctx); err != nil {
		return nil, err
	}
	n.engine = supervisor
	return supervisor.Options(), nil
}

func (s *warehouseService) open(ctx context.Context, options *clickhouse.Options) error {
	n := s.node
	w, err := warehouse.Open(ctx, warehouse.Config{
		Address: n.config.Warehouse.Address, Cluster: n.config.Warehouse.Cluster, Database: n.config.Warehouse.Database,
	}, options, n.log)
	if err != nil {
		return err
	}
	n.warehouse = w
	if n.asItIs {
		return nil
	}
	if !n.attached { // the server that runs has done it
		if err := w.Migrate(ctx); err != nil {
			return err
		}
	}
	n.writer, err = warehouse.NewWriter(ctx, w, n.retention, time.Now)
	return err
}

// Failed delivers the failure of an engine that cannot be brought back.
func (s *warehouseService) Failed() <-chan error {
	if s.node.engine == nil {
		return nil
	}
	return s.node.engine.Failed()
}

func (s *warehouseService) Stop(ctx context.Context) error {
	var errs []error
	if s.node.warehouse != nil {
		errs = append(errs, s.node.warehouse.Close())
	}
	if s.node.engine != nil {
		errs = append(errs, s.node.engine.Stop(ctx))
	}
	return errors.Join(errs...)
}

// retention turns a tenant's settings into those of the tables.
func (n *node) retention(id parley.TenantID) warehouse.Retention {
	t := n.tenants.Get(id)
	return warehouse.Retention{
		Messages: t.RetainMessages, Bodies: t.RetainBodies, Statuses: t.RetainMessages, Enrichments: t.RetainMessages,
		AccountEvents: t.RetainMessages, Contacts: t.RetainBodies, Raw: t.RetainRaw, DeadLetters: t.RetainRaw,
	}
}

// openPipeline makes the pipeline between the log and the warehouse, which must be made before.
func (n *node) openPipeline() (service.Named, error) {
	decoder, err := n.decoder()
	if err != nil {
		return service.Named{}, err
	}
	analyzer, err := nlp.New(nlp.Config{})
	if err != nil {
		return service.Named{}, err
	}
	n.pipeline = pipeline.New(n.config.Pipeline, pipeline.Parts{
		Log: n.log, Now: time.Now, NewID: uuid.NewV7, Queue: n.queue, Decoder: decoder,
		Enricher: enricher{analyzer}, Writer: lateWriter{n}, Registry: n.registry,
	})
	return service.Named{Name: "pipeline", Service: n.pipeline}, nil
}

func (n *node) decoder() (*pipeline.Decoder, error) {
	identity, err := loadIdentity(n.config)
	if err != nil {
		return nil, err
	}
	return &pipeline.Decoder{Tenants: n.tenants, Identity: identity, MaxFuture: n.config.Pipeline.MaxFuture}, nil
}

// lateWriter is the writer that the warehouse service makes when it starts.
type lateWriter struct{ node *node }

func (l lateWriter) Write(ctx context.Context, b *warehouse.Batch) (warehouse.Rejections, error) {
	return l.node.writer.Write(ctx, b)
}

// enricher is the language stage without a hint of the language.
type enricher struct{ *nlp.Analyzer }

func (e enricher) Enrich(ctx context.Context, m *parley.Message) parley.Enrichment {
	return e.Analyzer.Enrich(ctx, m, "")
}

// loadIdentity reads the key of the hashes that stand for people, and makes one at the first start.
func loadIdentity(c config.Config) (*parley.Identity, error) {
	text := c.Identity.Key
	if text == "" {
		var err error
		if text, err = keyFile(filepath.Join(c.DataDir, "identity.key")); err != nil {
			return nil, err
		}
	}
	key, err := parley.ParseIdentityKey(text)
	if err != nil {
		return nil, err
	}
	return parley.NewIdentity(key)
}

// keyFile reads a key, and writes a new one where there is none. Losing the file would give every person
// another id, so it is synced before it is used.
func keyFile(name string) (string, error) {
	content, err := os.ReadFile(name)
	if err == nil {
		return strings.TrimSpace(string(content)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", parley.Errorf(parley.Internal, "cannot read identity key: %w", err)
	}
	var key [parley.MinIdentityKey]byte
	rand.Read(key[:])
	text := hex.EncodeToString(key[:])
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = f.WriteString(text + "\n")
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err != nil {
		return "", parley.Errorf(parley.Internal, "cannot keep identity key: %w", err)
	}
	return text, nil
}
