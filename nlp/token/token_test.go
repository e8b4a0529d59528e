package token

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shape writes tokens as a line: words folded, numbers with #, symbols with *, breaks as their mark.
func shape(t *Text) string {
	var parts []string
	for _, tok := range t.Tokens {
		switch tok.Kind {
		case Number:
			parts = append(parts, "#"+string(t.Bytes(tok)))
		case Symbol:
			parts = append(parts, "*"+string(t.Bytes(tok)))
		case Break:
			parts = append(parts, string(tok.Mark))
		default:
			parts = append(parts, string(t.Bytes(tok)))
		}
	}
	return strings.Join(parts, " ")
}

func TestRead(t *testing.T) {
	t.Parallel()
	f := func(in, want string) {
		t.Helper()
		var text Text
		text.Read("what was there before")
		text.Read(in)
		require.Equal(t, want, shape(&text), "%q", in)
	}
	f("", "")
	f("Hello, World!", "hello , world !")
	f("é ñ ü ß æ ø İI ı", "e n u ss ae o ii i")
	f("e\u0301te\u0301", "ete")
	f("goooood sooo", "good soo")
	f("don't DON’T l'urgence o'clock", "dont dont l urgence o clock")
	f("A.S.A.P. now. Yes", "asap . now . yes")
	f("e-mail well-known - no", "e mail well known , no")
	f("at 17:30, 5pm or 1.200,50", "at #17:30 , #5pm or #1.200,50")
	f("下午3点", "下午3点")
	f("mp3 b2b", "mp3 b2b")
	f("see https://a.example/x?y=1 or www.b.example now", "see or now")
	f("mail anna.b@c.example please @carl ok", "mail please ok")
	f("ok :) :-( :/ <3 ;-)", "ok *:) *:( *:/ *<3 *:)")
	f("Re:Delivery", "re , delivery")
	f("👍🏽 ❤️", "*👍 *❤")
	f("*bold* _it_ ~no~", "bold it no")
	f("¿Qué? ¡Ya!", "? que ? ya !")
	f("a\u200db\u202e c\ufeff", "ab c")
	f("\xff\xfeab\xc3", "ab")
	f("مُسْتَعْجِل عـــاجل أإآ", "مستعجل عاجل ااا")
	f("ज़रूरी हाँ", "जरूरी हां")
	f("\u0958\u093c", "क")
	f("ｕｒｇｅｎｔ", "urgent")
}

func TestFlags(t *testing.T) {
	t.Parallel()
	var text Text
	text.Read("I NEED it nowww!! عاجل?")
	require.Equal(t, 5, text.Words)
	require.Equal(t, 1, text.Shouted)
	require.Equal(t, 2, text.Bangs)
	require.True(t, text.Tokens[1].Upper)
	require.False(t, text.Tokens[0].Upper, "one letter is no shouting")
	require.True(t, text.Tokens[3].Elongated)
	require.True(t, text.Tokens[5].Arabic)
	require.Equal(t, " i need it noww عاجل ", string(text.Plain))
	require.Equal(t, 4, text.Letters[Arabic])
}

func TestBounds(t *testing.T) {
	t.Parallel()
	f := func(unit string) {
		t.Helper()
		var text Text
		text.Read(strings.Repeat(unit, 1+(MaxBytes+1000)/len(unit)))
		require.LessOrEqual(t, len(text.Plain), MaxPlain+MaxWord+8, "%q", unit)
		require.LessOrEqual(t, len(text.Tokens), MaxBytes)
		for _, tok := range text.Tokens {
			require.LessOrEqual(t, len(text.Bytes(tok)), MaxWord+4)
		}
	}
	for _, unit := range []string{"a", "ab", "a ", "abcdefghij", "1", "é", "क", "ﷺ", "!", "\u200b", "\xff", "😀", "漢字", "a.", "n't"} {
		f(unit)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("don't A.S.A.P. 17:30 :-) \xff\u200d https://x")
	f.Fuzz(func(t *testing.T, s string) {
		var text Text
		text.Read(s)
		words := 0
		for _, tok := range text.Tokens {
			if tok.Kind == Word {
				words++
			}
			require.LessOrEqual(t, len(text.Bytes(tok)), MaxWord+4)
		}
		require.Equal(t, text.Words, words)
		require.LessOrEqual(t, len(text.Plain), MaxPlain+MaxWord+8)
	})
}
