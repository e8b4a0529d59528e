package cloudapi

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzShapes decodes bodies that are well formed but of any shape: the names that the decoder looks for,
// in random places, with random values. Random bytes alone hardly ever get that far.
func FuzzShapes(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { checkShape(t, seed) })
}

func TestDecodeAnyShape(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3000) {
		checkShape(t, seed)
	}
}

func checkShape(t *testing.T, seed uint64) {
	t.Helper()
	g := &generator{rand.New(rand.NewPCG(seed, 1)), 60}
	body := []byte(fmt.Sprintf(`{"object":"whatsapp_business_account","entry":%s}`, g.array(func() string {
		return fmt.Sprintf(`{"id":%s,"changes":%s,"time":%s}`, g.scalar(), g.array(func() string {
			return fmt.Sprintf(`{"value":%s,"field":%q}`, g.value(0), g.name())
		}), g.scalar())
	})))
	p, err := Decode(body)
	if err != nil {
		require.ErrorContains(t, err, "entry is", "seed %d: %s", seed, body)
		return
	}
	requireBounded(t, p, len(body))
	requireRoundTrip(t, p)
	for i := range p.Changes {
		for j := range p.Changes[i].Items {
			useItem(&p.Changes[i], &p.Changes[i].Items[j])
		}
	}
}

// generator makes JSON values; left bounds how many objects and arrays it still makes.
type generator struct {
	*rand.Rand
	left int
}

var shapeNames = strings.Fields(`messages message_echoes statuses errors calls groups history threads metadata contacts
	state_sync user_preferences user_id_update id type text body image audio interactive button_reply context edit message
	revoke original_message_id timestamp from to user_id wa_id profile name username recipient_id status code error_data
	phone_number_id display_phone_number event system reaction order product_items location unsupported field value
	pricing conversation origin payment a_name_nobody_knows alert_info waba_info \u0069d "`)

func (g *generator) name() string { return shapeNames[g.IntN(len(shapeNames))] }

func (g *generator) scalar() string {
	return [...]string{`"x"`, `"1750000000"`, `1750000000`, `1750000000000`, `1e999`, `-0`, `null`, `true`, `false`, `""`, `"US.123"`,
		`"\ud83d"`, "\"\xff\"", `"\\"`, `"a\"b"`, `1234567890123456789012345678901234567890`, `"call"`, `"wacid.1"`, `0.5`}[g.IntN(19)]
}

func (g *generator) array(element func() string) string {
	switch g.IntN(12) {
	case 0:
		return g.scalar()
	case 1:
		return element()
	}
	elements := make([]string, g.IntN(4))
	for i := range elements {
		elements[i] = element()
	}
	return "[" + strings.Join(elements, " , ") + "]"
}

func (g *generator) value(depth int) string {
	g.left--
	switch n := g.IntN(10); {
	case g.left < 0 || depth > 9 || n < 3 && depth > 0:
		return g.scalar()
	case n < 6 && depth > 0:
		return g.array(func() string { return g.value(depth + 1) })
	}
	var members []string
	for range g.IntN(6) {
		members = append(members, fmt.Sprintf("\n%s: %s", strings.ReplaceAll(fmt.Sprintf("%q", g.name()), `\\u`, `\u`), g.value(depth+1)))
	}
	return "{" + strings.Join(members, ",") + "}"
}
