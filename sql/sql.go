// Package schema holds the SQL of the warehouse as files: the migrations that make its tables
// (clickhouse/*.sql), the views that analysts read (views/*.sql) and the statements that derive one table
// from others (queries/*.sql).
//
// The same files serve a single server, the embedded engine and a cluster: they are templates, and Layout
// says what to make of them. On one node `messages` is a table. In a cluster `messages_local` is the
// replicated table of a shard and `messages` a Distributed table over all of them, sharded so that rows
// that are one fact, and rows that are joined by message id, meet on one shard.
//
// It promises that rendering depends on the Layout alone, and that no value ever becomes part of a
// statement: a Layout holds names of a cluster and a database, which Validate confines to a few characters.
// It runs nothing; package warehouse does.
package schema

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing/fstest"
	"text/template"

	"parley"
)

//go:embed clickhouse/*.sql views/*.sql queries/*.sql
var files embed.FS

// Layout says on what the schema is laid out.
type Layout struct {
	Database string
	Cluster  string // name of the cluster in the servers' configuration; empty for a single node
}

// Names that may become part of a statement. A cluster may also be a macro such as {cluster}.
var (
	databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	clusterName  = regexp.MustCompile(`^(?:[A-Za-z0-9_.-]{1,64}|\{[A-Za-z0-9_]{1,64}\})$`)
)

// Validate reports names that cannot be used.
func (l Layout) Validate() error {
	if !databaseName.MatchString(l.Database) {
		return parley.Errorf(parley.Invalid, "cannot use database name %q: letters, digits and underscore, at most 64, not beginning with a digit", l.Database)
	}
	if l.Cluster != "" && !clusterName.MatchString(l.Cluster) {
		return parley.Errorf(parley.Invalid, "cannot use cluster name %q: letters, digits, underscore, dot and hyphen, or a macro in braces", l.Cluster)
	}
	return nil
}

// Migrations renders the migrations as a file system that goose reads: 00001_name.sql and so on.
func Migrations(l Layout) (fs.FS, error) {
	rendered, err := renderDir(l, "clickhouse")
	if err != nil {
		return nil, err
	}
	out := fstest.MapFS{}
	for _, f := range rendered {
		out[f.Name] = &fstest.MapFile{Data: []byte(f.SQL), Mode: 0o444}
	}
	return out, nil
}

// File is a rendered file.
type File struct {
	Name string // base name
	SQL  string
}

// Views renders the statements that create or replace the views, in the order in which they are to run.
func Views(l Layout) ([]File, error) { return renderDir(l, "views") }

// Query renders the statement of queries/<name>.sql.
func Query(l Layout, name string) (string, error) {
	return render(l, path.Join("queries", name+".sql"))
}

func renderDir(l Layout, dir string) ([]File, error) {
	entries, err := files.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot list %s: %w", dir, err)
	}
	out := make([]File, 0, len(entries))
	for _, e := range entries {
		text, err := render(l, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		out = append(out, File{Name: e.Name(), SQL: text})
	}
	return out, nil
}

func render(l Layout, name string) (string, error) {
	if err := l.Validate(); err != nil {
		return "", err
	}
	text, err := files.ReadFile(name)
	if err != nil {
		return "", parley.Errorf(parley.NotFound, "cannot read statement %s: %w", name, err)
	}
	t, err := template.New(name).Option("missingkey=error").Funcs(l.funcs()).Parse(string(text))
	if err != nil {
		return "", fmt.Errorf("cannot parse %s: %w", name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, nil); err != nil {
		return "", fmt.Errorf("cannot render %s: %w", name, err)
	}
	return tidy(b.String()), nil
}

// tidy removes what a template function that renders to nothing leaves behind: blanks at the end of a line.
func tidy(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}
