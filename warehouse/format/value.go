package format

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/shopspring/decimal"
)

// text is how a person reads a value; ok is false for null.
func (t typeOf) text(v any) (s string, ok bool) {
	v = follow(v)
	if v == nil {
		return "", false
	}
	if s, ok := t.scalar(v); ok && t.element == nil { // an Array(UInt8) comes as bytes, but is a list
		return s, true
	}
	encoded, err := marshal(t.jsonValue(v))
	if err != nil {
		return fmt.Sprint(v), true
	}
	return string(encoded), true
}

// follow goes through pointers, which Nullable columns give, to the value or nil.
func follow(v any) any {
	r := reflect.ValueOf(v)
	for r.Kind() == reflect.Pointer || r.Kind() == reflect.Interface {
		if r.IsNil() {
			return nil
		}
		if _, isNumber := r.Interface().(*big.Int); isNumber {
			return r.Interface()
		}
		r = r.Elem()
	}
	if !r.IsValid() {
		return nil
	}
	return r.Interface()
}

// scalar writes what is no list, map or structure.
func (t typeOf) scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	case time.Time:
		return t.time(v), true
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case decimal.Decimal:
		return v.String(), true
	case *big.Int:
		return v.String(), true
	case big.Int:
		return v.String(), true
	case uuid.UUID:
		return v.String(), true
	case netip.Addr:
		return v.String(), true
	case fmt.Stringer:
		return v.String(), true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(r.Int(), 10), true
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(r.Uint(), 10), true
	case reflect.String:
		return r.String(), true
	}
	return "", false
}

func (t typeOf) time(v time.Time) string {
	layout := t.layout
	if layout == "" {
		layout = time.RFC3339Nano
	}
	if t.zone != nil {
		v = v.In(t.zone)
	}
	return v.Format(layout)
}

// jsonValue gives what encoding/json writes for a value: numbers as numbers, whatever their size, except
// those JSON does not have, which are null.
func (t typeOf) jsonValue(v any) any {
	if v = follow(v); v == nil {
		return nil
	}
	if t.element != nil {
		return t.composite(reflect.ValueOf(v))
	}
	switch v := v.(type) {
	case bool, string:
		return v
	case []byte:
		return string(v)
	case float32:
		return t.float(float64(v), 32)
	case float64:
		return t.float(v, 64)
	case decimal.Decimal:
		return json.Number(v.String())
	case *big.Int:
		return json.Number(v.String())
	case big.Int:
		return json.Number(v.String())
	case json.RawMessage:
		return v
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt() && !isStringer(v):
		return json.Number(strconv.FormatInt(r.Int(), 10))
	case r.CanUint():
		return json.Number(strconv.FormatUint(r.Uint(), 10))
	}
	if s, ok := t.scalar(v); ok {
		return s
	}
	return t.composite(r)
}

func isStringer(v any) bool { _, ok := v.(fmt.Stringer); return ok }

func (t typeOf) float(v float64, bits int) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return json.Number(strconv.FormatFloat(v, 'g', -1, bits))
}

func (t typeOf) composite(r reflect.Value) any {
	element := typeOf{}
	if t.element != nil {
		element = *t.element
	}
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		out := make([]any, r.Len())
		for i := range out {
			out[i] = element.jsonValue(r.Index(i).Interface())
		}
		return out
	case reflect.Map:
		out := object{}
		for _, k := range r.MapKeys() {
			name, _ := typeOf{}.text(k.Interface())
			out = append(out, member{name, element.jsonValue(r.MapIndex(k).Interface())})
		}
		slices.SortFunc(out, func(a, b member) int { return strings.Compare(a.name, b.name) })
		return out
	}
	if marshaler, ok := r.Interface().(json.Marshaler); ok {
		return marshaler
	}
	return fmt.Sprint(r.Interface())
}

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}
