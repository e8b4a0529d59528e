package schema

import (
	"fmt"
	"strings"
	"text/template"
)

// deduplicationWindow is how many of the last inserted blocks a table remembers, so that an insert with the
// token of one of them is dropped. A batch makes one block per table and month; a retry comes within
// minutes, so ten thousand is ample, and costs under a megabyte.
const deduplicationWindow = 10_000

// deduplicationSeconds keeps the tokens of a replicated table for seven days, as long as Meta redelivers.
const deduplicationSeconds = 7 * 24 * 3600

// lastExpiry is 2106-01-01 in seconds since 1970. A DateTime ends in that year and wraps around to 1970
// beyond it, which would delete what was to be kept: no time of expiry is ever later.
const lastExpiry = 4_291_747_200

// funcs are the words of the templates. Those that concern the cluster render to nothing on one node.
func (l Layout) funcs() template.FuncMap {
	return template.FuncMap{
		"local":       l.local,
		"onCluster":   l.onCluster,
		"engine":      l.engine,
		"settings":    l.settings,
		"distributed": l.distributed,
		"drop":        l.drop,
		"global":      l.global,
		"expires":     expires,
	}
}

// local is the table that holds rows on this node.
func (l Layout) local(table string) string {
	if l.Cluster == "" {
		return table
	}
	return table + "_local"
}

func (l Layout) onCluster() string {
	if l.Cluster == "" {
		return ""
	}
	return "ON CLUSTER '" + l.Cluster + "'"
}

// engine names a MergeTree engine with its arguments. Replicas of a shard find each other by a path in
// Keeper that holds database and table, so that two installations can share a cluster.
func (l Layout) engine(name, table string, arguments ...string) string {
	if l.Cluster == "" {
		return name + "(" + strings.Join(arguments, ", ") + ")"
	}
	paths := fmt.Sprintf("'/clickhouse/tables/{shard}/%s/%s', '{replica}'", l.Database, l.local(table))
	return "Replicated" + name + "(" + strings.Join(append([]string{paths}, arguments...), ", ") + ")"
}

// durable makes an insert wait until the files of its part and their folder are synced: what was acknowledged
// survives a loss of power.
const durable = "fsync_after_insert = 1, fsync_part_directory = 1"

// settings are those of every table: it remembers tokens, and it keeps what it acknowledged.
func (l Layout) settings() string {
	if l.Cluster == "" {
		return fmt.Sprintf("non_replicated_deduplication_window = %d, %s", deduplicationWindow, durable)
	}
	return fmt.Sprintf("replicated_deduplication_window = %d, replicated_deduplication_window_seconds = %d, %s",
		deduplicationWindow, deduplicationSeconds, durable)
}

// distributed makes the table that spans the shards; its columns, with their comments, are those of the
// local table.
func (l Layout) distributed(table, shardBy, comment string) string {
	if l.Cluster == "" {
		return ""
	}
	return fmt.Sprintf("\nCREATE TABLE IF NOT EXISTS %s %s AS %s\nENGINE = Distributed('%s', '%s', '%s', %s)\nCOMMENT '%s';\n",
		table, l.onCluster(), l.local(table), l.Cluster, l.Database, l.local(table), shardBy, strings.ReplaceAll(comment, "'", "''"))
}

func (l Layout) drop(table string) string {
	if l.Cluster == "" {
		return "DROP TABLE IF EXISTS " + table + " SYNC;"
	}
	return fmt.Sprintf("DROP TABLE IF EXISTS %s %s SYNC;\nDROP TABLE IF EXISTS %s %s SYNC;",
		table, l.onCluster(), l.local(table), l.onCluster())
}

// global stands before IN and JOIN: the right side is then computed once and sent to every shard.
func (l Layout) global() string {
	if l.Cluster == "" {
		return ""
	}
	return "GLOBAL"
}

// expires is when a row is deleted: retention_days after a time, never where that is 0, and never beyond
// what a DateTime can hold.
func expires(at string) string {
	return fmt.Sprintf("toDateTime(if(retention_days = 0, %d, least(toUInt64(toUnixTimestamp(%s)) + 86400 * toUInt64(retention_days), %d)))",
		lastExpiry, at, lastExpiry)
}

// CreateDatabase is the statement that makes the database.
func CreateDatabase(l Layout) (string, error) {
	if err := l.Validate(); err != nil {
		return "", err
	}
	return strings.TrimSpace("CREATE DATABASE IF NOT EXISTS " + l.Database + " " + l.onCluster()), nil
}

// CreateVersions is the statement that makes the table of applied migrations. In a cluster all nodes, of all
// shards, are replicas of one table: its path has no shard in it.
func CreateVersions(l Layout) (string, error) {
	if err := l.Validate(); err != nil {
		return "", err
	}
	engine := "MergeTree()"
	if l.Cluster != "" {
		engine = fmt.Sprintf("ReplicatedMergeTree('/clickhouse/tables/%s/schema_versions', '{shard}-{replica}')", l.Database)
	}
	return fmt.Sprintf(`CREATE TABLE IF NOT EXISTS schema_versions %s
(
    version_id Int64 COMMENT 'Number of the migration',
    is_applied Bool COMMENT 'True when it was applied, false when it was taken back',
    seq        UInt64 COMMENT 'Order of the rows; the highest of a migration counts',
    at         DateTime64(6, 'UTC') COMMENT 'When that happened, UTC, microseconds'
)
ENGINE = %s
ORDER BY (version_id, seq)
COMMENT 'Which migrations of the warehouse were applied'`, l.onCluster(), engine), nil
}

// DropView is the statement that removes a view of this package.
func DropView(l Layout, name string) string {
	return strings.TrimSpace("DROP VIEW IF EXISTS " + name + " " + l.onCluster())
}
