package warehouse

import (
	"context"
	"database/sql"
	"errors"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3/database"

	schema "parley/sql"
)

// versionStore keeps which migrations were applied. goose's own table for ClickHouse lives on one node; in a
// cluster the next start may meet another one, so here the table is replicated to all of them. A version is
// taken back by a row that says so, because a delete is a background job in ClickHouse.
type versionStore struct {
	layout schema.Layout
}

const versionTable = "schema_versions"

func (versionStore) Tablename() string { return versionTable }

func (s versionStore) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	statement, err := schema.CreateVersions(s.layout)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	return err
}

func (s versionStore) Insert(ctx context.Context, db database.DBTxConn, req database.InsertRequest) error {
	return s.record(ctx, db, req.Version, true)
}

func (s versionStore) Delete(ctx context.Context, db database.DBTxConn, version int64) error {
	return s.record(ctx, db, version, false)
}

// record is an INSERT SELECT because only a SELECT takes parameters that the server binds. The order of the
// rows of one version is that of seq, not of a clock: two may be written within a clock's tick.
func (s versionStore) record(ctx context.Context, db database.DBTxConn, version int64, applied bool) error {
	_, err := db.ExecContext(ctx, `INSERT INTO schema_versions (version_id, is_applied, seq, at)
		SELECT {version:Int64}, {applied:Bool}, max(seq) + 1, now64(6, 'UTC') FROM schema_versions`,
		clickhouse.Named("version", version), clickhouse.Named("applied", applied))
	return err
}

func (s versionStore) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	row := db.QueryRowContext(ctx, `SELECT at, is_applied FROM schema_versions
		WHERE version_id = {version:Int64} ORDER BY seq DESC LIMIT 1`, clickhouse.Named("version", version))
	var result database.GetMigrationResult
	if err := row.Scan(&result.Timestamp, &result.IsApplied); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			return nil, database.ErrVersionNotFound
		}
		return nil, err
	}
	if !result.IsApplied {
		return nil, database.ErrVersionNotFound
	}
	return &result, nil
}

func (s versionStore) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	migrations, err := s.ListMigrations(ctx, db)
	if err != nil {
		return 0, err
	}
	if len(migrations) == 0 {
		return 0, database.ErrVersionNotFound
	}
	return migrations[0].Version, nil
}

func (s versionStore) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := db.QueryContext(ctx, `SELECT version_id, argMax(is_applied, seq) AS applied FROM schema_versions
		GROUP BY version_id HAVING applied ORDER BY version_id DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*database.ListMigrationsResult
	for rows.Next() {
		var m database.ListMigrationsResult
		if err := rows.Scan(&m.Version, &m.IsApplied); err != nil {
			return nil, err
		}
		out = append(out, &m)
	}
	return out, rows.Err()
}
