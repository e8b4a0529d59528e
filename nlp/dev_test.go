package nlp

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// devRow is a row of a public set or of the chats; see the README beside the data.
type devRow struct {
	Lang      string   `json:"lang"`
	Text      string   `json:"text"`
	Label     string   `json:"label"`
	Sentiment string   `json:"sentiment"`
	Priority  *string  `json:"priority"`
	Score     *float64 `json:"score"`
}

// devRows reads the dev part of a set, or skips the test where the data is not beside the repository.
func devRows(t *testing.T, set string) (rows []devRow) {
	t.Helper()
	folder := os.Getenv("PARLEY_SHARED")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(folder, "data", "nlp", set, devFile))
	if os.IsNotExist(err) {
		t.Skip("the language data sets are not beside the repository")
	}
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var row devRow
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		rows = append(rows, row)
	}
	require.NoError(t, lines.Err())
	return rows
}

const devFile = "dev.jsonl"

// confusion counts answers: confusion[want][got].
type confusion map[string]map[string]int

func (c confusion) add(want, got string) {
	if c[want] == nil {
		c[want] = map[string]int{}
	}
	c[want][got]++
}

// accuracy is the share of right answers; macroF1 the mean F1 of the labels that occur.
func (c confusion) accuracy() (float64, int) {
	right, all := 0, 0
	for want, row := range c {
		for got, n := range row {
			all += n
			if got == want {
				right += n
			}
		}
	}
	return float64(right) / float64(max(all, 1)), all
}

func (c confusion) macroF1() float64 {
	var sum float64
	for label := range c {
		tp, missed, wrong := c[label][label], 0, 0
		for got, n := range c[label] {
			if got != label {
				missed += n
			}
		}
		for want, row := range c {
			if want != label {
				wrong += row[label]
			}
		}
		sum += 2 * float64(tp) / float64(max(2*tp+missed+wrong, 1))
	}
	return sum / float64(max(len(c), 1))
}

// TestDevSentiment measures the sentiment of each public set. The floors are a little under what was
// measured: macro F1 over the labels that the set has, and for graded ratings the correlation.
func TestDevSentiment(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	f := func(set string, floorF1 float64) {
		t.Helper()
		all, byLang := confusion{}, map[string]confusion{}
		var xs, ys []float64
		for _, row := range devRows(t, set) {
			want := row.Label
			if want == "" {
				want = row.Sentiment
			}
			got := a.Analyze(context.Background(), Input{Text: row.Text})
			all.add(want, got.Sentiment)
			if byLang[row.Lang] == nil {
				byLang[row.Lang] = confusion{}
			}
			byLang[row.Lang].add(want, got.Sentiment)
			if row.Score != nil {
				xs, ys = append(xs, float64(got.SentimentScore)), append(ys, *row.Score)
			}
		}
		accuracy, n := all.accuracy()
		t.Logf("%s: %d rows, accuracy %.3f, macro F1 %.3f, %v", set, n, accuracy, all.macroF1(), all)
		var langs []string
		for lang := range byLang {
			langs = append(langs, lang)
		}
		sort.Strings(langs)
		for _, lang := range langs {
			accuracy, n := byLang[lang].accuracy()
			t.Logf("  %s: %d rows, accuracy %.3f, macro F1 %.3f", lang, n, accuracy, byLang[lang].macroF1())
		}
		if len(xs) > 0 {
			t.Logf("  correlation with the ratings %.3f", correlation(xs, ys))
			require.GreaterOrEqual(t, correlation(xs, ys), 0.70, set)
		}
		require.GreaterOrEqual(t, all.macroF1(), floorF1, set)
	}
	f("chat_dev", 0.58)
	f("sentiment_vader", 0.56)
	f("sentiment_nusax", 0.57)
	f("sentiment_afrisenti", 0.38)
	f("sentiment_xed", 0.22)
}

// TestDevPriority measures the priority on the annotated chats. A message without item counts as normal.
// The labels also weigh what is asked and when it is due, which words alone do not tell; so precision is
// what the words can be held to.
func TestDevPriority(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	c := confusion{}
	for _, row := range devRows(t, "chat_dev") {
		want := Normal
		if row.Priority != nil {
			want = *row.Priority
		}
		got := a.Analyze(context.Background(), Input{Text: row.Text})
		c.add(want, got.Priority)
	}
	accuracy, n := c.accuracy()
	raised, right := 0, 0
	for want, row := range c {
		raised += row[Urgent] + row[High]
		if want != Normal {
			right += row[Urgent] + row[High]
		}
	}
	precision := float64(right) / float64(max(raised, 1))
	t.Logf("%d messages, accuracy %.3f, macro F1 %.3f, precision of raised %.3f (%d of %d), %v",
		n, accuracy, c.macroF1(), precision, right, raised, c)
	require.GreaterOrEqual(t, accuracy, 0.83)
	require.GreaterOrEqual(t, c.macroF1(), 0.50)
	require.GreaterOrEqual(t, precision, 0.65)
}

func correlation(xs, ys []float64) float64 {
	var sx, sy, sxx, syy, sxy float64
	for i := range xs {
		sx, sy = sx+xs[i], sy+ys[i]
		sxx, syy, sxy = sxx+xs[i]*xs[i], syy+ys[i]*ys[i], sxy+xs[i]*ys[i]
	}
	n := float64(len(xs))
	return (n*sxy - sx*sy) / math.Sqrt((n*sxx-sx*sx)*(n*syy-sy*sy))
}
