package nlp

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"parley"
)

func TestEnrichCopiesIdentity(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	sent := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	m := parley.Message{Tenant: "acme", ID: "wamid.A", SentAt: sent}
	m.ReceivedAt = sent.Add(time.Second)
	m.Conversation[0] = 7
	m.Body.Text = "urgent, please help"
	e := a.Enrich(context.Background(), &m, "en")
	require.Equal(t, parley.Enrichment{
		Tenant: "acme", ID: "wamid.A", SentAt: sent, ReceivedAt: m.ReceivedAt, Conversation: m.Conversation,
		Version: Version, Language: "en", LanguageConfidence: e.LanguageConfidence,
		Sentiment: e.Sentiment, SentimentScore: e.SentimentScore,
		Priority: Urgent, PriorityReasons: []string{`says "urgent"`}, Items: "[]", Entities: "[]",
	}, e)
}

func TestAnalyzeAfterCancel(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.Equal(t, a.Analyze(context.Background(), Input{}), a.Analyze(ctx, Input{Text: "urgent"}))
}

func TestAnalyzeIsPure(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	texts := []string{"urgent! I hate it", "merci beaucoup", strings.Repeat("bis Freitag ", 3000), "", "😍", "مرحبا"}
	var want []Result
	fresh, err := New(Config{})
	require.NoError(t, err)
	for _, text := range texts {
		want = append(want, fresh.Analyze(context.Background(), Input{Text: text}))
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 200 {
				i := (n + g) % len(texts)
				require.Equal(t, want[i], a.Analyze(context.Background(), Input{Text: texts[i]}))
			}
		})
	}
	wg.Wait()
}

// TestAnalyzeIsBounded feeds what could be quadratic if anything were; each takes milliseconds. The limit is
// wide because a busy machine is no fault, yet the square of 64 KB would be far over it.
func TestAnalyzeIsBounded(t *testing.T) {
	a := newAnalyzer(t)
	for _, unit := range []string{"a", " ", "a ", "!", "\u200d", "\u200f", "é", "\xff", "😍", "no ", "by ", "a.", "www.", ":-", "1:", "@",
		"z\u0301", "अ", "ع", "not that ", "not so very really too all at ", "urgent ", "within the ", "http://", "-", "\u0301"} {
		text := strings.Repeat(unit, (64<<10)/len(unit))
		begin := time.Now()
		check(t, a.Analyze(context.Background(), Input{Text: text}))
		require.Less(t, time.Since(begin), 5*time.Second, "%q", unit)
	}
}

func TestLoadRefusesBrokenLexicons(t *testing.T) {
	t.Parallel()
	f := func(body, message string) {
		t.Helper()
		files := fstest.MapFS{}
		for _, lang := range languages {
			head := "# SPDX-License-Identifier: Apache-2.0\n# language: " + lang + "\n"
			if lang == "en" {
				head += body
			}
			files["lexicon/"+lang+".tsv"] = &fstest.MapFile{Data: []byte(head)}
		}
		_, err := load(files)
		require.ErrorContains(t, err, message)
		require.ErrorContains(t, err, "lexicon/en.tsv")
	}
	f("urgent asap\n", "no tab")
	f("urgent\tasap,,now\n", "is empty")
	f("loud\tasap\n", "unknown")
	f("9\tgood\n", "unknown")
	f("deadline\tby <day>\n", "before its line")
	f("deadline\tby <day\n", "broken")
	f("negator\tnot ever\n", "one word")
	f("urgent\tnow. or never\n", "punctuation")
	f("urgent\t"+strings.Repeat("very ", 13)+"\n", "13 words")
	f("set a\tx\nset a\t<a> <a>\nset b\t<a>, <a>, <a>\nurgent\t"+strings.Repeat("<b> ", 9)+"\n", "too deep")
	_, err := load(fstest.MapFS{})
	require.Equal(t, parley.Internal, parley.KindOf(err))
}

func check(t *testing.T, r Result) {
	t.Helper()
	require.Contains(t, []string{Positive, Neutral, Negative}, r.Sentiment)
	require.Contains(t, []string{Urgent, High, Normal}, r.Priority)
	require.True(t, r.SentimentScore >= -1 && r.SentimentScore <= 1)
	require.True(t, r.LanguageConfidence >= 0 && r.LanguageConfidence <= 1, "%v", r.LanguageConfidence)
	require.True(t, len(r.Language) == 2 || r.Language == "und", r.Language)
	require.Equal(t, r.Priority == Normal, len(r.Reasons) == 0)
	require.LessOrEqual(t, len(r.Reasons), maxReasons)
	for _, reason := range r.Reasons {
		require.True(t, utf8.ValidString(reason))
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, s := range []string{"", "URGENTTT by Friday!!", "\xff\xfe\u200d", "عاجل جدا", "तुरंत नहीं", "don't :-( <3", "http://a b@c.de www.x", "5pm 17:30 1.", "<number>"} {
		f.Add(s, "en")
	}
	a := newAnalyzer(f)
	f.Fuzz(func(t *testing.T, text, lang string) {
		in := Input{Text: text, Lang: lang}
		first := a.Analyze(context.Background(), in)
		check(t, first)
		require.Equal(t, first, a.Analyze(context.Background(), in))
	})
}

// short is about 80 characters, as the published figure says.
var short = []string{
	"Hi, could you send me the invoice for the last order by Friday please? Thank you!",
	"Hola, todavía no ha llegado mi pedido y ya pasaron dos semanas, es urgente gracias",
	"bhaiya mera order abhi tak nahi aaya, kal tak chahiye, jaldi bhej do please yaar ok",
	"Der Termin am Montag passt leider nicht, können wir das auf Mittwoch verschieben???",
	"मेरा ऑर्डर अभी तक नहीं आया है, कृपया कल तक भेज दीजिए, बहुत ज़रूरी है धन्यवाद जी नमस्ते",
	"السلام عليكم، لم يصل الطلب حتى الآن، أحتاجه قبل يوم الجمعة من فضلكم، شكرا جزيلا لكم",
	"The parcel was opened and one cup is broken, very disappointed, please call me back",
	"ok great 😍👍 see you tomorrow then, I will bring the contract and the keys with me!!",
}

func BenchmarkAnalyze(b *testing.B) {
	a := newAnalyzer(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		a.Analyze(context.Background(), Input{Text: short[i%len(short)]})
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(Config{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAnalyzeLong(b *testing.B) {
	a := newAnalyzer(b)
	text := strings.Repeat(short[0]+" ", 800)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		a.Analyze(context.Background(), Input{Text: text})
	}
}
