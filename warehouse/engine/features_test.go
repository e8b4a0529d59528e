package engine

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/stretchr/testify/require"
)

// These tests hold what the warehouse relies on and an embedded build could lack.

func count(t *testing.T, conn driver.Conn, sql string) uint64 {
	t.Helper()
	var n uint64
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

func execAll(t *testing.T, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		require.NoError(t, conn.Exec(t.Context(), sql), sql)
	}
}

func insertNumbers(t *testing.T, conn driver.Conn, token string, from, to uint64) {
	t.Helper()
	batch, err := conn.PrepareBatch(clickhouse.Context(t.Context(), clickhouse.WithSettings(insertSettings(token))), "INSERT INTO f (id, at)")
	require.NoError(t, err)
	for id := from; id < to; id++ {
		require.NoError(t, batch.Append(id, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)))
	}
	require.NoError(t, batch.Send())
}

func TestDeduplicationThroughViews(t *testing.T) {
	t.Parallel()
	conn := database(t, sharedEngine(t))
	execAll(t, conn,
		"CREATE TABLE f (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id SETTINGS "+durableTable+", "+deduplicatingTable,
		"CREATE TABLE agg (day Date, n AggregateFunction(count), first SimpleAggregateFunction(min, DateTime)) ENGINE = AggregatingMergeTree ORDER BY day SETTINGS "+deduplicatingTable,
		"CREATE MATERIALIZED VIEW v TO agg AS SELECT toDate(at) AS day, countState() AS n, min(at) AS first FROM f GROUP BY day")
	f := func(token string, from, to, want uint64) {
		t.Helper()
		insertNumbers(t, conn, token, from, to)
		require.Equal(t, want, count(t, conn, "SELECT count() FROM f"))
		require.Equal(t, want, count(t, conn, "SELECT countMerge(n) FROM agg"))
	}
	f("a", 0, 100, 100)
	f("a", 0, 100, 100)   // tried again
	f("a", 500, 600, 100) // the token decides, not the rows
	f("b", 0, 100, 200)   // the same rows under another token are another batch
	f("c", 100, 150, 250)
	f("b", 0, 100, 250)
}

// TestDeduplicationOutlivesAKill covers the case the token is for: the answer got lost.
func TestDeduplicationOutlivesAKill(t *testing.T) {
	t.Parallel()
	s, log := started(t, nil)
	conn := database(t, s)
	execAll(t, conn, "CREATE TABLE f (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id SETTINGS "+deduplicatingTable)
	insertNumbers(t, conn, "a", 0, 100)
	before := s.PID()
	s.child().kill()
	require.Eventually(t, func() bool { pid := s.PID(); return pid != 0 && pid != before }, patience, 5*time.Millisecond, log)
	require.Eventually(t, func() bool { return conn.Ping(t.Context()) == nil }, patience, 5*time.Millisecond)
	insertNumbers(t, conn, "a", 0, 100)
	require.EqualValues(t, 100, count(t, conn, "SELECT count() FROM f"))
}

func TestTTLRefreshableViewAndDictionary(t *testing.T) {
	t.Parallel()
	conn := database(t, sharedEngine(t))
	execAll(t, conn,
		"CREATE TABLE f (id UInt64, at DateTime) ENGINE = MergeTree ORDER BY id TTL at + INTERVAL 1 DAY",
		"INSERT INTO f SELECT number, if(number < 10, now(), toDateTime('2020-01-01 00:00:00')) FROM numbers(100)",
		"OPTIMIZE TABLE f FINAL",
		"CREATE TABLE counts (n UInt64) ENGINE = MergeTree ORDER BY n",
		"CREATE MATERIALIZED VIEW r REFRESH EVERY 1 SECOND TO counts AS SELECT count() AS n FROM f",
		"CREATE DICTIONARY d (id UInt64, at DateTime) PRIMARY KEY id SOURCE(CLICKHOUSE(TABLE 'f')) LAYOUT(HASHED()) LIFETIME(0)",
	)
	require.EqualValues(t, 10, count(t, conn, "SELECT count() FROM f"))
	require.Eventually(t, func() bool { return count(t, conn, "SELECT max(n) FROM counts") == 10 }, patience, 20*time.Millisecond)
	require.EqualValues(t, 1, count(t, conn, "SELECT toUInt64(dictHas(currentDatabase() || '.d', toUInt64(5)))"))
	execAll(t, conn, "DROP TABLE r SYNC")
}

func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	s, _ := started(t, nil)
	conn := database(t, s)
	var name string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&name))
	execAll(t, conn,
		"CREATE TABLE f (id UInt64) ENGINE = MergeTree ORDER BY id",
		"INSERT INTO f SELECT number FROM numbers(1000)",
		"BACKUP DATABASE "+name+" TO File('one.tar.zst')",
		"RESTORE DATABASE "+name+" AS again FROM File('one.tar.zst')")
	require.FileExists(t, backupDir(s.config.Dir)+"/one.tar.zst")
	require.EqualValues(t, 1000, count(t, conn, "SELECT count() FROM again.f"))
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.tar")
	require.Error(t, conn.Exec(t.Context(), "BACKUP DATABASE "+name+" TO File('"+elsewhere+"')"))
	require.NoFileExists(t, elsewhere)
}

func TestFailedInsertLeavesNothing(t *testing.T) {
	t.Parallel()
	conn := database(t, sharedEngine(t))
	execAll(t, conn, "CREATE TABLE f (id UInt64, at DateTime, CONSTRAINT small CHECK id < 1000) ENGINE = MergeTree ORDER BY id")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO f")
	require.NoError(t, err)
	for id := range uint64(2000) {
		require.NoError(t, batch.Append(id, time.Now()))
	}
	require.ErrorContains(t, batch.Send(), "469") // VIOLATED_CONSTRAINT
	require.Zero(t, count(t, conn, "SELECT count() FROM f"))
}

// TestBrokenInsertLeavesNothing has a caller go away in the middle of an insert's data.
func TestBrokenInsertLeavesNothing(t *testing.T) {
	t.Parallel()
	s := sharedEngine(t)
	conn := database(t, s)
	execAll(t, conn, "CREATE TABLE f (id UInt64) ENGINE = MergeTree ORDER BY id")
	var name string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&name))
	f := func(end string, goes bool) uint64 {
		t.Helper()
		c, err := s.child().address.dial(t.Context())
		require.NoError(t, err)
		defer c.Close()
		fmt.Fprintf(c, "POST /?database=%s&query=INSERT+INTO+f+FORMAT+TSV HTTP/1.1\r\nHost: e\r\nX-ClickHouse-Key: %s\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n1\n2\n\r\n%s", name, s.secret, end)
		if goes {
			require.NoError(t, c.(interface{ CloseWrite() error }).CloseWrite())
		}
		if response, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
			response.Body.Close()
		}
		return count(t, conn, "SELECT count() FROM f")
	}
	require.Zero(t, f("", true))
	require.Zero(t, f("4\r\n3\n", true))
	require.EqualValues(t, 2, f("0\r\n\r\n", false))
}

// TestConfigurationHolds reads back what the configuration file asks for.
func TestConfigurationHolds(t *testing.T) {
	t.Parallel()
	s := sharedEngine(t)
	conn := connect(t, s.Options())
	f := func(name, want string) {
		t.Helper()
		var value string
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT value FROM system.server_settings WHERE name = {name:String}",
			clickhouse.Named("name", name)).Scan(&value))
		require.Equal(t, want, value, name)
	}
	f("max_server_memory_usage", fmt.Sprint(DefaultMemory))
	f("background_pool_size", "2")
	f("mark_cache_size", fmt.Sprint(DefaultMemory/16))
	var zone string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT timezone()").Scan(&zone))
	require.Equal(t, "UTC", zone)
	require.Zero(t, count(t, conn, "SELECT count() FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log' AND engine LIKE '%MergeTree'"))
	info, err := os.Stat(configPath(s.config.Dir))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	version, err := conn.ServerVersion()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(version.String(), "parley engine"), version.String())
}

// TestEnclosed shows what is out of reach of SQL that nobody confined, where the kernel can do that.
func TestEnclosed(t *testing.T) {
	t.Parallel()
	s, log := started(t, nil)
	if strings.Contains(log.String(), "cannot enclose") {
		t.Skip("needs a kernel with Landlock: ", log)
	}
	conn := connect(t, s.Options())
	outside := filepath.Join(t.TempDir(), "outside.txt")
	require.NoError(t, os.WriteFile(outside, []byte("outside"), 0o600))
	target := filepath.Join(filepath.Dir(outside), "target.txt")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	f := func(sql, want string) {
		t.Helper()
		rows, err := conn.Query(t.Context(), sql)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
		}
		require.ErrorContains(t, err, want, sql)
	}
	f("SELECT file('"+outside+"')", "ermission denied")
	f("SELECT file('"+recordPath(s.config.Dir)+"')", "ermission denied")
	f("SELECT file('/proc/"+fmt.Sprint(os.Getpid())+"/environ')", "ermission denied")
	f("SELECT * FROM file('/etc/passwd', 'LineAsString')", "ermission denied")
	f("INSERT INTO FUNCTION file('"+target+"', 'TSV', 'a String') SELECT 'x'", "ermission denied")
	f("SELECT * FROM url('http://"+listener.Addr().String()+"/', 'LineAsString') SETTINGS http_max_tries = 1", "I/O error")
	require.NoFileExists(t, target)
	require.NoError(t, listener.(*net.TCPListener).SetDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = listener.Accept() // nobody waits to be accepted
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// durableTable are the MergeTree settings with which an acknowledged insert survives a loss of power: the
// new part's files and its directory are synced before the insert returns. Without them it survives the end
// of the process only. Tables that follow a deduplication token need deduplicatingTable as well.
const durableTable = "fsync_after_insert = 1, fsync_part_directory = 1"

// deduplicatingTable makes a MergeTree table remember the tokens of its last inserts. A table behind a
// materialized view needs it like the table in front.
const deduplicatingTable = "non_replicated_deduplication_window = 10000"

// insertSettings are what every insert of a sealed batch needs: a batch tried again is one batch, also in
// the tables behind materialized views, and it is in the table when the insert returns.
func insertSettings(token string) clickhouse.Settings {
	return clickhouse.Settings{
		"insert_deduplication_token":                         token,
		"insert_deduplicate":                                 1,
		"deduplicate_blocks_in_dependent_materialized_views": 1,
		"async_insert":                                       0, // servers collect inserts by default since 26.x
		"materialized_views_ignore_errors":                   0,
	}
}
