package warehouse

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Dictionary describes every table and view of the connection's database in Markdown, from the comments
// that the schema gives them. In a cluster only what spans it is described, not the tables of a shard.
func Dictionary(ctx context.Context, conn driver.Conn) (string, error) {
	tables, err := readTables(ctx, conn)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(dictionaryHead)
	for _, isView := range []bool{false, true} {
		b.WriteString(map[bool]string{false: "\n## Tables\n", true: "\n## Views\n"}[isView])
		for _, t := range tables {
			if t.isView == isView {
				t.write(&b)
			}
		}
	}
	return b.String(), nil
}

const dictionaryHead = `# Dictionary of the warehouse

This page is made from the comments in the schema (sql/clickhouse, sql/views); to change it, change those and run
` + "`go test ./warehouse -run Dictionary -update`" + `.

Times are UTC. A row of a table may lie there more than once until the engine merges; read tables with FINAL, or use the
views. Columns named version and retention_days steer which row is kept and how long.
`

type describedTable struct {
	name, comment, sortingKey, partitionKey string
	isView                                  bool
	columns                                 []describedColumn
}

type describedColumn struct{ name, typ, comment string }

func (t describedTable) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n### %s\n\n%s.\n", t.name, t.comment)
	if t.sortingKey != "" {
		fmt.Fprintf(b, "\nSorted by `%s`", t.sortingKey)
		if t.partitionKey != "" {
			fmt.Fprintf(b, ", partitioned by `%s`", t.partitionKey)
		}
		b.WriteString(".\n")
	}
	b.WriteString("\n| column | type | meaning |\n|---|---|---|\n")
	for _, c := range t.columns {
		fmt.Fprintf(b, "| %s | `%s` | %s |\n", c.name, c.typ, strings.ReplaceAll(c.comment, "|", `\|`))
	}
}

func readTables(ctx context.Context, conn driver.Conn) ([]describedTable, error) {
	rows, err := conn.Query(ctx, `SELECT name, comment, sorting_key, partition_key, engine = 'View' FROM system.tables
		WHERE database = currentDatabase() AND engine != 'MaterializedView' AND NOT endsWith(name, '_local') ORDER BY name`)
	if err != nil {
		return nil, classify("read the dictionary", err)
	}
	defer rows.Close()
	var out []describedTable
	for rows.Next() {
		var t describedTable
		var isView uint8
		if err := rows.Scan(&t.name, &t.comment, &t.sortingKey, &t.partitionKey, &isView); err != nil {
			return nil, classify("read the dictionary", err)
		}
		t.isView = isView == 1
		out = append(out, t)
	}
	if err := rows.Err(); err != nil {
		return nil, classify("read the dictionary", err)
	}
	for i := range out {
		if err := out[i].readColumns(ctx, conn); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (t *describedTable) readColumns(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.Query(ctx, `SELECT name, type, comment FROM system.columns
		WHERE database = currentDatabase() AND table = {table:String} ORDER BY position`, clickhouse.Named("table", t.name))
	if err != nil {
		return classify("read the dictionary", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c describedColumn
		if err := rows.Scan(&c.name, &c.typ, &c.comment); err != nil {
			return classify("read the dictionary", err)
		}
		t.columns = append(t.columns, c)
	}
	return classify("read the dictionary", rows.Err())
}
