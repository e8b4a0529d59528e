package chatexport

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	f := func(bracket bool, body string, kind Kind, text, file string) {
		t.Helper()
		c := classify([]byte(body), bracket, true)
		require.Equal(t, kind, c.kind, body)
		require.Equal(t, text, string(c.text), body)
		require.Equal(t, file, string(c.file), body)
	}
	android := func(body string, kind Kind, text, file string) { t.Helper(); f(false, body, kind, text, file) }
	iphone := func(body string, kind Kind, text, file string) { t.Helper(); f(true, body, kind, text, file) }

	android("hi", KindText, "hi", "")
	android("a < b and b > c", KindText, "a < b and b > c", "")
	android("<b>", KindText, "<b>", "")
	android("see you (later)", KindText, "see you (later)", "")
	android("readme.txt (the second one)", KindText, "readme.txt (the second one)", "")
	for _, omitted := range []string{
		"<Media omitted>", "<Medien ausgeschlossen>", "<Multimedia omitido>", "<Mídia oculta>", "<Médias omis>",
		"<Media omessi>", "<Media weggelaten>", "<Без медиафайлов>", "<Medya dahil edilmedi>", "<تم استبعاد الوسائط>",
		"<मीडिया के बिना>", "<Media tidak disertakan>", "<メディアは含まれていません>", "<媒体文件已省略>", "< 省略多媒体文件 >",
	} {
		android(omitted, KindMedia, "", "")
		android(omitted+"\nthe roof\nfrom above", KindMedia, "the roof\nfrom above", "")
	}
	android("<Media omitted>\nOffer 12.pdf", KindMedia, "", "Offer 12.pdf")
	android("null", KindMedia, "", "")
	android("", KindMedia, "", "")
	for _, attached := range []string{
		"file attached", "Datei angehängt", "archivo adjunto", "arquivo anexado", "fichier joint", "file allegato",
		"bestand bijgevoegd", "файл добавлен", "dosya ekli", "الملف مرفق", "file terlampir", "添付ファイル", "文件附件",
		"in a language not known",
	} {
		android("\u200eIMG-20211231-WA0001.jpg ("+attached+")", KindAttachment, "", "IMG-20211231-WA0001.jpg")
	}
	android("IMG-20211231-WA0001.jpg (file attached)\nthe roof", KindAttachment, "the roof", "IMG-20211231-WA0001.jpg")
	android("My offer (new).pdf (file attached)", KindAttachment, "", "My offer (new).pdf")
	android("Eve Adams.vcf (file attached)", KindContact, "", "Eve Adams.vcf")
	android("This message was deleted", KindDeleted, "", "")
	android("Você apagou esta mensagem", KindDeleted, "", "")
	android("You deleted this message by accident?", KindText, "You deleted this message by accident?", "")
	android("location: https://maps.google.com/?q=52.52,13.40", KindLocation, "location: https://maps.google.com/?q=52.52,13.40", "")
	android("Standort: https://maps.google.com/?q=52.52,13.40", KindLocation, "Standort: https://maps.google.com/?q=52.52,13.40", "")
	android("meet at https://maps.google.com/?q=52.52,13.40 at 6", KindText, "meet at https://maps.google.com/?q=52.52,13.40 at 6", "")
	android("live location shared", KindLocation, "live location shared", "")
	android("Missed voice call", KindCall, "Missed voice call", "")
	android("Missed voice call, sorry", KindText, "Missed voice call, sorry", "")
	android("Video call", KindText, "Video call", "")
	android("POLL:\nWhere?\nOPTION: Office (2 votes)\nOPTION: Station (0 votes)", KindPoll,
		"POLL:\nWhere?\nOPTION: Office (2 votes)\nOPTION: Station (0 votes)", "")
	android("UMFRAGE:\nWo?\nOPTION: Büro (1 Stimme)\nOPTION: Bahnhof (0 Stimmen)", KindPoll,
		"UMFRAGE:\nWo?\nOPTION: Büro (1 Stimme)\nOPTION: Bahnhof (0 Stimmen)", "")
	android("TODO:\nmilk: two (fresh)\nbread: one (dark)", KindText, "TODO:\nmilk: two (fresh)\nbread: one (dark)", "")

	iphone("\u200eimage omitted", KindMedia, "", "")
	iphone("image omitted", KindMedia, "", "")
	iphone("the roof \u200eimage omitted", KindMedia, "the roof", "")
	iphone("Offer.pdf \u2022 \u200e2 pages \u200edocument omitted", KindMedia, "", "Offer.pdf")
	iphone("\u200eBild weggelassen", KindMedia, "", "")
	iphone("\u200eimagem ocultada", KindMedia, "", "")
	iphone("\u200eGIFは含まれていません", KindMedia, "", "")
	iphone("\u200eContact card omitted", KindContact, "", "")
	iphone("\u200e<attached: 00000012-PHOTO-2021-12-31-18-05-33.jpg>", KindAttachment, "", "00000012-PHOTO-2021-12-31-18-05-33.jpg")
	iphone("<attached: 00000012-PHOTO-2021-12-31-18-05-33.jpg>", KindAttachment, "", "00000012-PHOTO-2021-12-31-18-05-33.jpg")
	iphone("\u200e<Anhang: 00000012-PHOTO-2021-12-31-18-05-33.jpg>", KindAttachment, "", "00000012-PHOTO-2021-12-31-18-05-33.jpg")
	iphone("the roof \u200e<अटैच: 00000012-PHOTO-2021-12-31-18-05-33.jpg>", KindAttachment, "the roof", "00000012-PHOTO-2021-12-31-18-05-33.jpg")
	iphone("Offer.pdf \u2022 \u200e2 pages \u200e<attached: 00000013-Offer.pdf>", KindAttachment, "", "00000013-Offer.pdf")
	iphone("\u200e<attached: 00000014-Eve.vcf>", KindContact, "", "00000014-Eve.vcf")
	iphone("\u200eThis message was deleted.", KindDeleted, "", "")
	iphone("\u200eMissed voice call, \u200eTap to call back", KindCall, "Missed voice call, \u200eTap to call back", "")
	iphone("\u200eVoice call. \u200e2 min", KindCall, "Voice call. \u200e2 min", "")
	iphone("\u200eLocation: https://maps.google.com/?q=52.52,13.40", KindLocation, "Location: https://maps.google.com/?q=52.52,13.40", "")
	iphone("\u200eAna added Bo", KindSystem, "Ana added Bo", "")
	iphone("\u200eetwas in einer Sprache", KindSystem, "etwas in einer Sprache", "")
	iphone("Messages to this chat and calls are now secured with end-to-end encryption.", KindSystem,
		"Messages to this chat and calls are now secured with end-to-end encryption.", "")
	iphone("\u2068@Ana\u2069 please", KindText, "@Ana\u2069 please", "")
	iphone("\u200ePOLL:\nWhere?\n\u200eOPTION: Office (2 votes)\n\u200eOPTION: Station (0 votes)", KindPoll,
		"POLL:\nWhere?\n\u200eOPTION: Office (2 votes)\n\u200eOPTION: Station (0 votes)", "")
}

func TestEdited(t *testing.T) {
	t.Parallel()
	f := func(body, text string, edited bool) {
		t.Helper()
		c := classify([]byte(body), false, true)
		require.Equal(t, KindText, c.kind, body)
		require.Equal(t, text, string(c.text), body)
		require.Equal(t, edited, c.edited, body)
	}
	f("see you at 6 <This message was edited>", "see you at 6", true)
	f("bis um 6 \u200e<Diese Nachricht wurde bearbeitet.>", "bis um 6", true)
	f("nos vemos <Se editó este mensaje.>", "nos vemos", true)
	f("tot zes \u200e<in een taal die niet bekend is>", "tot zes", true)
	f("List<String>", "List<String>", false)
	f("x <b>bold</b>", "x <b>bold</b>", false)
}

func TestClassifySystem(t *testing.T) {
	t.Parallel()
	f := func(body string, kind Kind) {
		t.Helper()
		require.Equal(t, kind, classify([]byte(body), false, false).kind, body)
	}
	f("Ana added Bo", KindSystem)
	f("Ana changed their phone number to a new number. Tap to message or add the new number.", KindSystem)
	f("Missed voice call", KindCall)
	f("Missed group video call", KindCall)
	f("Verpasster Sprachanruf um 18:05", KindCall)
	f("You deleted this message", KindDeleted)
}
