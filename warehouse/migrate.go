package warehouse

import (
	"context"
	"strings"

	"github.com/pressly/goose/v3"

	"parley"
	schema "parley/sql"
)

// Migrate brings the tables to the newest version and makes the views anew. It is safe to call at every
// start, and by several nodes at a time: every statement says IF NOT EXISTS.
func (w *Warehouse) Migrate(ctx context.Context) error {
	provider, err := w.provider()
	if err != nil {
		return err
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return classify("migrate warehouse", err)
	}
	for _, r := range results {
		w.log.Info("warehouse migrated", "version", r.Source.Version, "took", r.Duration)
	}
	return w.createViews(ctx)
}

// MigrateDown takes back every migration, and with them all data. It is meant for tests and for leaving.
func (w *Warehouse) MigrateDown(ctx context.Context) error {
	provider, err := w.provider()
	if err != nil {
		return err
	}
	if err := w.dropViews(ctx); err != nil {
		return err
	}
	_, err = provider.DownTo(ctx, 0)
	return classify("take back migrations of the warehouse", err)
}

// Version is the version of the tables, 0 before the first migration.
func (w *Warehouse) Version(ctx context.Context) (int64, error) {
	provider, err := w.provider()
	if err != nil {
		return 0, err
	}
	version, err := provider.GetDBVersion(ctx)
	return version, classify("read version of the warehouse", err)
}

func (w *Warehouse) provider() (*goose.Provider, error) {
	files, err := schema.Migrations(w.layout)
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider("", w.db, files, goose.WithStore(versionStore{layout: w.layout}), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, parley.Errorf(parley.Internal, "cannot read migrations: %w", err)
	}
	return provider, nil
}

func (w *Warehouse) createViews(ctx context.Context) error {
	views, err := schema.Views(w.layout)
	if err != nil {
		return err
	}
	for _, v := range views {
		if err := w.conn.Exec(ctx, v.SQL); err != nil {
			return classify("create view "+v.Name, err)
		}
	}
	return nil
}

func (w *Warehouse) dropViews(ctx context.Context) error {
	views, err := schema.Views(w.layout)
	if err != nil {
		return err
	}
	for i := len(views) - 1; i >= 0; i-- {
		if err := w.conn.Exec(ctx, schema.DropView(w.layout, viewName(views[i].Name))); err != nil {
			return classify("drop view "+views[i].Name, err)
		}
	}
	return nil
}

// viewName is 02_latest_enrichments.sql without number and ending.
func viewName(file string) string {
	_, name, _ := strings.Cut(strings.TrimSuffix(file, ".sql"), "_")
	return name
}
