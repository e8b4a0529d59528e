package engine

import "strings"

// node is one line of EXPLAIN AST: "  Function sum (alias s) (children 1)".
type node struct {
	depth      int
	kind, name string
}

// parseNode reads a line. A name that holds a line break makes further lines, which then are nodes too
// many and never a node too few: the kind and the beginning of the name stay on their line.
func parseNode(line string) node {
	trimmed := strings.TrimLeft(line, " ")
	kind, name, _ := strings.Cut(trimmed, " ")
	name = strings.TrimLeft(name, " ")
	if i := strings.Index(name, " (children "); i >= 0 {
		name = name[:i]
	}
	if i := strings.Index(name, " (alias "); i >= 0 {
		name = name[:i]
	}
	if strings.HasPrefix(name, "(children ") || strings.HasPrefix(name, "(alias ") {
		name = ""
	}
	return node{len(line) - len(trimmed), kind, name}
}

// statements are the kinds of statements that may pass.
var statements = set("SelectWithUnionQuery", "Explain", "DescribeQuery", "ShowTables", "ShowCreateTableQuery",
	"ExistsTableQuery")

// explains are the forms of EXPLAIN that may pass; others take table functions of their own.
var explains = set("EXPLAIN", "EXPLAIN AST", "EXPLAIN SYNTAX", "EXPLAIN QUERY TREE", "EXPLAIN PIPELINE", "EXPLAIN ESTIMATE")

// expressions are the kinds of syntax that may stand below a statement. Not among them: Set (a SETTINGS
// clause), ColumnsApplyTransformer (hides the function it applies), QueryParameter (a parameter without a
// value), StreamSettings.
var expressions = set("SelectWithUnionQuery", "SelectQuery", "SelectIntersectExceptQuery", "ExpressionList",
	"Subquery", "WithElement", "TablesInSelectQuery", "TablesInSelectQueryElement", "TableExpression",
	"TableIdentifier", "TableJoin", "ArrayJoin", "SampleRatio", "Identifier", "Literal", "Function",
	"Asterisk", "QualifiedAsterisk", "ColumnsRegexpMatcher", "QualifiedColumnsRegexpMatcher",
	"ColumnsListMatcher", "QualifiedColumnsListMatcher", "ColumnsTransformerList", "ColumnsExceptTransformer",
	"ColumnsReplaceTransformer", "ColumnsReplaceTransformer::Replacement", "OrderByElement", "InterpolateElement",
	"WindowListElement", "WindowDefinition")

// tableFunctions may stand where a table stands. None reads anything but its arguments.
var tableFunctions = set("numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series",
	"values", "view", "null")

// systemTables say nothing about anybody's data.
var systemTables = set("one", "numbers", "numbers_mt", "zeros", "zeros_mt", "functions", "formats", "time_zones",
	"data_type_families", "aggregate_function_combinators")

// memberships are the functions whose right side may be the bare name of a table.
var memberships = set("in", "notin", "globalin", "globalnotin", "nullin", "notnullin", "globalnullin",
	"globalnotnullin", "inignoreset", "notinignoreset", "globalinignoreset", "globalnotinignoreset",
	"nullinignoreset", "notnullinignoreset", "globalnullinignoreset", "globalnotnullinignoreset")

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// visitor walks a syntax tree and collects the functions used.
type visitor struct {
	database  string
	functions map[string]bool
}

// visit checks every node of a tree.
func (v *visitor) visit(tree []node) error {
	if !statements[tree[0].kind] || tree[0].depth != 0 {
		return refused("only statements that read are allowed (SELECT, EXPLAIN of a SELECT, DESCRIBE, EXISTS, SHOW TABLES, SHOW CREATE TABLE)")
	}
	var path []node    // the ancestors of the node, outermost first
	var position []int // how many children each of them has had
	for i, n := range tree {
		if n.depth > len(path) || i > 0 && n.depth == 0 {
			return refused("more than one statement, or a name with a line break")
		}
		path, position = path[:n.depth], position[:n.depth]
		if n.depth > 0 {
			position[n.depth-1]++
		}
		if err := v.check(n, path, position); err != nil {
			return err
		}
		path, position = append(path, n), append(position, 0)
	}
	return nil
}

// check judges one node by its kind and its place.
func (v *visitor) check(n node, path []node, position []int) error {
	parent := node{}
	if len(path) > 0 {
		parent = path[len(path)-1]
	}
	switch {
	case len(path) == 0:
		return v.checkStatement(n)
	case !expressions[n.kind]:
		return refused("the syntax %s is not allowed", kindName(n.kind))
	case parent.kind == "SelectWithUnionQuery" && n.kind != "ExpressionList":
		return refused("clauses FORMAT, INTO OUTFILE and SETTINGS are not allowed")
	case parent.kind == "Explain" && n.kind != "SelectWithUnionQuery":
		return refused("only a SELECT can be explained")
	case n.kind == "TableIdentifier":
		return v.checkTable(n.name)
	case n.kind == "Function" && parent.kind == "TableExpression":
		if !tableFunctions[strings.ToLower(n.name)] {
			return refused("the table function %s is not allowed", kindName(n.name))
		}
	case n.kind == "Function":
		return v.checkFunction(n.name)
	case n.kind == "Identifier":
		return v.checkIdentifier(n, parent, path, position)
	}
	return nil
}

// checkStatement judges the outermost node.
func (v *visitor) checkStatement(n node) error {
	switch n.kind {
	case "Explain":
		if !explains[n.name] {
			return refused("this form of EXPLAIN is not allowed")
		}
	case "ShowCreateTableQuery", "ExistsTableQuery":
		return v.checkTable(strings.Join(strings.Fields(n.name), "."))
	}
	return nil
}

// checkIdentifier judges names that may be those of tables or databases; all others are columns.
func (v *visitor) checkIdentifier(n, parent node, path []node, position []int) error {
	switch parent.kind {
	case "ShowTables":
		if n.name != v.database {
			return refused("only tables of the database %s may be listed", v.database)
		}
	case "DescribeQuery", "Explain":
		return refused("clauses FORMAT, INTO OUTFILE and SETTINGS are not allowed")
	}
	if len(path) < 2 || position[len(position)-1] != 2 {
		return nil
	}
	if f := path[len(path)-2]; f.kind == "Function" && memberships[strings.ToLower(f.name)] {
		return v.checkTable(n.name)
	}
	return nil
}

// checkTable lets names through that belong to the database, or to nobody in particular: a name without a
// database is a table of the current one, or a WITH element.
func (v *visitor) checkTable(name string) error {
	database, table, qualified := strings.Cut(name, ".")
	if !qualified {
		database, table = v.database, name
	}
	switch {
	case !identifier.MatchString(database) || !identifier.MatchString(table):
		return refused("names of tables may have letters, digits and underscores")
	case database == v.database:
		return nil
	case database == "system" && systemTables[table]:
		return nil
	}
	return refused("the table %s is not in the database %s", name, v.database)
}

// checkFunction notes a function for the look-up of its category.
func (v *visitor) checkFunction(name string) error {
	lower := strings.ToLower(name)
	switch {
	case !identifier.MatchString(name):
		return refused("names of functions may have letters, digits and underscores")
	case syntaxFunctions[lower]:
		return nil
	}
	v.functions[lower] = true
	return nil
}

// kindName makes a word of the tree fit for an error message.
func kindName(s string) string {
	if !identifier.MatchString(strings.ReplaceAll(s, ":", "_")) {
		return "with that name"
	}
	return s
}
