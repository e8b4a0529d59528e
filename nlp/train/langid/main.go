// Command langid trains the language model of package nlp/langid and writes its model.bin.
//
// It reads the train parts of the public sets (rows of JSON with "lang" and "text") and its own seed
// sentences, fits a softmax regression over the letter sequences of langid.Grams, and rounds the weights
// to bytes. It is deterministic: the same input gives the same bytes. No row of the data is kept in the
// model, only weights of hashed sequences.
//
// Run it from the repository root: go generate ./nlp/langid
package main

import (
	"bufio"
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"parley/nlp/langid"
	"parley/nlp/token"
)

//go:embed seed/*.txt
var seeds embed.FS

// Sizes of the fit, picked once; one other learning rate was tried on the dev parts and not kept.
const (
	perLanguage = 6000 // samples of one language, before fragments
	seedCopies  = 6    // the seeds are few and written for chat: they count more
	epochs      = 8
	rate        = 0.15
	decay       = 2e-6
)

type sample struct {
	grams []uint16
	class int
}

func main() {
	data := flag.String("data", "", "folder with the data sets; default $PARLEY_SHARED/data/nlp or ../shared/data/nlp")
	lexicon := flag.String("lexicon", "nlp/lexicon", "folder with the lexicons, whose words are samples too")
	out := flag.String("out", "nlp/langid/model.bin", "file to write")
	flag.Parse()
	if *data == "" {
		shared := os.Getenv("PARLEY_SHARED")
		if shared == "" {
			shared = filepath.Join("..", "shared")
		}
		*data = filepath.Join(shared, "data", "nlp")
	}
	if err := run(*data, *lexicon, *out); err != nil {
		log.Fatal(err)
	}
}

func run(data, lexicon, out string) error {
	random := rand.New(rand.NewPCG(1, 2))
	texts, err := readSets(data)
	if err != nil {
		return err
	}
	var samples []sample
	for class, code := range langid.Classes {
		list := texts[code]
		sort.Strings(list)
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		list = list[:min(len(list), perLanguage)]
		seed, err := readSeeds(code)
		if err != nil {
			return err
		}
		words, err := readLexicon(lexicon, code)
		if err != nil {
			return err
		}
		for range seedCopies {
			list = append(list, seed...)
		}
		list = append(list, words...)
		for _, text := range list {
			samples = append(samples, variants(text, class, random)...)
		}
		fmt.Printf("%-4s %6d texts, %d of them lexicon words\n", code, len(list), len(words))
	}
	return os.WriteFile(out, quantise(fit(samples, random)), 0o644)
}

// readSets collects the texts of every language from the train parts, without repetitions.
func readSets(data string) (map[string][]string, error) {
	files, err := filepath.Glob(filepath.Join(data, "*", "train.jsonl"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("cannot find data sets in %s: %v", data, err)
	}
	texts, seen := map[string][]string{}, map[string]bool{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var row struct{ Lang, Text string }
			if json.Unmarshal(lines.Bytes(), &row) != nil || row.Text == "" || seen[row.Text] {
				continue
			}
			seen[row.Text] = true
			code := classOf(row.Lang)
			texts[code] = append(texts[code], row.Text)
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

// classOf maps a set's language tag ("pt-BR") to a class.
func classOf(tag string) string {
	code, _, _ := strings.Cut(tag, "-")
	for _, c := range langid.Classes {
		if c == code && c != "" {
			return c
		}
	}
	return langid.Undetermined
}

func readSeeds(code string) ([]string, error) {
	b, err := seeds.ReadFile("seed/" + code + ".txt")
	if os.IsNotExist(err) {
		return nil, nil
	}
	var list []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	return list, err
}

// readLexicon takes the words and phrases of a language's lexicon, with their endings.
func readLexicon(folder, code string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(folder, code+".tsv"))
	if os.IsNotExist(err) {
		return nil, nil
	}
	var list []string
	for line := range strings.Lines(string(b)) {
		_, entries, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for entry := range strings.SplitSeq(entries, ",") {
			stem, endings, has := strings.Cut(strings.Trim(entry, " ~"), "/")
			if strings.ContainsAny(stem, "<") {
				continue
			}
			if !has {
				list = append(list, stem)
			}
			for ending := range strings.SplitSeq(endings, "/") {
				if has {
					list = append(list, stem+ending)
				}
			}
		}
	}
	return list, err
}

// variants makes samples of a text: itself, without accents, and short pieces, because chats are short.
func variants(text string, class int, random *rand.Rand) []sample {
	var t token.Text
	t.Read(text)
	if t.Letters[token.Latin] < 2 || t.Letters[token.Latin]*2 < len(t.Plain)/2 {
		return nil
	}
	list := []sample{{grams(string(t.Plain)), class}}
	words := strings.Fields(string(t.Plain))
	if len(words) > 2 {
		for range 2 {
			n := 1 + random.IntN(min(4, len(words)))
			from := random.IntN(len(words) - n + 1)
			list = append(list, sample{grams(" " + strings.Join(words[from:from+n], " ") + " "), class})
		}
	}
	if random.IntN(3) == 0 {
		var folded []byte
		for _, tok := range t.Tokens {
			if tok.Kind == token.Word {
				folded = append(append(folded, t.Bytes(tok)...), ' ')
			}
		}
		list = append(list, sample{grams(" " + string(folded)), class})
	}
	return list
}

func grams(plain string) []uint16 { return langid.Grams([]byte(plain), make([]uint16, 0, 512)) }

// fit runs AdaGrad over the samples, one at a time, in a fixed random order.
func fit(samples []sample, random *rand.Rand) []float32 {
	weights := make([]float32, langid.Buckets*langid.Lanes)
	squares := make([]float32, len(weights))
	counts := map[int]float64{}
	for _, s := range samples {
		counts[s.class]++
	}
	classes := len(counts)
	for epoch := range epochs {
		random.Shuffle(len(samples), func(i, j int) { samples[i], samples[j] = samples[j], samples[i] })
		var loss float64
		for _, s := range samples {
			balance := math.Sqrt(float64(len(samples)) / float64(classes) / counts[s.class])
			loss += step(weights, squares, s, balance)
		}
		fmt.Printf("epoch %d: loss %.4f\n", epoch+1, loss/float64(len(samples)))
	}
	return weights
}

// step moves the weights by one sample and returns its loss.
func step(weights, squares []float32, s sample, balance float64) float64 {
	var logits [langid.Lanes]float64
	for _, g := range s.grams {
		row := weights[int(g)*langid.Lanes:][:langid.Lanes]
		for c, w := range row {
			logits[c] += float64(w)
		}
	}
	mass := 0.0
	for c := range logits {
		if langid.Classes[c] == "" {
			continue
		}
		logits[c] = math.Exp(math.Min(logits[c], 40))
		mass += logits[c]
	}
	for c, code := range langid.Classes {
		if code == "" {
			continue
		}
		g := logits[c] / mass
		if c == s.class {
			g--
		}
		g *= balance
		if math.Abs(g) < 1e-4 {
			continue
		}
		for _, b := range s.grams {
			i := int(b)*langid.Lanes + c
			d := g + decay*float64(weights[i])
			squares[i] += float32(d * d)
			weights[i] -= float32(rate * d / (math.Sqrt(float64(squares[i])) + 0.3))
		}
	}
	return -math.Log(logits[s.class]/mass + 1e-12)
}

// quantise rounds the weights to the bytes of the model file. A shift common to all classes of a row does
// not change any answer, so each row is centred first to use the range of a byte well.
func quantise(weights []float32) []byte {
	model := make([]byte, len(weights))
	clipped := 0
	for i := 0; i < len(weights); i += langid.Lanes {
		row := weights[i : i+langid.Lanes]
		low, high := row[0], row[0]
		for c, w := range row {
			if langid.Classes[c] != "" {
				low, high = min(low, w), max(high, w)
			}
		}
		for c, w := range row {
			v := math.Round(float64(w-(low+high)/2)*langid.Scale) + langid.Zero
			if langid.Classes[c] == "" {
				v = langid.Zero
			}
			if v < 0 || v > 255 {
				clipped++
			}
			model[i+c] = byte(max(0, min(255, v)))
		}
	}
	fmt.Printf("%d weights clipped\n", clipped)
	return model
}
