package nlp

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// shared is one analyzer for all tests: it has no state that one message leaves for the next.
var shared = sync.OnceValues(func() (*Analyzer, error) { return New(Config{}) })

func newAnalyzer(t testing.TB) *Analyzer {
	t.Helper()
	a, err := shared()
	require.NoError(t, err)
	return a
}

func TestPriority(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	f := func(text, want, reason string) {
		t.Helper()
		got := a.Analyze(context.Background(), Input{Text: text})
		require.Equal(t, want, got.Priority, "%q %v", text, got.Reasons)
		if reason == "" {
			require.Empty(t, got.Reasons, text)
		} else {
			require.Contains(t, got.Reasons, reason, text)
		}
	}

	// The words of the specification.
	f("Please send it ASAP", Urgent, `says "ASAP"`)
	f("I need an answer immediately.", Urgent, `says "immediately"`)
	f("this is urgent", Urgent, `says "urgent"`)
	f("need by Friday", High, `deadline: "need by Friday"`)
	f("I need it by Friday", High, `deadline: "by Friday"`)
	f("deadline tomorrow", High, `deadline: "deadline tomorrow"`)
	f("can you send it before noon?", High, `deadline: "before noon"`)
	f("we have until tomorrow", High, `deadline: "until tomorrow"`)
	f("See you on Friday then", Normal, "")
	f("", Normal, "")

	// A deadline of today is urgent.
	f("must be in by end of day", Urgent, `deadline: "by end of day"`)
	f("bitte noch heute schicken", Urgent, `deadline: "noch heute"`)
	f("preciso disso ainda hoje", Urgent, `deadline: "ainda hoje"`)

	// Clock times and counts.
	f("please deliver by 5pm", High, `deadline: "by hh:mm"`)
	f("within 2 hours please", High, `deadline: "within … hours"`)
	f("we were 10 by then", Normal, "")

	// Each language.
	f("es urgente, por favor", Urgent, `says "urgente"`)
	f("lo necesito inmediatamente", Urgent, `says "inmediatamente"`)
	f("lo necesito antes del viernes", High, `deadline: "antes del viernes"`)
	f("preciso imediatamente", Urgent, `says "imediatamente"`)
	f("preciso do orçamento até sexta", High, `deadline: "até sexta"`)
	f("Wir brauchen das sofort", Urgent, `says "sofort"`)
	f("das ist wirklich dringend", Urgent, `says "dringend"`)
	f("Ich brauche die Rechnung bis Freitag", High, `deadline: "bis Freitag"`)
	f("venez tout de suite", Urgent, `says "tout de suite"`)
	f("il me le faut avant vendredi", High, `deadline: "avant vendredi"`)
	f("mi serve subito", Urgent, `says "subito"`)
	f("mi serve la fattura entro venerdì", High, `deadline: "entro venerdì"`)
	f("मुझे तुरंत चाहिए", Urgent, `says "तुरंत"`)
	f("mujhe turant chahiye", Urgent, `says "turant"`)
	f("jaldi bhejo bhai", Urgent, `says "jaldi"`)
	f("शुक्रवार तक चाहिए", High, `deadline: "शुक्रवार तक"`)
	f("shukravar tak de dena", High, `deadline: "shukravar tak"`)
	f("الموضوع عاجل", Urgent, `says "عاجل"`)
	f("أرسل الفاتورة فوراً", Urgent, `says "فورا"`)
	f("أحتاجه قبل يوم الجمعة", High, `deadline: "قبل يوم الجمعة"`)
	f("tolong segera dikirim", Urgent, `says "segera"`)
	f("ini mendesak", Urgent, `says "mendesak"`)
	f("kirim sebelum Jumat ya", High, `deadline: "sebelum Jumat"`)
	f("dit is dringend", Urgent, `says "dringend"`)
	f("ik heb het uiterlijk vrijdag nodig", High, `deadline: "uiterlijk vrijdag"`)
	f("acil lütfen", Urgent, `says "acil"`)
	f("cumaya kadar lazım", High, `deadline: "Cumaya kadar"`)
}

func TestPriorityNegation(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	f := func(text, want string) {
		t.Helper()
		got := a.Analyze(context.Background(), Input{Text: text})
		require.Equal(t, want, got.Priority, "%q %v", text, got.Reasons)
	}
	f("not urgent", Normal)
	f("It's not that urgent", Normal)
	f("this isn't really urgent", Normal)
	f("this isn’t urgent", Normal)
	f("isnt urgent", Normal)
	f("no rush at all, whenever you can", Normal)
	f("no es urgente", Normal)
	f("no es nada urgente", Normal)
	f("sin prisa", Normal)
	f("não é urgente", Normal)
	f("nao e urgente", Normal)
	f("nicht dringend", Normal)
	f("ist nicht so dringend", Normal)
	f("eilt nicht", Normal)
	f("keine Eile", Normal)
	f("ce n'est pas urgent", Normal)
	f("pas d'urgence", Normal)
	f("non è urgente", Normal)
	f("nessuna fretta", Normal)
	f("urgent nahi hai", Normal)
	f("koi jaldi nahi", Normal)
	f("तुरंत नहीं चाहिए", Normal)
	f("ليس عاجلا", Normal)
	f("غير عاجل", Normal)
	f("tidak mendesak", Normal)
	f("gak urgent kok", Normal)
	f("niet dringend", Normal)
	f("acil değil", Normal)
	f("is it urgent?", Normal)

	// What a negator does not reach.
	f("I have not received it, urgent!", Urgent)
	f("not received yet. Urgent", Urgent)
	f("I don't know who to ask, please come immediately", Urgent)
	f("no rush, by Friday is fine", High)
	f("not urgent but I need it by Friday", High)
}

func TestPriorityForms(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	f := func(text, want string) {
		t.Helper()
		got := a.Analyze(context.Background(), Input{Text: text})
		require.Equal(t, want, got.Priority, "%q %v", text, got.Reasons)
	}
	f("URGENTTT", Urgent)
	f("asaaap", Urgent)
	f("AsAp!!!", Urgent)
	f("a.s.a.p.", Urgent)
	f("A.S.A.P", Urgent)
	f("*URGENT*", Urgent)
	f("_urgent_", Urgent)
	f("¡¡URGENTE!!", Urgent)
	f("ur\u200dge\u200bnt", Urgent)
	f("\u202eurgent\u202c", Urgent)
	f("u\u0301rgent", Urgent)
	f("ｕｒｇｅｎｔ", Urgent)
	f("\xff\xfeurgent\xc3", Urgent)
	f("urgência", Urgent)
	f("ate sexta preciso disso", High)
	f("brauche es schnellstmoeglich", Urgent)
	f("brauche es schnellstmoglich", Urgent)
	f("عـــاجل", Urgent)
	f("عَاجِل", Urgent)
	f("والعاجل أرسله", Urgent)

	// Whole words only.
	f("insurgents", Normal)
	f("resurgent market", Normal)
	f("asapx", Normal)
	f("تعاجلين", Normal)
	f("तुरंतता", Normal)
	f("mail urgent@example.com or https://urgent.example/asap", Normal)
	f("@urgent hello", Normal)

	// A goodbye is no deadline.
	f("Ok, bis morgen!", Normal)
	f("até amanhã", Normal)
	f("hasta mañana", Normal)
	f("sampai jumpa besok", Normal)
	f("Dann bis Freitag", Normal)
}

func TestReasonsNeverQuoteTheMessage(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	got := a.Analyze(context.Background(), Input{Text: "URGENTTT!! call Zebulon by 17:42 ASAP, asap, immediately, right now, at once, by Friday"})
	require.Equal(t, Urgent, got.Priority)
	require.Len(t, got.Reasons, maxReasons)
	for _, r := range got.Reasons {
		require.NotContains(t, r, "17:42")
		require.NotContains(t, r, "Zebulon")
		require.NotContains(t, r, "URGENTTT")
	}
	long := a.Analyze(context.Background(), Input{Text: strings.Repeat("by Friday ", 50) + "urgent"})
	require.Equal(t, Urgent, long.Priority, "many weak reasons do not hide a strong one")
	require.Equal(t, `says "urgent"`, long.Reasons[0])
}
