package format

import (
	"strconv"
	"strings"
	"time"
)

// typeOf is what a ClickHouse type says about writing its values.
type typeOf struct {
	numeric bool   // aligned to the right
	layout  string // of times; empty for what is no time
	zone    *time.Location
	element *typeOf // of an Array, the values of a Map
}

// maxTypeDepth bounds the nesting of a type's name; deeper ones are written without knowing more.
const maxTypeDepth = 16

func parseType(name string) typeOf { return parseNested(name, 0) }

func parseNested(name string, depth int) typeOf {
	base, arguments := split(name)
	if depth > maxTypeDepth {
		return typeOf{}
	}
	switch base {
	case "Nullable", "LowCardinality":
		return parseNested(first(arguments), depth+1)
	case "SimpleAggregateFunction":
		return parseNested(last(arguments), depth+1)
	case "Array":
		element := parseNested(first(arguments), depth+1)
		return typeOf{element: &element}
	case "Map":
		element := parseNested(last(arguments), depth+1)
		return typeOf{element: &element}
	case "Date", "Date32":
		return typeOf{layout: time.DateOnly, zone: time.UTC}
	case "DateTime":
		return typeOf{layout: time.DateTime, zone: location(first(arguments))}
	case "DateTime64":
		digits, _ := strconv.Atoi(first(arguments))
		zone := ""
		if len(arguments) > 1 {
			zone = arguments[1]
		}
		return typeOf{layout: withFraction(digits), zone: location(zone)}
	}
	return typeOf{numeric: isNumeric(base)}
}

func isNumeric(base string) bool {
	for _, prefix := range []string{"Int", "UInt", "Float", "BFloat", "Decimal"} {
		if strings.HasPrefix(base, prefix) && !strings.HasPrefix(base, "Interval") {
			return true
		}
	}
	return false
}

func withFraction(digits int) string {
	if digits < 1 || digits > 9 {
		return time.DateTime
	}
	return time.DateTime + "." + strings.Repeat("0", digits)
}

// location is the zone that a type names; without one, and for one this system does not know, the value's
// own zone is kept.
func location(quoted string) *time.Location {
	name := strings.Trim(quoted, "'")
	if name == "" {
		return nil
	}
	if zone, err := time.LoadLocation(name); err == nil {
		return zone
	}
	return nil
}

// split takes Map(String, Array(UInt8)) apart: Map, and String and Array(UInt8).
func split(name string) (base string, arguments []string) {
	name = strings.TrimSpace(name)
	open := strings.IndexByte(name, '(')
	if open < 0 || !strings.HasSuffix(name, ")") {
		return name, nil
	}
	inner, depth, start := name[open+1:len(name)-1], 0, 0
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth == 0 {
				arguments = append(arguments, strings.TrimSpace(inner[start:i]))
				start = i + 1
			}
		}
	}
	return name[:open], append(arguments, strings.TrimSpace(inner[start:]))
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func last(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[len(s)-1]
}
