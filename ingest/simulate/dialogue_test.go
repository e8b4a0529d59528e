package simulate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"parley"
)

func TestLoadCorpus(t *testing.T) {
	t.Parallel()
	got, err := LoadCorpus(strings.NewReader(`{"lang":"EN","topic":"x","turns":[{"from":"customer","text":"Hi {name}"},{"from":"business","text":"Hello"}]}

{"id":"7","services":["Events_1"],"turns":[{"speaker":"customer","text":"A"},{"speaker":"agent","text":"B"}]}
`))
	require.NoError(t, err)
	require.Equal(t, []Dialogue{
		{Lang: "en", Topic: "x", Turns: []Turn{{"customer", "Hi {name}"}, {"business", "Hello"}}},
		{Lang: "und", Turns: []Turn{{"customer", "A"}, {"business", "B"}}},
	}, got)
}

func TestLoadCorpusErrors(t *testing.T) {
	t.Parallel()
	const good = `{"turns":[{"from":"customer","text":"A"}]}` + "\n"
	f := func(corpus string, words ...string) {
		t.Helper()
		_, err := LoadCorpus(strings.NewReader(corpus))
		require.Error(t, err)
		require.Equal(t, parley.Invalid, parley.KindOf(err))
		for _, w := range words {
			require.ErrorContains(t, err, w)
		}
		require.NotContains(t, err.Error(), "topsecret")
	}
	f("", "no dialogue")
	f(good+"topsecret", "line 2", "JSON")
	f(good+"\n"+`{"turns":[]}`, "line 3", "0 turns")
	f(`{"turns":[{"from":"topsecret","text":"A"}]}`, "line 1", "turn 1", "customer or business")
	f(good+`{"turns":[{"from":"customer","text":"A"},{"from":"business","text":""}]}`, "line 2", "turn 2", "0 characters")
	f(`{"turns":[{"from":"customer","text":"`+strings.Repeat("ü", maxTextRunes+1)+`"}]}`, "line 1", "4097")
	f(good+`{"turns":[{"from":"customer","text":"topsecret`+"\xff"+`"}]}`, "line 2", "UTF-8")
	f(good+strings.Repeat("x", maxCorpusLineBytes+1), "line 2", "too long")
}

func TestCorpusIsTakenLiterally(t *testing.T) {
	t.Parallel()
	cfg := testConfig(50)
	cfg.Dialogues = []Dialogue{{Lang: "xx", Turns: []Turn{{fromCustomer, "Hi {name} \"a/b\"\n\\ ü😀"}}}}
	texts := 0
	s := run(t, cfg, func(r Request) {
		for _, u := range readUpdates(r.Body) {
			if u.message != nil && u.message.Text != nil {
				texts++
				require.Equal(t, "Hi {name} \"a/b\"\n\\ ü😀", u.message.Text.Body)
			}
		}
	})
	require.Positive(t, texts)
	require.Positive(t, s.Texts["xx"])
}

func TestSharedCorpus(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("PARLEY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	file, err := os.Open(filepath.Join(shared, "data", "nlp", "load_dialogues", "train.jsonl"))
	if err != nil {
		t.Skip("the shared corpus is not here: set PARLEY_SHARED")
	}
	defer file.Close()
	corpus, err := LoadCorpus(file)
	require.NoError(t, err)
	require.Len(t, corpus, 335)
	cfg := testConfig(3000)
	cfg.Dialogues = corpus
	s := run(t, cfg, func(r Request) { require.True(t, json.Valid(r.Body)) })
	require.Equal(t, int64(3000), s.Messages)
}

// TestOwnDialogues keeps the project's dialogues worth having.
func TestOwnDialogues(t *testing.T) {
	t.Parallel()
	all, err := Dialogues()
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(all), 120)
	langs, said := map[string]int{}, map[string]bool{}
	repeated := 0
	for _, d := range all {
		langs[d.Lang]++
		require.NotEmpty(t, d.Topic)
		require.Contains(t, languages, d.Lang, "a language of ours has names and days of its own")
		require.GreaterOrEqual(t, len(d.Turns), 3)
		for _, turn := range d.Turns {
			if said[turn.Text] {
				repeated++
			}
			said[turn.Text] = true
			filled := turn.Text
			for _, name := range slotNames[1:] {
				filled = strings.ReplaceAll(filled, name, "")
			}
			require.NotContains(t, filled, "{", "a slot that nobody fills: %s", turn.Text)
		}
	}
	for lang := range languages {
		require.GreaterOrEqual(t, langs[lang], 4, lang)
	}
	require.Less(t, repeated, 60, "the chats differ")
}

func TestEscaping(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		got := string(escaped(in))
		require.Equal(t, want, got)
		var back string
		require.NoError(t, json.Unmarshal([]byte(`"`+got+`"`), &back))
		require.Equal(t, in, back)
	}
	f("Olá às 15h 😀 a/b", `Ol\u00e1 \u00e0s 15h \ud83d\ude00 a\/b`)
	f("\"\\\n\r\t\x01", `\"\\\n\r\t\u0001`)
	f("नमस्ते", `\u0928\u092e\u0938\u094d\u0924\u0947`)
	f("", "")
}

func TestSignature(t *testing.T) {
	t.Parallel()
	// RFC 4231, test case 2.
	require.Equal(t, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", Sign("Jefe", []byte("what do ya want for nothing?")))
}

// TestSignatureVectors checks the signature on vectors made elsewhere.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	shared := os.Getenv("PARLEY_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	text, err := os.ReadFile(filepath.Join(shared, "data", "whatsapp", "signature_vectors.json"))
	if err != nil {
		t.Skip("the shared vectors are not here: set PARLEY_SHARED")
	}
	var file struct {
		AppSecret string `json:"app_secret"`
		Vectors   []struct {
			Body, Header string
			Valid        bool
		}
	}
	require.NoError(t, json.Unmarshal(text, &file))
	valid := 0
	for _, v := range file.Vectors {
		if v.Valid {
			valid++
			require.Equal(t, v.Header, Sign(file.AppSecret, []byte(v.Body)))
		}
	}
	require.Positive(t, valid)
}

func TestHistogram(t *testing.T) {
	t.Parallel()
	var h histogram
	require.Zero(t, h.quantile(0.5))
	for i := 1; i <= 10_000; i++ {
		h.add(time.Duration(i) * 100 * time.Microsecond)
	}
	near := func(want, got time.Duration) {
		t.Helper()
		require.GreaterOrEqual(t, got, want)
		require.LessOrEqual(t, got, want+want/31+time.Microsecond)
	}
	near(500*time.Millisecond, h.quantile(0.5))
	near(900*time.Millisecond, h.quantile(0.9))
	near(990*time.Millisecond, h.quantile(0.99))
	require.Equal(t, time.Second, h.quantile(1))
	h.add(1 << 62)
	require.Equal(t, time.Duration(1<<62), h.latency().Max)
	for us := range 5000 {
		d := time.Duration(us) * time.Microsecond
		require.GreaterOrEqual(t, upTo(bucketOf(d)), d)
		if b := bucketOf(d); b > 0 {
			require.Less(t, upTo(b-1), d, "in no bucket below")
		}
	}
}

func FuzzLoadCorpus(f *testing.F) {
	f.Add([]byte(`{"lang":"en","turns":[{"from":"customer","text":"Hi"}]}`))
	f.Add([]byte(`{"turns":[{"speaker":"agent","text":"A"},{"speaker":"customer","text":"{order} \ud83d\ude00"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		corpus, err := LoadCorpus(strings.NewReader(string(data)))
		if err != nil {
			return
		}
		cfg := Defaults(1, "s", 3, newClock(time.Second).now)
		cfg.Dialogues = corpus
		g, err := New(cfg)
		if err != nil {
			return // nobody but the business says anything
		}
		for r, ok := g.Next(); ok; r, ok = g.Next() {
			if !json.Valid(r.Body) {
				t.Fatalf("not JSON: %s", r.Body)
			}
		}
	})
}
