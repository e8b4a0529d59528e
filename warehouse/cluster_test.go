package warehouse

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	schema "parley/sql"
)

var clusterLayout = schema.Layout{Database: "parley", Cluster: "{cluster}"}

// rendered gives the files of the schema for a cluster.
func rendered(t *testing.T, l schema.Layout) map[string]string {
	t.Helper()
	files := map[string]string{}
	migrations, err := schema.Migrations(l)
	require.NoError(t, err)
	entries, err := fs.ReadDir(migrations, ".")
	require.NoError(t, err)
	for _, e := range entries {
		text, err := fs.ReadFile(migrations, e.Name())
		require.NoError(t, err)
		files[e.Name()] = string(text)
	}
	views, err := schema.Views(l)
	require.NoError(t, err)
	for _, v := range views {
		files["view_"+v.Name] = v.SQL
	}
	files["rebuild_conversations.sql"], err = schema.Query(l, "rebuild_conversations")
	require.NoError(t, err)
	files["versions.sql"], err = schema.CreateVersions(l)
	require.NoError(t, err)
	files["database.sql"], err = schema.CreateDatabase(l)
	require.NoError(t, err)
	return files
}

func TestClusterGolden(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "cluster")
	files := rendered(t, clusterLayout)
	if *update {
		require.NoError(t, os.RemoveAll(dir))
		require.NoError(t, os.MkdirAll(dir, 0o755))
		for name, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		}
	}
	golden, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, golden, len(files))
	for name, text := range files {
		want, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.Equal(t, string(want), text, name)
	}
}

// TestClusterStatementsAreParsed gives every statement of the cluster to the engine's own parser.
func TestClusterStatementsAreParsed(t *testing.T) {
	t.Parallel()
	w := open(t)
	n := 0
	for name, text := range rendered(t, clusterLayout) {
		for _, statement := range statements(text) {
			formatted := lines(t, w, "SELECT formatQuery({statement:String})", named("statement", statement))
			require.NotEmpty(t, formatted[0], name)
			n++
		}
	}
	require.Greater(t, n, 60)
	for name, statement := range rendered(t, schema.Layout{Database: "parley"}) {
		require.NotContains(t, statement, "ON CLUSTER", name)
		require.NotContains(t, statement, "Replicated", name)
		require.NotContains(t, statement, "GLOBAL", name)
	}
}

// statements parts a file at the semicolons that end a line, without the comments that lead a statement.
func statements(text string) []string {
	var out []string
	for _, s := range strings.Split(text+"\n", ";\n") {
		var kept []string
		for _, line := range strings.Split(s, "\n") {
			if !strings.HasPrefix(line, "--") {
				kept = append(kept, line)
			}
		}
		if s = strings.TrimSpace(strings.Join(kept, "\n")); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func TestClusterHasATableOfBothKindsForEveryFact(t *testing.T) {
	t.Parallel()
	all := ""
	for _, text := range rendered(t, clusterLayout) {
		all += text
	}
	for _, table := range factTables {
		require.Contains(t, all, "CREATE TABLE IF NOT EXISTS "+table+"_local ON CLUSTER '{cluster}'\n(")
		require.Contains(t, all, "CREATE TABLE IF NOT EXISTS "+table+" ON CLUSTER '{cluster}' AS "+table+"_local\nENGINE = Distributed('{cluster}', 'parley', '"+table+"_local', cityHash64(")
		require.Contains(t, all, "MergeTree('/clickhouse/tables/{shard}/parley/"+table+"_local', '{replica}'")
		require.Contains(t, all, "DROP TABLE IF EXISTS "+table+"_local ON CLUSTER '{cluster}' SYNC;")
	}
}

// The sharding keys keep rows of one identity on one shard, where alone they can be collapsed.
func TestShardingFollowsIdentity(t *testing.T) {
	t.Parallel()
	f := func(file, table, key string) {
		t.Helper()
		text := rendered(t, clusterLayout)[file]
		require.Contains(t, text, "'"+table+"_local', cityHash64("+key+"))")
	}
	f("00001_messages.sql", "messages", "tenant_id, wamid")
	f("00001_messages.sql", "message_bodies", "tenant_id, wamid")
	f("00002_statuses.sql", "statuses", "tenant_id, wamid")
	f("00002_statuses.sql", "deliveries", "tenant_id, wamid")
	f("00003_enrichments.sql", "enrichments", "tenant_id, wamid")
	f("00004_conversations.sql", "conversations", "tenant_id, conversation_id")
}
