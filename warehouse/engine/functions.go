package engine

import (
	"context"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// syntaxFunctions are functions only the parser makes; the engine's list does not have them all.
var syntaxFunctions = set("lambda", "exists", "grouping", "columns", "castwithexpression", "casewithexpression", "_cast", "nested")

// categories of functions that compute from their arguments and nothing else. Not among them, for what
// they can reach: Dictionary, Embedded Dictionary (sources of dictionaries), AI (the network), Introspection
// (the process), Internal, Machine Learning (model files), and Other, which is a mixture.
var categories = set("Aggregate Functions", "Arithmetic", "Arrays", "Bit", "Bitmap", "Comparison", "Conditional",
	"Dates and Times", "Distance", "Encoding", "Encryption", "Financial", "Geo", "Geo Polygon", "Hash", "IP Address",
	"JSON", "Logical", "Map", "Mathematical", "Null", "NumericIndexedVector", "QBit", "Random Number", "Rounding",
	"String", "String Replacement", "String Search", "String Splitting", "Time Series", "Time Window", "Tuple",
	"Type Conversion", "URL", "UUID")

// others are the functions of the category Other that only compute.
var others = set("bar", "bytesize", "countdigits", "currentdatabase", "defaultvalueofargumenttype",
	"defaultvalueoftypename", "digits", "finalizeaggregation", "formatreadabledecimalsize",
	"formatreadablequantity", "formatreadablesize", "formatreadabletimedelta", "getsizeofenumtype", "getsubcolumn",
	"identity", "ignore", "indexhint", "initializeaggregation", "isconstant", "isdecimaloverflow",
	"lowcardinalityindices", "lowcardinalitykeys", "macnumtostring", "macstringtonum", "macstringtooui", "materialize",
	"minsamplesizecontinuous", "minsamplesizeconversion", "neighbor", "parsereadablesize", "parsereadablesizeornull",
	"parsereadablesizeorzero", "parsetimedelta", "rownumberinallblocks", "rownumberinblock", "runningaccumulate",
	"runningdifference", "runningdifferencestartingwithfirstvalue", "throwif", "tocolumntypename", "totypename",
	"transform", "variantelement", "varianttype", "version", "visiblewidth")

// denied are exceptions from the categories that pass: they show addresses of the process.
var denied = set("flamegraph")

// combinators are the suffixes that make further aggregate functions out of the listed ones.
var combinators = []string{"simplestate", "state", "merge", "if", "array", "map", "foreach", "distinct", "ordefault",
	"ornull", "resample", "argmin", "argmax", "tuple", "null"}

// maxCombinators bounds how many suffixes one name may have.
const maxCombinators = 4

// withoutCombinators lists the names a function may be listed under: as it is, and with suffixes removed.
// Names are in lower case.
func withoutCombinators(name string) []string {
	names := []string{name}
	level := names
	for range maxCombinators {
		var next []string
		for _, n := range level {
			for _, c := range combinators {
				if base, ok := strings.CutSuffix(n, c); ok && base != "" {
					next = append(next, base)
				}
			}
		}
		names, level = append(names, next...), next
	}
	return names
}

// function is what the engine says about one of its functions.
type function struct {
	name       string // lower case; of what an alias stands for
	system     bool   // neither SQL nor a program that somebody added
	aggregate  bool
	categories string // separated by commas
}

// allowed judges a function by its categories: each must be one that passes.
func (f function) allowed() bool {
	if !f.system || denied[f.name] {
		return false
	}
	for category := range strings.SplitSeq(f.categories, ",") {
		if category = strings.TrimSpace(category); !categories[category] && !(category == "Other" && others[f.name]) {
			return false
		}
	}
	return true
}

// lookUpFunctions finds the functions among names (lower case identifiers).
func lookUpFunctions(ctx context.Context, conn driver.Conn, names []string) (map[string]function, error) {
	// Identifiers need no escaping inside an array literal.
	list := "['" + strings.Join(names, "','") + "']"
	rows, err := conn.Query(clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"names": list})), `
		SELECT lower(f.name), lower(if(f.alias_to = '', f.name, f.alias_to)), toString(f.origin) = 'System',
			f.is_aggregate = 1, if(f.alias_to = '', f.categories, g.categories)
		FROM system.functions AS f LEFT ANY JOIN system.functions AS g ON g.name = f.alias_to
		WHERE lower(f.name) IN {names:Array(String)}`)
	if err != nil {
		return nil, checkError(err)
	}
	defer rows.Close()
	found := map[string]function{}
	for rows.Next() {
		var asked string
		var f function
		if err := rows.Scan(&asked, &f.name, &f.system, &f.aggregate, &f.categories); err != nil {
			return nil, checkError(err)
		}
		if before, ok := found[asked]; ok && !before.allowed() {
			continue // two that differ in case: the stricter judgement stands
		}
		found[asked] = f
	}
	if err := rows.Err(); err != nil {
		return nil, checkError(err)
	}
	return found, nil
}
