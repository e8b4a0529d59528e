package langid

import (
	"testing"

	"github.com/stretchr/testify/require"

	"parley/nlp/token"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	id, err := New()
	require.NoError(t, err)
	f := func(text, want string) {
		t.Helper()
		var tok token.Text
		tok.Read(text)
		got, confidence := id.Detect(&tok, "")
		require.Equal(t, want, got, "%q with %.2f", text, confidence)
		require.True(t, confidence >= 0 && confidence <= 1)
	}
	f("when will my parcel arrive?", "en")
	f("¿cuándo llega mi paquete?", "es")
	f("cuando llega mi paquete", "es")
	f("quando chega a minha encomenda?", "pt")
	f("nao sei ainda", "pt")
	f("wann kommt mein Paket an?", "de")
	f("quand est-ce que mon colis arrive ?", "fr")
	f("quando arriva il mio pacco?", "it")
	f("mera parcel kab aayega bhai", "hi")
	f("kal subah bhej dena", "hi")
	f("मेरा पार्सल कब आएगा", "hi")
	f("متى يصل الطرد؟", "ar")
	f("kapan paket saya sampai?", "id")
	f("wanneer komt mijn pakket aan?", "nl")
	f("kargom ne zaman gelecek?", "tr")
	f("когда придёт посылка", "ru")
	f("коли прийде посилка, її ще немає", "uk")
	f("荷物はいつ届きますか", "ja")
	f("包裹什么时候到", "zh")
	f("소포는 언제 도착하나요", "ko")
	f("πότε θα φτάσει το δέμα", "el")
	f("میرا پارسل کب آئے گا", "ur")
	f("بسته من کی می\u200cرسد پس چرا", "fa")
	f("", Undetermined)
	f("12345 !!! 😀", Undetermined)
	f("x", Undetermined)
	f("ok", Undetermined)
	f("haha", Undetermined)
	f("https://example.com/hello/where/are/you", Undetermined)
}

func TestHintDecides(t *testing.T) {
	t.Parallel()
	id, err := New()
	require.NoError(t, err)
	var tok token.Text
	tok.Read("no")
	es, _ := id.Detect(&tok, "es")
	it, _ := id.Detect(&tok, "it")
	require.Equal(t, []string{"es", "it"}, []string{es, it})
	tok.Read("when will my parcel arrive?")
	got, _ := id.Detect(&tok, "de")
	require.Equal(t, "en", got, "a hint does not outweigh the words")
}

func TestLoadRefusesWrongSize(t *testing.T) {
	t.Parallel()
	_, err := Load(make([]byte, 100))
	require.ErrorContains(t, err, "100 bytes")
}

// TestSumIsExact compares the packed addition with a plain one, past the size at which lanes are emptied.
func TestSumIsExact(t *testing.T) {
	t.Parallel()
	model := make([]byte, Buckets*Lanes)
	for i := range model {
		model[i] = byte(i * 31 >> 3)
	}
	id, err := Load(model)
	require.NoError(t, err)
	for _, n := range []int{0, 1, 255, 256, 257, 1000} {
		var grams []uint16
		var want [Lanes]int32
		for i := range n {
			g := uint16(i*7919) % Buckets
			grams = append(grams, g)
			for c := range want {
				want[c] += int32(model[int(g)*Lanes+c]) - Zero
			}
		}
		require.Equal(t, want, id.sum(grams), n)
	}
}

func BenchmarkDetect(b *testing.B) {
	id, err := New()
	require.NoError(b, err)
	var tok token.Text
	tok.Read("Der Termin am Montag passt leider nicht, können wir das auf Mittwoch verschieben?")
	b.ReportAllocs()
	for b.Loop() {
		id.Detect(&tok, "")
	}
}
