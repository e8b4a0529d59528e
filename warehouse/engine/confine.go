package engine

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"parley"
)

// maxConfined bounds a statement written by a person, in bytes.
const maxConfined = 64 << 10

// Confine refuses a statement written by a person unless it is one statement that only reads, only from
// tables and views of the given database, and only with functions that compute. It is needed because the
// embedded engine's user may read every file of the process and cannot be given fewer rights; it holds on
// a cluster as well.
//
// The text is parsed by the engine itself (EXPLAIN AST), so there is no second parser to be fooled. Every
// rule is a list of what may pass: kinds of syntax, table functions, functions by category. What a newer
// engine adds is refused until somebody has looked at it. The text goes to the engine unchanged behind two
// fixed words; embedded engine and ClickHouse server both refuse a second statement behind it.
//
// conn must have database as its current database, ctx the parameters with which the statement will run.
// Run it on the same connection with ConfinedSettings: the engine's read-only mode is the second wall, and on Linux the
// kernel the third (enclose).
// FORMAT, INTO OUTFILE and SETTINGS clauses are refused; the caller sets these.
func Confine(ctx context.Context, conn driver.Conn, database, sql string) error {
	switch {
	case !identifier.MatchString(database) || strings.EqualFold(database, "default") || strings.EqualFold(database, "system"):
		// The embedded "default" is a view on the file system.
		return parley.Errorf(parley.Invalid, "cannot confine a statement to the database %q", database)
	case len(sql) > maxConfined:
		return parley.Errorf(parley.TooLarge, "cannot run the statement: longer than %d bytes", maxConfined)
	case strings.ContainsRune(sql, 0):
		return refused("it holds a zero byte")
	case namesTableByUUID(sql):
		return refused("tables are named, not given by UUID")
	}
	tree, err := parse(ctx, conn, sql)
	if err != nil {
		return err
	}
	if tree[0].kind != "SelectWithUnionQuery" && tree[0].kind != "Explain" && clauseWord.MatchString(sql) {
		return refused("clauses FORMAT, INTO OUTFILE and SETTINGS are not allowed")
	}
	v := &visitor{database: database, functions: map[string]bool{}}
	if err := v.visit(tree); err != nil {
		return err
	}
	return v.checkFunctions(ctx, conn)
}

// ConfinedSettings are the settings with which a confined statement runs, besides those that bound its
// time, rows and memory: no writing, no changing of settings, no table made on the way.
func ConfinedSettings() clickhouse.Settings {
	return clickhouse.Settings{"readonly": 1, "allow_ddl": 0, "allow_introspection_functions": 0}
}

// refused is the error for a statement that is understood and not allowed.
func refused(format string, args ...any) error {
	return parley.Errorf(parley.Denied, "cannot run the statement: %s", fmt.Sprintf(format, args...))
}

// uuidWord finds the word UUID and what stands around it.
var uuidWord = regexp.MustCompile(`(?i)(^|[^A-Za-z0-9_])UUID\s*(['/#$-])`)

// namesTableByUUID finds FROM t UUID '...', which reads a table of any database and which the syntax tree
// does not show. Type names pass: CAST(x AS UUID), x::UUID, 'UUID'. In doubt it says yes.
func namesTableByUUID(sql string) bool {
	for _, m := range uuidWord.FindAllStringSubmatch(sql, -1) {
		if m[1] != "'" { // the literal 'UUID': nothing but the end of a string can stand there
			return true
		}
	}
	return false
}

// clauseWord finds the clauses that the syntax tree does not show for statements other than SELECT.
var clauseWord = regexp.MustCompile(`(?i)\b(FORMAT|OUTFILE|SETTINGS)\b`)

// maxTree bounds the lines of a syntax tree.
const maxTree = 20000

// parse asks the engine for the syntax tree of a statement.
func parse(ctx context.Context, conn driver.Conn, sql string) ([]node, error) {
	rows, err := conn.Query(ctx, "EXPLAIN AST "+sql)
	if err != nil {
		return nil, parseError(err)
	}
	defer rows.Close()
	var tree []node
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, checkError(err)
		}
		for part := range strings.SplitSeq(strings.TrimSuffix(line, "\n"), "\n") {
			tree = append(tree, parseNode(part))
		}
		if len(tree) > maxTree {
			return nil, parley.Errorf(parley.TooLarge, "cannot run the statement: its syntax tree has more than %d nodes", maxTree)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, parseError(err)
	}
	if len(tree) == 0 {
		return nil, parley.Errorf(parley.Invalid, "cannot run the statement: it is empty")
	}
	return tree, nil
}

// parseError tells a mistake in the statement from a fault on the way to the engine.
func parseError(err error) error {
	var e *clickhouse.Exception
	if errors.As(err, &e) {
		message, _, _ := strings.Cut(e.Message, "\n")
		return parley.Errorf(parley.Invalid, "cannot run the statement: %s", message)
	}
	return checkError(err)
}

func checkError(err error) error {
	return parley.Errorf(parley.Transient, "cannot check the statement: %w", err)
}

// checkFunctions looks up what kind of function every name used is.
func (v *visitor) checkFunctions(ctx context.Context, conn driver.Conn) error {
	if len(v.functions) == 0 {
		return nil
	}
	var asked []string
	for name := range v.functions {
		asked = append(asked, withoutCombinators(name)...)
	}
	found, err := lookUpFunctions(ctx, conn, asked)
	if err != nil {
		return err
	}
	for name := range v.functions {
		bases := withoutCombinators(name)
		i := slices.IndexFunc(bases, func(base string) bool {
			f, ok := found[base]
			return ok && f.allowed() && (f.aggregate || base == name)
		})
		if _, exists := found[name]; i < 0 || exists && !found[name].allowed() {
			return refused("the function %s is not allowed", name)
		}
	}
	return nil
}
