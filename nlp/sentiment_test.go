package nlp

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSentiment(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	f := func(text, want string) {
		t.Helper()
		got := a.Analyze(context.Background(), Input{Text: text})
		require.Equal(t, want, got.Sentiment, "%q %+v", text, got)
	}
	f("", Neutral)
	f("the meeting is at ten", Neutral)
	f("I love it, great work", Positive)
	f("this is terrible service", Negative)
	f("not good at all", Negative)
	f("not bad", Positive)
	f("great food but the service was horrible", Negative)
	f("me encanta, muchas gracias", Positive)
	f("pésimo servicio, qué asco", Negative)
	f("no me gusta nada", Negative)
	f("amei, ficou lindo", Positive)
	f("atendimento horrível", Negative)
	f("super gemacht, vielen Dank", Positive)
	f("das ist eine Katastrophe", Negative)
	f("das ist nicht gut", Negative)
	f("c'est parfait, merci beaucoup", Positive)
	f("je suis très déçu", Negative)
	f("ottimo lavoro, grazie mille", Positive)
	f("una truffa, servizio pessimo", Negative)
	f("बहुत बढ़िया काम", Positive)
	f("बहुत घटिया सेवा", Negative)
	f("bahut badhiya bhai", Positive)
	f("service bahut bekar hai", Negative)
	f("accha nahi hai ye", Negative)
	f("الخدمة ممتازة شكرا جزيلا", Positive)
	f("خدمة سيئة جدا", Negative)
	f("pelayanannya bagus banget", Positive)
	f("barangnya rusak, saya kecewa", Negative)
	f("tidak bagus", Negative)
	f("heel erg bedankt, geweldig", Positive)
	f("wat een waardeloze, vreselijke service", Negative)
	f("çok güzel, teşekkürler", Positive)
	f("berbat bir hizmet", Negative)
	f("😡😡", Negative)
	f("❤️", Positive)
	f(":(", Negative)
	f("😍👍🏽", Positive)
}

func TestSentimentOrder(t *testing.T) {
	t.Parallel()
	a := newAnalyzer(t)
	f := func(less, more string) {
		t.Helper()
		l := a.Analyze(context.Background(), Input{Text: less, Lang: "en"}).SentimentScore
		m := a.Analyze(context.Background(), Input{Text: more, Lang: "en"}).SentimentScore
		require.Less(t, l, m, "%q < %q", less, more)
	}
	f("the food is good", "the food is very good")
	f("the food is slightly good", "the food is good")
	f("the food is good", "the food is good!!!")
	f("the food is good", "the food is GOOD")
	f("the food is good", "the food is goooood")
	f("the food is bad!!!", "the food is bad")
	f("the food is very bad", "the food is bad")
	f("the food is not good", "the food is good")
}
