package chatexport

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestParseStampFormats reads the stamps of phones in many languages. Every one stands for the same
// evening, 31 December 2021, 18:05 (and 33 seconds where there are seconds).
func TestParseStampFormats(t *testing.T) {
	t.Parallel()
	f := func(order DateOrder, line string) {
		t.Helper()
		st, rest, ok := parseStamp([]byte(line))
		require.True(t, ok, "%q", line)
		require.Equal(t, "Ana: ok", string(rest), "%q", line)
		clock, ok := st.clock(order)
		require.True(t, ok, "%q %+v", line, st)
		at := inZone(clock, time.UTC)
		want := time.Date(2021, 12, 31, 18, 5, 0, 0, time.UTC)
		if st.seconds {
			want = want.Add(33 * time.Second)
		}
		require.Equal(t, want, at, "%q", line)
	}
	// Android
	f(MDY, "12/31/21, 6:05\u202fPM - Ana: ok")              // en-US since 2022
	f(MDY, "12/31/21, 6:05 PM - Ana: ok")                   // en-US
	f(MDY, "12/31/21, 18:05 - Ana: ok")                     // en-US, 24 hours
	f(DMY, "31/12/2021, 18:05 - Ana: ok")                   // en-GB
	f(DMY, "31/12/21, 6:05 pm - Ana: ok")                   // en-IN, hi
	f(YMD, "2021-12-31, 6:05 p.m. - Ana: ok")               // en-CA
	f(YMD, "2021/12/31, 18:05 - Ana: ok")                   // en-ZA
	f(DMY, "31.12.21, 18:05 - Ana: ok")                     // de
	f(DMY, "31.12.21, 6:05 nachm. - Ana: ok")               // de, 12 hours
	f(DMY, "31/12/21 18:05 - Ana: ok")                      // es
	f(DMY, "31/12/21, 6:05 p.\u00a0m. - Ana: ok")           // es, 12 hours
	f(DMY, "31/12/2021 6:05 p. m. - Ana: ok")               // es-419
	f(DMY, "31/12/2021 18:05 - Ana: ok")                    // pt-BR
	f(DMY, "31/12/2021 à 18:05 - Ana: ok")                  // fr
	f(DMY, "31/12/21, 18:05 - Ana: ok")                     // it
	f(DMY, "31-12-2021 18:05 - Ana: ok")                    // nl
	f(DMY, "31/12/21, 6:05 अपराह्न - Ana: ok")              // hi
	f(DMY, "३१/१२/२१, १८:०५ - Ana: ok")                     // hi, mr with own digits
	f(DMY, "٣١\u200f/١٢\u200f/٢٠٢١، ٦:٠٥ م - Ana: ok")      // ar
	f(DMY, "\u200f31\u200f/12\u200f/2021، 18:05 - Ana: ok") // ar, Latin digits
	f(DMY, "31/12/21 18.05 - Ana: ok")                      // id
	f(DMY, "31.12.2021 18:05 - Ana: ok")                    // tr
	f(DMY, "31.12.2021 ÖS 6:05 - Ana: ok")                  // tr, 12 hours
	f(YMD, "2021/12/31 18:05 - Ana: ok")                    // ja, zh
	f(YMD, "2021/12/31 下午6:05 - Ana: ok")                   // zh
	f(YMD, "2021/12/31 晚上6:05 - Ana: ok")                   // zh-TW
	f(YMD, "2021/12/31 午後6:05 - Ana: ok")                   // ja
	f(YMD, "2021年12月31日 18:05 - Ana: ok")                   // zh, long
	f(YMD, "2021. 12. 31. 오후 6:05 - Ana: ok")               // ko
	f(YMD, "2021. 12. 31. 18:05 - Ana: ok")                 // hu
	f(YMD, "2021-12-31 18:05 - Ana: ok")                    // sv
	f(YMD, "2021-12-31 6:05 em - Ana: ok")                  // sv, 12 hours
	f(DMY, "31.12.2021 klo 18.05 - Ana: ok")                // fi
	f(DMY, "31.12.2021 18.05 - Ana: ok")                    // da
	f(DMY, "31.12.21 г., 18:05 - Ana: ok")                  // bg
	f(DMY, "31/12/21, 6:05 μ.μ. - Ana: ok")                 // el
	f(DMY, `31.12.2021, 6:05 אחה״צ - Ana: ok`)              // he
	f(DMY, "18:05, 31/12/2021 - Ana: ok")                   // vi
	f(DMY, "31/12/2564 18:05 - Ana: ok")                    // th, Buddhist era
	f(DMY, "31/12/21, 18:05:33: Ana: ok")                   // before 2016
	// iPhone
	f(DMY, "[31/12/21, 18:05:33] Ana: ok")
	f(DMY, "\u200e[31/12/21, 18:05:33] Ana: ok")
	f(DMY, "[31/12/2021, 18:05:33] Ana: ok")
	f(MDY, "[12/31/21, 6:05:33\u202fPM] Ana: ok")
	f(YMD, "[2021-12-31, 6:05:33 PM] Ana: ok")
	f(DMY, "[31.12.21, 18:05:33] Ana: ok")
	f(DMY, "[31.12.2021 klo 18.05.33] Ana: ok")
	f(DMY, "[31/12/21 18.05.33] Ana: ok")
	f(DMY, "[31/12/21, 6:05:33 p. m.] Ana: ok")
	f(DMY, "[31/12/2021 à 18:05:33] Ana: ok")
	f(DMY, "[31-12-2021 18:05:33] Ana: ok")
	f(YMD, "[2021/12/31 下午6:05:33] Ana: ok")
	f(DMY, "[31/12/2021 下午6:05:33] Ana: ok") // zh-HK
	f(YMD, "[2021. 12. 31. 오후 6:05:33] Ana: ok")
	f(DMY, "\u200f[٣١/١٢/٢٠٢١، ٦:٠٥:٣٣ م] Ana: ok")
	f(MDY, "[12/31/2564 BE, 18:05:33] Ana: ok")
	f(MDY, "[12/31/R3, 18:05:33] Ana: ok")
}

func TestParseStampRefuses(t *testing.T) {
	t.Parallel()
	f := func(line string) {
		t.Helper()
		_, _, ok := parseStamp([]byte(line))
		require.False(t, ok, "%q", line)
	}
	f("")
	f("[")
	f("hello")
	f("12")
	f("12/31")
	f("31/12/21")
	f("31/12/21 lunch at 18:05 - bring wine")
	f("31/12/21, 25:05 - x")
	f("31/12/21, 18:65 - x")
	f("31/12.21, 18:05 - x")
	f("31/12/21, 18:05")
	f("31/12/21, 18:05 or later - x")
	f("[31/12/21, 18:05:33 Ana: x")
	f("1234567, 18:05 - x")
	f("18:05 is fine")
	f("31/12/21, 13:05 AM - x")
	f("+49 151 2345")
	f("\u200e\u200f\u202a")
}

func TestHalfHours(t *testing.T) {
	t.Parallel()
	f := func(word string, clock, want int) {
		t.Helper()
		got, ok := halfOf([]byte(word)).hour(clock)
		require.True(t, ok, word)
		require.Equal(t, want, got, "%s %d", word, clock)
	}
	f("AM", 12, 0)
	f("PM", 12, 12)
	f("a. m.", 1, 1)
	f("p.m.", 11, 23)
	f("午後", 0, 12) // Japanese phones count from 0
	f("中午", 12, 12)
	f("中午", 1, 13)
	f("凌晨", 12, 0)
	f("晚上", 12, 0)
	f("晚上", 9, 21)
	f("रात", 2, 2)
}
