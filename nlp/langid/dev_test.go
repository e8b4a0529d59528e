package langid

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"parley/nlp/token"
)

// floors are a little under what was measured on the dev parts: share of rows named right, of all
// lengths and of at most 40 characters.
var floors = map[string][2]float64{
	"en": {0.97, 0.95}, "es": {0.93, 0.90}, "pt": {0.95, 0.91}, "de": {0.94, 0.91}, "fr": {0.96, 0.95}, "it": {0.96, 0.95},
	"hi": {0.90, 0.90}, "ar": {0.84, 0.91}, "id": {0.96, 0.92}, "nl": {0.94, 0.93}, "tr": {0.96, 0.95},
}

// TestDevSets measures the languages on rows that the model was not trained on.
func TestDevSets(t *testing.T) {
	t.Parallel()
	id, err := New()
	require.NoError(t, err)
	right, rows := map[string][2]int{}, map[string][2]int{}
	wrong := map[string]int{}
	for _, row := range devRows(t) {
		var text token.Text
		text.Read(row.Text)
		got, _ := id.Detect(&text, "")
		want := row.Lang
		r, n := right[want], rows[want]
		n[0]++
		short := utf8.RuneCountInString(row.Text) <= 40
		if short {
			n[1]++
		}
		if got == want {
			r[0]++
			if short {
				r[1]++
			}
		} else {
			wrong[want+"->"+got]++
		}
		right[want], rows[want] = r, n
	}
	langs := []string{"en", "es", "pt", "de", "fr", "it", "hi", "ar", "id", "nl", "tr"}
	for _, l := range langs {
		all := float64(right[l][0]) / float64(max(rows[l][0], 1))
		short := float64(right[l][1]) / float64(max(rows[l][1], 1))
		t.Logf("%s: all %.3f of %d, up to 40 characters %.3f of %d", l, all, rows[l][0], short, rows[l][1])
		require.GreaterOrEqual(t, all, floors[l][0], l)
		require.GreaterOrEqual(t, short, floors[l][1], l)
	}
	var list []string
	for pair := range wrong {
		list = append(list, pair)
	}
	sort.Slice(list, func(i, j int) bool { return wrong[list[i]] > wrong[list[j]] })
	for _, pair := range list[:min(len(list), 25)] {
		t.Logf("mistaken %s %d", pair, wrong[pair])
	}
}

type devRow struct{ Lang, Text string }

// devRows reads the dev parts; a set's tag "pt-BR" counts as "pt".
func devRows(t *testing.T) (rows []devRow) {
	shared := os.Getenv("PARLEY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	files, err := filepath.Glob(filepath.Join(shared, "data", "nlp", "*", "dev.jsonl"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("the language data sets are not beside the repository")
	}
	for _, file := range files {
		f, err := os.Open(file)
		require.NoError(t, err)
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var row devRow
			require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
			if row.Text == "" {
				continue
			}
			row.Lang, _, _ = strings.Cut(row.Lang, "-")
			rows = append(rows, row)
		}
		require.NoError(t, f.Close())
	}
	return rows
}
