package chatexport

import (
	"regexp"
	"strings"
	"unicode"
)

// titleForms are the names that phones give an export, the chat's name in the middle. Underscores may
// stand for spaces.
var titleForms = [][2]string{
	{"WhatsApp Chat with ", ""}, {"WhatsApp Chat - ", ""}, {"WhatsApp chat with ", ""},
	{"WhatsApp Chat mit ", ""}, {"WhatsApp-Chat mit ", ""},
	{"Chat de WhatsApp con ", ""}, {"Conversación de WhatsApp con ", ""},
	{"Conversa do WhatsApp com ", ""}, {"Conversa no WhatsApp com ", ""}, {"Conversa de WhatsApp com ", ""},
	{"Discussion WhatsApp avec ", ""}, {"Conversation WhatsApp avec ", ""},
	{"Chat WhatsApp con ", ""}, {"WhatsApp-chat met ", ""}, {"WhatsApp Chat met ", ""}, {"WhatsApp-gesprek met ", ""},
	{"WhatsApp-chatt med ", ""}, {"WhatsApp-chat med ", ""}, {"WhatsApp-samtale med ", ""}, {"Czat WhatsApp z ", ""},
	{"Chat WhatsApp s uživatelem ", ""}, {"Чат WhatsApp с контактом ", ""}, {"Чат WhatsApp с ", ""}, {"Чат WhatsApp із ", ""},
	{"WhatsApp Sohbeti - ", ""}, {"", " ile WhatsApp Sohbeti"}, {"محادثة واتساب مع ", ""}, {"WhatsApp चैट - ", ""},
	{"", " के साथ WhatsApp चैट"}, {"Chat WhatsApp dengan ", ""}, {"WhatsApp Chat dengan ", ""},
	{"", "とのWhatsAppチャット"}, {"", "とのWhatsAppのトーク"}, {"WhatsAppチャット - ", ""}, {"与", "的 WhatsApp 对话"}, {"与 ", " 的 WhatsApp 聊天记录"},
	{"WhatsApp 與 ", " 的對話"}, {"與 ", " 的 WhatsApp 對話"},
}

// copySuffix is what browsers and file managers add to a second copy of a file.
var copySuffix = regexp.MustCompile(`( ?\(\d{1,3}\)| - Copy| copy)$`)

// titleOf takes the chat's name from a file's name; ok is false for a name no phone gives.
func titleOf(name string) (title string, ok bool) {
	name = stem(name)
	for _, candidate := range [...]string{name, strings.ReplaceAll(name, "_", " ")} {
		for _, form := range titleForms {
			if len(candidate) > len(form[0])+len(form[1]) && strings.HasPrefix(candidate, form[0]) && strings.HasSuffix(candidate, form[1]) {
				return strings.TrimSpace(candidate[len(form[0]) : len(candidate)-len(form[1])]), true
			}
		}
	}
	return "", false
}

// stem is a file's name without extensions and without what tells copies apart.
func stem(name string) string {
	name = string(cleanName([]byte(name)))
	for {
		before := name
		for _, ext := range [...]string{".txt", ".zip"} {
			if len(name) > len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext) {
				name = name[:len(name)-len(ext)]
			}
		}
		name = copySuffix.ReplaceAllString(name, "")
		if name == before {
			return strings.TrimSpace(name)
		}
	}
}

// fileTitle is the best title that the files' names give; sure is true where a phone gave it.
func fileTitle(inner, outer string) (title string, sure bool) {
	for _, name := range [...]string{inner, outer} {
		if title, ok := titleOf(name); ok {
			return title, true
		}
	}
	for _, name := range [...]string{outer, inner} {
		switch s := stem(name); strings.ToLower(s) {
		case "", ".", "/", "_chat", "chat", "whatsapp chat", "whatsapp":
		default:
			return s, false
		}
	}
	return "", false
}

// sameName compares names as far as a file's name can hold them: letters and digits.
func sameName(a, b string) bool {
	if a == b {
		return true
	}
	fold := func(s string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
	}
	a, b = fold(a), fold(b)
	return a != "" && a == b
}
