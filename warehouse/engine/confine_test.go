package engine

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"

	"parley"
)

// confined is a database with a table and a view, and a connection to it.
func confined(t testing.TB, name string) driver.Conn {
	t.Helper()
	s := sharedEngine(t)
	admin := connect(t, s.Options())
	for _, sql := range []string{
		"CREATE DATABASE IF NOT EXISTS " + name,
		"CREATE TABLE IF NOT EXISTS " + name + ".messages (id UInt64, sent DateTime, text String, tags Array(String), kind LowCardinality(String)) ENGINE = MergeTree ORDER BY id",
		"CREATE VIEW IF NOT EXISTS " + name + ".recent AS SELECT * FROM " + name + ".messages",
		"CREATE TABLE IF NOT EXISTS " + name + ".ids (id UInt64) ENGINE = Set",
		"CREATE DATABASE IF NOT EXISTS other",
		"CREATE TABLE IF NOT EXISTS other.messages (id UInt64) ENGINE = MergeTree ORDER BY id",
	} {
		require.NoError(t, admin.Exec(t.Context(), sql))
	}
	o := s.Options()
	o.Auth.Database = name
	return connect(t, o)
}

func TestConfineAccepts(t *testing.T) {
	t.Parallel()
	conn := confined(t, "confine_a")
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(ConfinedSettings()),
		clickhouse.WithParameters(clickhouse.Parameters{"kind": "text"}))
	f := func(sql string) {
		t.Helper()
		require.NoError(t, Confine(ctx, conn, "confine_a", sql), sql)
		rows, err := conn.Query(ctx, sql) // and it runs with the settings
		require.NoError(t, err, sql)
		for rows.Next() {
		}
		require.NoError(t, rows.Err(), sql)
		require.NoError(t, rows.Close())
	}
	f("SELECT 1")
	f("SELECT 1;")
	f("-- a comment\nSELECT /* two */ count() FROM messages -- three")
	f("SELECT * FROM confine_a.messages AS m JOIN recent AS r ON m.id = r.id WHERE m.kind = {kind:String}")
	f("WITH x AS (SELECT id, text FROM messages) SELECT x.text, uniqExactIf(id, text LIKE 'file(%') FROM x GROUP BY ALL ORDER BY ALL")
	f("SELECT toStartOfDay(sent) AS day, quantiles(0.5, 0.9)(length(text)), sumMap(map(kind, 1)), argMaxIf(text, sent, id > 1) FROM messages GROUP BY day ORDER BY day WITH FILL")
	f("SELECT id, row_number() OVER w, lagInFrame(id) OVER (ORDER BY id), sum(id) FILTER (WHERE id > 1) OVER w FROM messages WINDOW w AS (PARTITION BY kind ORDER BY sent) QUALIFY row_number() OVER w = 1")
	f("SELECT arrayJoin(tags), arrayMap(x -> upper(x), tags), * EXCEPT (text), COLUMNS('^i') FROM messages ARRAY JOIN tags AS tag LIMIT 1 BY kind LIMIT 3 OFFSET 1")
	f("SELECT CASE WHEN id = 1 THEN 'a' ELSE 'b' END, CASE id WHEN 1 THEN 2 END, CAST(id AS String), id::String, CAST('x', 'String'), INTERVAL 1 DAY, now() - INTERVAL 1 HOUR, sent BETWEEN now() AND now() FROM messages")
	f("SELECT CAST('61f0c404-5cb3-11e7-907b-a6006ad3dba0' AS UUID), CAST('61f0c404-5cb3-11e7-907b-a6006ad3dba0', 'UUID'), generateUUIDv4()")
	f("SELECT number FROM numbers(10) UNION ALL SELECT id FROM messages INTERSECT SELECT 1")
	f("SELECT * FROM messages WHERE id IN (SELECT id FROM recent) AND kind IN ('a', 'b') AND (id, 1) IN ((1, 1)) AND id NOT IN confine_a.ids")
	f("SELECT 'url(''http://x'')', \"id\", `text` FROM `messages`")
	f("SELECT formatReadableSize(sum(byteSize(text))), dateDiff('day', sent, now()), toTypeName(any(id)), JSONExtractString(any(text), 'a') FROM messages GROUP BY sent")
	f("SELECT countMerge(c), uniqMerge(u) FROM (SELECT countState() AS c, uniqState(id) AS u FROM messages)")
	f("EXPLAIN SELECT * FROM messages")
	f("EXPLAIN PIPELINE SELECT * FROM messages")
	f("DESCRIBE messages")
	f("DESCRIBE TABLE confine_a.messages")
	f("SHOW TABLES")
	f("SHOW TABLES FROM confine_a LIKE 'm%'")
	f("SHOW CREATE TABLE messages")
	f("EXISTS TABLE confine_a.messages")
	f("SELECT * FROM system.one")
	f("SELECT * FROM view(SELECT * FROM messages)")
	f("FROM messages SELECT id")
}

// attacks are statements that must not pass. SECRET stands for a file outside, TARGET for one to be made.
var attacks = []string{
	"SELECT * FROM file('SECRET', 'LineAsString')",
	"SELECT * FROM FILE('SECRET')",
	"SELECT * FROM `file`('SECRET')",
	"SELECT file('SECRET')",
	"SELECT 1 WHERE file('SECRET') = ''",
	"SELECT * FROM (SELECT * FROM file('SECRET', 'LineAsString'))",
	"WITH x AS (SELECT * FROM file('SECRET')) SELECT * FROM x",
	"WITH file('SECRET') AS x SELECT x",
	"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + length(file('SECRET')) FROM r WHERE n < 2) SELECT * FROM r",
	"SELECT * FROM messages JOIN file('SECRET') AS f ON 1 = 1",
	"SELECT * FROM messages WHERE text IN (SELECT * FROM file('SECRET'))",
	"SELECT * FROM messages WHERE EXISTS (SELECT * FROM file('SECRET'))",
	"SELECT * FROM messages ARRAY JOIN [file('SECRET')] AS x",
	"SELECT * FROM messages PREWHERE text = file('SECRET')",
	"SELECT id FROM messages GROUP BY GROUPING SETS ((id), (file('SECRET')))",
	"SELECT id FROM messages ORDER BY file('SECRET')",
	"SELECT id FROM messages ORDER BY id WITH FILL TO length(file('SECRET'))",
	"SELECT id, text FROM messages ORDER BY id WITH FILL INTERPOLATE (text AS file('SECRET'))",
	"SELECT id FROM messages LIMIT length(file('SECRET'))",
	"SELECT id FROM messages LIMIT 1 BY file('SECRET')",
	"SELECT sum(id) OVER (PARTITION BY file('SECRET')) FROM messages",
	"SELECT sum(id) OVER w FROM messages WINDOW w AS (ORDER BY file('SECRET'))",
	"SELECT id FROM messages QUALIFY file('SECRET') = ''",
	"SELECT sumIf(id, file('SECRET') = '') FROM messages",
	"SELECT arrayMap(x -> file(x), ['SECRET'])",
	"SELECT * APPLY(file) FROM (SELECT 'SECRET')",
	"SELECT * APPLY(x -> file(x)) FROM (SELECT 'SECRET')",
	"SELECT COLUMNS('.') APPLY file FROM (SELECT 'SECRET')",
	"SELECT * REPLACE (file('SECRET') AS text) FROM messages",
	"SELECT * FROM view(SELECT * FROM file('SECRET'))",
	"SELECT * FROM viewIfPermitted(SELECT * FROM file('SECRET') ELSE null('a String'))",
	"SELECT * FROM `SECRET`",
	"SELECT * FROM \"SECRET\"",
	"SELECT * FROM default.`SECRET`",
	"SELECT * FROM messages WHERE text IN default.`SECRET`",
	"SELECT 1 IN (`SECRET`)",
	"SELECT 'a' IN `SECRET`",
	"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
	"SELECT * FROM s3('http://127.0.0.1:1/b/k', 'LineAsString')",
	"SELECT * FROM s3Cluster('c', 'http://127.0.0.1:1/b/k')",
	"SELECT * FROM hdfs('hdfs://h/f', 'TSV', 'a String')",
	"SELECT * FROM remote('127.0.0.1', system.one)",
	"SELECT * FROM remoteSecure('127.0.0.1', 'system', 'one')",
	"SELECT * FROM cluster('default', system.one)",
	"SELECT * FROM mysql('h', 'd', 't', 'u', 'p')",
	"SELECT * FROM postgresql('h', 'd', 't', 'u', 'p')",
	"SELECT * FROM sqlite('SECRET', 't')",
	"SELECT * FROM executable('id', 'TSV', 'a String')",
	"SELECT * FROM input('a String')",
	"SELECT * FROM dictionary('d')",
	"SELECT * FROM merge('system', '.*')",
	"SELECT * FROM merge('.*')",
	"SELECT * FROM loop(system.users)",
	"SELECT * FROM generateRandom('a String')",
	"SELECT * FROM fuzzQuery('SELECT 1')",
	"SELECT * FROM mergeTreeIndex(other, messages)",
	"SELECT * FROM other.messages",
	"SELECT * FROM messages WHERE id IN other.messages",
	"SELECT * FROM messages WHERE id GLOBAL NOT IN other.messages",
	"SELECT * FROM confine_r.messages UUID '61f0c404-5cb3-11e7-907b-a6006ad3dba0'",
	"SELECT * FROM confine_r.messages/*x*/UUID/*x*/'61f0c404-5cb3-11e7-907b-a6006ad3dba0'",
	"SELECT * FROM messages uuid\n'61f0c404-5cb3-11e7-907b-a6006ad3dba0'",
	"SELECT * FROM system.users",
	"SELECT * FROM system.tables",
	"SELECT * FROM system.processes",
	"SELECT * FROM SYSTEM.settings",
	"SELECT * FROM information_schema.tables",
	"SELECT * FROM INFORMATION_SCHEMA.COLUMNS",
	"SELECT dictGet('other.d', 'a', 1)",
	"SELECT joinGet('other.j', 'a', 1)",
	"SELECT hasColumnInTable('system', 'users', 'name')",
	"SELECT getServerSetting('max_connections')",
	"SELECT getSetting('readonly')",
	"SELECT getMacro('x')",
	"SELECT hostName()",
	"SELECT HOSTNAME()",
	"SELECT fqdn()",
	"SELECT filesystemAvailable()",
	"SELECT addressToLine(1)",
	"SELECT demangle('x')",
	"SELECT sleep(3)",
	"SELECT sleepEachRow(3) FROM messages",
	"SELECT aiGenerate('x', 'y')",
	"SELECT catboostEvaluate('SECRET', 1)",
	"SELECT showCertificate()",
	"SELECT flameGraph(1)",
	"SELECT noSuchFunction(1)",
	"SELECT fileIf('SECRET', 1)",
	"SELECT 1; DROP TABLE messages",
	"SELECT 1;\nDROP TABLE messages",
	"SELECT 1; -- \n DROP TABLE messages",
	"; DROP TABLE messages",
	"SELECT 1 /* ; */ ; SELECT 2",
	"SELECT 1 PARALLEL WITH SELECT 2",
	"DROP TABLE messages PARALLEL WITH DROP TABLE recent",
	"DROP TABLE messages",
	"TRUNCATE TABLE messages",
	"ALTER TABLE messages DELETE WHERE 1",
	"DELETE FROM messages WHERE 1",
	"CREATE TABLE x (a String) ENGINE = File(TSV, 'TARGET')",
	"CREATE TEMPORARY TABLE x (a String)",
	"CREATE VIEW v AS SELECT 1",
	"CREATE FUNCTION f AS (x) -> file(x)",
	"INSERT INTO messages SELECT * FROM messages",
	"INSERT INTO FUNCTION file('TARGET', 'TSV', 'a String') SELECT 'x'",
	"INSERT INTO messages FROM INFILE 'SECRET' FORMAT TSV",
	"SELECT 1 INTO OUTFILE 'TARGET'",
	"SELECT 1 INTO OUTFILE 'TARGET' FORMAT CSV",
	"EXPLAIN SELECT 1 INTO OUTFILE 'TARGET'",
	"DESCRIBE messages INTO OUTFILE 'TARGET'",
	"SHOW CREATE TABLE messages INTO/**/OUTFILE 'TARGET'",
	"EXISTS TABLE messages FORMAT JSON",
	"EXPLAIN SELECT 1 SETTINGS readonly = 0",
	"EXPLAIN SELECT 1 FORMAT JSON",
	"SHOW TABLES INTO OUTFILE 'TARGET'",
	"SELECT 1 FORMAT JSON",
	"SELECT 1 SETTINGS readonly = 0",
	"SELECT * FROM (SELECT 1 SETTINGS max_threads = 1)",
	"SELECT 1 SETTINGS additional_table_filters = {}",
	"SET readonly = 0",
	"USE other",
	"SYSTEM SHUTDOWN",
	"KILL QUERY WHERE 1",
	"BACKUP DATABASE other TO File('TARGET')",
	"ATTACH TABLE x FROM 'SECRET' (a String) ENGINE = File(TSV)",
	"GRANT ALL ON *.* TO default",
	"CHECK TABLE messages",
	"OPTIMIZE TABLE messages",
	"WATCH messages",
	"SHOW TABLES FROM system",
	"SHOW CREATE TABLE other.messages",
	"SHOW CREATE TABLE system.users",
	"SHOW COLUMNS FROM users FROM system",
	"SHOW PROCESSLIST",
	"SHOW GRANTS",
	"EXISTS TABLE other.messages",
	"DESCRIBE file('SECRET')",
	"DESCRIBE other.messages",
	"DESCRIBE (SELECT * FROM file('SECRET'))",
	"EXPLAIN SELECT * FROM file('SECRET')",
	"EXPLAIN AST SELECT * FROM other.messages",
	"EXPLAIN TABLE OVERRIDE mysql('h', 'd', 't', 'u', 'p') PARTITION BY 1",
	"EXPLAIN INSERT INTO FUNCTION file('TARGET') SELECT 1",
	"graph = 1 SELECT * FROM other.messages",
	"SELECT 1 AS `a\nTableIdentifier other.messages`, file('SECRET')",
	"SELECT file('SECRET') AS `x (children 1)\n  Literal`",
	"SELECT * FROM `other.messages`",
	"SELECT * FROM other.`messages`",
	"SELECT * FROM messages STREAM",
	"SELECT * FROM {undefined:Identifier}",
	"SELECT * FROM {elsewhere:Identifier}.messages",
	"SELECT {undefined:String}",
	"",
	" ",
	"-- nothing",
	"SELECT\x001",
	"SELECT '" + strings.Repeat("x", maxConfined) + "'",
	"1 + 1",
	"SELECT " + strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
}

func TestConfineRefuses(t *testing.T) {
	t.Parallel()
	conn := confined(t, "confine_r")
	dir := t.TempDir()
	secret, target := filepath.Join(dir, "secret.txt"), filepath.Join(dir, "target.txt")
	require.NoError(t, os.WriteFile(secret, []byte("the secret\n"), 0o600))
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(ConfinedSettings()),
		clickhouse.WithParameters(clickhouse.Parameters{"elsewhere": "other"}))
	for _, sql := range attacks {
		sql = strings.NewReplacer("SECRET", secret, "TARGET", target).Replace(sql)
		err := Confine(ctx, conn, "confine_r", sql)
		require.Error(t, err, sql)
		require.Contains(t, []parley.Kind{parley.Denied, parley.Invalid, parley.TooLarge}, parley.KindOf(err), "%s: %v", sql, err)
		require.NotContains(t, err.Error(), "the secret\n")
	}
	require.NoFileExists(t, target)
	var n uint64
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count() FROM messages").Scan(&n)) // it still is there
}

func TestConfineDatabase(t *testing.T) {
	t.Parallel()
	conn := confined(t, "confine_d")
	for _, database := range []string{"", "default", "Default", "system", "a.b", "a b", "a`"} {
		require.Equal(t, parley.Invalid, parley.KindOf(Confine(t.Context(), conn, database, "SELECT 1")), database)
	}
}

// TestReadOnlyIsTheSecondWall shows what the engine's own mode stops when a statement was not confined.
func TestReadOnlyIsTheSecondWall(t *testing.T) {
	t.Parallel()
	conn := confined(t, "confine_w")
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(ConfinedSettings()))
	for _, sql := range []string{"DROP TABLE messages", "INSERT INTO messages VALUES (1, 1, '', [], '')", "SELECT 1 SETTINGS readonly = 0",
		"SELECT * FROM file('/etc/hostname', 'LineAsString')", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"CREATE TEMPORARY TABLE x (a String)", "SET readonly = 0"} {
		require.ErrorContains(t, conn.Exec(ctx, sql), "READONLY", sql)
	}
}

func TestParseNode(t *testing.T) {
	t.Parallel()
	f := func(line string, want node) {
		t.Helper()
		require.Equal(t, want, parseNode(line))
	}
	f("SelectWithUnionQuery (children 1)", node{0, "SelectWithUnionQuery", ""})
	f("  Function sum (alias s) (children 1)", node{2, "Function", "sum"})
	f("  Subquery (alias d) (children 1)", node{2, "Subquery", ""})
	f("Explain EXPLAIN AST (children 1)", node{0, "Explain", "EXPLAIN AST"})
	f("CheckQuery  t (children 1)", node{0, "CheckQuery", "t"})
	f("   Asterisk", node{3, "Asterisk", ""})
	f("", node{})
}

func TestWithoutCombinators(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"sumif", "sum"}, withoutCombinators("sumif"))
	require.Contains(t, withoutCombinators("uniqexactarrayifstate"), "uniqexact")
	require.Equal(t, []string{"if"}, withoutCombinators("if"))
}

// FuzzVisit feeds lines that the engine would never write: they are judged without a panic.
func FuzzVisit(f *testing.F) {
	f.Add("SelectWithUnionQuery (children 1)\n ExpressionList (children 1)\n  SelectQuery (children 1)")
	f.Add("Explain EXPLAIN\n Set\n  x")
	f.Add("   deep\nx")
	f.Fuzz(func(t *testing.T, text string) {
		var tree []node
		for line := range strings.SplitSeq(text, "\n") {
			tree = append(tree, parseNode(line))
		}
		v := &visitor{database: "d", functions: map[string]bool{}}
		if v.visit(tree) != nil {
			return
		}
		require.True(t, statements[tree[0].kind])
		for _, n := range tree[1:] {
			require.True(t, expressions[n.kind])
		}
	})
}
