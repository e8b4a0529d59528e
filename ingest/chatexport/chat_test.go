package chatexport

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/unicode"

	"parley"
)

var update = flag.Bool("update", false, "write the golden files")

func read(t testing.TB, name, text string, opts Options) *Chat {
	t.Helper()
	c, err := Read(strings.NewReader(text), int64(len(text)), name, opts)
	require.NoError(t, err)
	return c
}

func messages(t testing.TB, c *Chat) []Message {
	t.Helper()
	var all []Message
	for m, err := range c.Messages() {
		require.NoError(t, err)
		all = append(all, m)
	}
	return all
}

// goldenNames are the names that the phones gave the files in testdata.
var goldenNames = map[string]string{
	"android-ar":    "محادثة واتساب مع سلمى.txt",
	"android-de":    "WhatsApp Chat mit Jonas Weber.txt",
	"android-en-GB": "WhatsApp Chat with Allotment 12 🌻.txt",
	"android-en-US": "WhatsApp Chat with Marta Klein.txt",
	"android-es":    "Chat de WhatsApp con Lucía Paz.txt",
	"android-fr":    "Discussion WhatsApp avec Élodie.txt",
	"android-hi":    "आशा के साथ WhatsApp चैट.txt",
	"android-id":    "Chat WhatsApp dengan Dewi.txt",
	"android-it":    "Chat WhatsApp con Gino.txt",
	"android-ja":    "花子とのWhatsAppチャット.txt",
	"android-nl":    "WhatsApp-chat met Sanne.txt",
	"android-pt-BR": "Conversa do WhatsApp com Obra Centro.txt",
	"android-sv":    "WhatsApp-chatt med Astrid.txt",
	"android-tr":    "Deniz ile WhatsApp Sohbeti.txt",
	"iphone-en-CA":  "export.txt",
	"iphone-en-GB":  "_chat.txt",
	"iphone-zh-TW":  "WhatsApp Chat - 小美.txt",
}

// TestGolden reads whole exports as phones of several languages write them.
func TestGolden(t *testing.T) {
	t.Parallel()
	for file, name := range goldenNames {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join("testdata", file+".txt")
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			c := read(t, name, string(text), Options{})
			var out bytes.Buffer
			enc := json.NewEncoder(&out)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			require.NoError(t, enc.Encode(c))
			enc.SetIndent("", "")
			for _, m := range messages(t, c) {
				require.NoError(t, enc.Encode(m))
			}
			golden := strings.TrimSuffix(path, ".txt") + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, out.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), out.String())
		})
	}
}

const small = "31/12/21, 18:05 - Messages and calls are end-to-end encrypted. Tap to learn more.\r\n" +
	"31/12/21, 18:05 - Ana: first\r\nsecond line\r\n\r\n31/12 is not a stamp\r\n" +
	"31/12/21, 18:06 - Bo: same\r\n31/12/21, 18:06 - Bo: same\r\n"

func TestMultiLine(t *testing.T) {
	t.Parallel()
	c := read(t, "WhatsApp Chat with Ana.txt", "\ufeff"+small, Options{})
	got := messages(t, c)
	require.Len(t, got, 4)
	require.Equal(t, KindSystem, got[0].Kind)
	require.Equal(t, "first\nsecond line\n\n31/12 is not a stamp", got[1].Text)
	require.Equal(t, 2, got[1].Line)
	require.Equal(t, 4, got[1].Lines)
	require.Equal(t, []uint32{0, 1}, []uint32{got[2].Seq, got[3].Seq})
	require.Equal(t, 4, c.Count)
	require.Equal(t, 7, c.Lines)
	require.Equal(t, "Ana", c.Title)
	require.Equal(t, "Bo", c.Self)
	require.Equal(t, SelfOther, c.SelfBy)
	require.False(t, c.Group)
	require.Equal(t, parley.Inbound, c.Direction(got[1]))
	require.Equal(t, parley.Outbound, c.Direction(got[2]))
}

func TestUTF16(t *testing.T) {
	t.Parallel()
	want := messages(t, read(t, "x.txt", small, Options{}))
	for _, endian := range []unicode.Endianness{unicode.LittleEndian, unicode.BigEndian} {
		text, err := unicode.UTF16(endian, unicode.UseBOM).NewEncoder().String(small)
		require.NoError(t, err)
		require.Equal(t, want, messages(t, read(t, "x.txt", text, Options{})))
	}
}

func TestZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	utc, local := read(t, "x.txt", small, Options{}), read(t, "x.txt", small, Options{Zone: zone})
	a, b := messages(t, utc)[1], messages(t, local)[1]
	require.Equal(t, a.At.Add(3*time.Hour), b.At.UTC())
	require.Equal(t, utc.ID("t", a), local.ID("t", b))
}

func TestStrayStamps(t *testing.T) {
	t.Parallel()
	text := "31/12/21, 18:05 - Ana: look\n" +
		"[30/12/21, 10:00:00] Bo: pasted from an iPhone\n" + // another shape
		"31/13/21, 18:05 - no such month\n" +
		"2021-12-31 18:05 log entry\n" +
		"31/12/21, 18:06 - Bo: yes\n"
	c := read(t, "x.txt", text, Options{})
	got := messages(t, c)
	require.Len(t, got, 2)
	require.Equal(t, 4, got[0].Lines)
	require.Equal(t, 2, c.Strays)
}

// TestPasted: an iPhone pastes copied messages in the very format of its exports.
func TestPasted(t *testing.T) {
	t.Parallel()
	text := "[30/12/2021, 09:00:00] Ana: hi\n" +
		"[31/12/2021, 18:05:33] Ana: [30/12/2021, 10:00:00] Carl: can you do it?\n" +
		"[30/12/2021, 10:01:00] Dora: not before Monday\n" +
		"[31/12/2021, 18:06:00] Bo: I see\n"
	c := read(t, "_chat.txt", text, Options{Title: "Ana"})
	require.Equal(t, []string{"Ana", "Bo"}, c.Participants)
	require.Equal(t, "Bo", c.Self)
	got := messages(t, c)
	require.Len(t, got, 3)
	require.Equal(t, 2, got[1].Lines)
}

func TestSender(t *testing.T) {
	t.Parallel()
	f := func(line, sender, text string) {
		t.Helper()
		got := messages(t, read(t, "x.txt", "31/12/21, 18:05 - "+line, Options{}))[0]
		require.Equal(t, sender, got.Sender, line)
		require.Equal(t, text, got.Text, line)
	}
	f("Ana: a: b", "Ana", "a: b")
	f("Ana:", "Ana", "")
	f("Ana: ", "Ana", "")
	f("Ana 🌻: hi", "Ana 🌻", "hi")
	f("\u202a+49\u00a0151\u00a023456789\u202c: hi", "+49 151 23456789", "hi")
	f("~\u202fAna: hi", "Ana", "hi")
	f("Ana:no space", "", "Ana:no space")
	f("10:30 Club: hi", "10:30 Club", "hi")
	f(`Ana changed the subject from "Tea: black" to "Tea"`, "", `Ana changed the subject from "Tea: black" to "Tea"`)
	f(`Bo created group "Sales: EMEA"`, "", `Bo created group "Sales: EMEA"`)
	f("الرسائل والمكالمات مشفرة تمامًا: لا أحد", "", "الرسائل والمكالمات مشفرة تمامًا: لا أحد")
}

func TestNameWithColon(t *testing.T) {
	t.Parallel()
	text := "31/12/21, 18:05 - Work: Ana: <Media omitted>\n31/12/21, 18:06 - Work: Ana: hi: there\n" +
		"31/12/21, 18:07 - Work: Bo: hi\n31/12/21, 18:08 - Work: Bo: IMG-20211231-WA0001.jpg (file attached)\n"
	c := read(t, "x.txt", text, Options{})
	require.Equal(t, []string{"Work: Ana", "Work: Bo"}, c.Participants)
	require.Equal(t, "hi: there", messages(t, c)[1].Text)
}

func TestSelf(t *testing.T) {
	t.Parallel()
	f := func(name, text string, opts Options, self string, by SelfEvidence, group bool) {
		t.Helper()
		c := read(t, name, text, opts)
		require.Equal(t, self, c.Self)
		require.Equal(t, by, c.SelfBy)
		require.Equal(t, group, c.Group)
	}
	two := "31/12/21, 18:05 - Ana: a\n31/12/21, 18:05 - Bo: b\n"
	three := two + "31/12/21, 18:05 - Cy: c\n"
	f("WhatsApp Chat with Ana.txt", two, Options{}, "Bo", SelfOther, false)
	f("WhatsApp-Chat mit Ana (2).txt", two, Options{}, "Bo", SelfOther, false)
	f("Chat de WhatsApp con Ana.txt", two, Options{}, "Bo", SelfOther, false)
	f("WhatsApp_Chat_with_Ana.txt", two, Options{}, "Bo", SelfOther, false)
	f("ana.txt", two, Options{}, "Bo", SelfOther, false)
	f("export.txt", two, Options{}, "", SelfUnknown, false)
	f("WhatsApp Chat with The team.txt", two, Options{}, "", SelfUnknown, true)
	f("WhatsApp Chat with The team.txt", three, Options{}, "", SelfUnknown, true)
	f("WhatsApp Chat with The team.txt", three, Options{Self: "Cy"}, "Cy", SelfGiven, true)
	f("WhatsApp Chat with The team.txt", three, Options{Self: "Di"}, "Di", SelfAbsent, true)
	f("x.txt", three+"31/12/21, 18:06 - Bo: You deleted this message\n", Options{}, "Bo", SelfDeleted, true)
	f("WhatsApp Chat with Ana.txt", "31/12/21, 18:05 - Bo: b\n", Options{}, "Bo", SelfOther, false)
	f("WhatsApp Chat with The team.txt", "31/12/21, 18:04 - You created this group\n31/12/21, 18:04 - You added Ana\n"+
		"31/12/21, 18:05 - Ana: b\n", Options{}, "", SelfUnknown, false)
	f("WhatsApp Chat with Ana.txt", "31/12/21, 18:05 - Ana: b\n", Options{}, "", SelfUnknown, false)
	f("_chat.txt", "\u200e[31/12/21, 18:05:33] Ana: \u200eMessages and calls are end-to-end encrypted.\n"+
		"[31/12/21, 18:05:33] Ana: a\n[31/12/21, 18:05:33] Bo: b\n", Options{}, "Bo", SelfOther, false)
}

func TestIDs(t *testing.T) {
	t.Parallel()
	ids := func(name, text string) []parley.WAMID {
		c := read(t, name, text, Options{})
		var out []parley.WAMID
		for _, m := range messages(t, c) {
			out = append(out, c.ID("t", m))
		}
		return out
	}
	first := ids("WhatsApp Chat with Ana.txt", small)
	require.Len(t, first, 4)
	seen := map[parley.WAMID]bool{}
	for _, id := range first {
		require.Regexp(t, `^import\.[0-9a-f]{32}$`, string(id))
		require.False(t, seen[id], "equal lines have ids of their own")
		seen[id] = true
	}
	later := ids("WhatsApp Chat with Ana (1).txt", small+"31/12/21, 18:07 - Ana: new\n")
	require.Equal(t, first, later[:4])
	require.NotEqual(t, first, ids("WhatsApp Chat with Bo.txt", small))

	// With media and without.
	with := "31/12/21, 18:05 - Ana: IMG-20211231-WA0001.jpg (file attached)\nthe roof\n" +
		"31/12/21, 18:05 - Ana: Offer.pdf (file attached)\n31/12/21, 18:06 - Ana: Eve.vcf (file attached)\n"
	without := "31/12/21, 18:05 - Ana: <Media omitted>\nthe roof\n" +
		"31/12/21, 18:05 - Ana: <Media omitted>\nOffer.pdf\n31/12/21, 18:06 - Ana: <Media omitted>\n"
	require.Equal(t, ids("WhatsApp Chat with Ana.txt", with), ids("WhatsApp Chat with Ana.txt", without))
}

func TestNotAnExport(t *testing.T) {
	t.Parallel()
	f := func(text, says string) {
		t.Helper()
		_, err := Read(strings.NewReader(text), int64(len(text)), "x.txt", Options{})
		require.ErrorContains(t, err, says)
		require.Equal(t, parley.Invalid, parley.KindOf(err))
		require.NotContains(t, err.Error(), "secret")
	}
	f("", "empty")
	f("\n\n", "empty")
	f("my secret of 2021\nmore", `"a a a 9999"`)
	f(strings.Repeat("secret\n", 60)+"31/12/21, 18:05 - Ana: hi", "no line begins like")
	f("\x00\xff\xfe\x01", "no line begins like")
	f("PK\x03\x04 but no zip", "not a readable zip")
	f("99/99/21, 18:05 - Ana: secret", "none of its 1 dates")
}

func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 1000)
	text := "31/12/21, 18:05 - Ana: " + long + "\n" + long + "\n31/12/21, 18:06 - Bo: short\n"
	got := messages(t, read(t, "x.txt", text, Options{Limits: Limits{BodyBytes: 101, LineBytes: 300}}))
	require.Len(t, got, 2)
	require.True(t, got[0].Cut)
	require.Equal(t, strings.Repeat("é", 50)+"\ufffd", got[0].Text)
	require.False(t, got[1].Cut)
	_, err := Read(strings.NewReader(text), int64(len(text)), "x.txt", Options{Limits: Limits{TextBytes: 100}})
	require.Equal(t, parley.TooLarge, parley.KindOf(err))
}

// TestBounded: what is kept of names and shapes does not grow with the file.
func TestBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&b, "31/12/21, 18:05 - Name %d: Sub %d: <Media omitted>\n[31/12/2%d%s18:0%d:33] x: y\n", i, i, i%10, ", "[:1+i%2], i%10)
	}
	c := read(t, "x.txt", b.String(), Options{Limits: Limits{Senders: 100}})
	require.Len(t, c.Participants, 100)
	require.Equal(t, 3000, c.Count)
	require.LessOrEqual(t, len(c.prof.names), maxColons)
	require.Len(t, messages(t, c), 3000)
}

func zipOf(t testing.TB, files ...string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		require.NoError(t, err)
		_, err = f.Write([]byte(files[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return buf.Bytes()
}

func TestZip(t *testing.T) {
	t.Parallel()
	f := func(title string, files ...string) {
		t.Helper()
		b := zipOf(t, files...)
		c, err := Read(bytes.NewReader(b), int64(len(b)), "WhatsApp Chat - Ana.zip", Options{})
		require.NoError(t, err)
		require.Equal(t, title, c.Title)
		require.Len(t, messages(t, c), 4)
		require.Len(t, messages(t, c), 4, "a second time")
	}
	f("Ana", "_chat.txt", small, "00000001-notes.txt", "notes")
	f("Ana", "../../_chat.txt", small)
	f("Bo", "notes.txt", "notes", "WhatsApp Chat with Bo.txt", small)
	f("Ana", "anything.txt", small, "IMG-20211231-WA0001.jpg", "x")
}

func TestZipRefused(t *testing.T) {
	t.Parallel()
	f := func(b []byte, limits Limits, kind parley.Kind, says string) {
		t.Helper()
		_, err := Read(bytes.NewReader(b), int64(len(b)), "x.zip", Options{Limits: limits})
		require.ErrorContains(t, err, says)
		require.Equal(t, kind, parley.KindOf(err))
	}
	good := zipOf(t, "_chat.txt", small, "a.jpg", "x")
	f(zipOf(t, "a.txt", "x", "b.txt", "y"), Limits{}, parley.Invalid, "2 text files")
	f(zipOf(t, "a.jpg", "x"), Limits{}, parley.Invalid, "0 text files")
	f(good, Limits{Entries: 1}, parley.TooLarge, "more files")
	f(good, Limits{TextBytes: 10}, parley.TooLarge, "more text")
	f(zipOf(t, "_chat.txt", small+strings.Repeat("\n", ratioFreeBytes)), Limits{}, parley.TooLarge, "shrinks")
	f(good[:len(good)-30], Limits{}, parley.Invalid, "not a readable zip")
	broken := bytes.Clone(good)
	copy(broken[45:], "\xff\xff\xff\xff\xff\xff\xff\xff")
	f(broken, Limits{}, parley.Invalid, "cannot unpack")

	lying := bytes.Clone(zipOf(t, "_chat.txt", small+strings.Repeat("a", 20<<20)))
	at := bytes.LastIndex(lying, []byte("PK\x01\x02"))
	copy(lying[at+24:], []byte{0, 1, 0, 0}) // claims to unpack to 256 bytes
	_, err := Read(bytes.NewReader(lying), int64(len(lying)), "x.zip", Options{})
	require.Error(t, err)
}

func TestOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "WhatsApp Chat with Ana.txt")
	require.NoError(t, os.WriteFile(path, []byte(small), 0o600))
	c, err := Open(path, Options{})
	require.NoError(t, err)
	require.Len(t, messages(t, c), 4)
	require.NoError(t, c.Close())
	_, err = Open(path+"x", Options{})
	require.Equal(t, parley.NotFound, parley.KindOf(err))
	_, err = Open(filepath.Dir(path), Options{})
	require.Equal(t, parley.Invalid, parley.KindOf(err))
}
