package cloudapi

import (
	"fmt"
	"strings"
	"testing"
)

const (
	benchMessage = `{"from":"155500020%02d","id":"wamid.HBgLMTU1NTAwMDIwMDEVAgASGBQ2%08dMTIzNDU2Nzg5MA==","timestamp":"1749416383","type":"text","text":{"body":"Could you send the invoice for the last delivery by Friday? We need two more boxes as well \ud83d\udc4d"}}`
	benchImage   = `{"from":"155500020%02d","id":"wamid.HBgLMTU1NTAwMDIwMDEVAgASGBQ2%08dMTIzNDU2Nzg5MA==","timestamp":"1749416383","type":"image","context":{"from":"15550001001","id":"wamid.HBgLMTU1NTAwMDIwMDEVAgARGBI2QTc2"},"image":{"caption":"The damaged parcel","mime_type":"image\/jpeg","sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","id":"1003383421387256"}}`
	benchStatus  = `{"id":"wamid.HBgLMTU1NTAwMDIwMDEVAgASGBQ2%08dMTIzNDU2Nzg5MA==","status":"delivered","timestamp":"1750263773","recipient_id":"155500020%02d","recipient_user_id":"US.13491208655302741918","conversation":{"id":"6ceb9d929c9bdc4f90e967a32f8639b4","origin":{"type":"service"}},"pricing":{"billable":true,"pricing_model":"CBP","category":"service"}}`
	benchHead    = `{"object":"whatsapp_business_account","entry":[{"id":"102290129340398","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550001001","phone_number_id":"106540352242922"},`
	benchContact = `{"profile":{"name":"Sheena Nelson"},"wa_id":"15550002001","user_id":"US.13491208655302741918"}`
)

func smallBody() []byte {
	return []byte(benchHead + `"contacts":[` + benchContact + `],"messages":[` + fmt.Sprintf(benchMessage, 1, 1) + `]},"field":"messages"}]}]}`)
}

func smallStatus() []byte {
	return []byte(benchHead + `"statuses":[` + fmt.Sprintf(benchStatus, 1, 1) + `]},"field":"messages"}]}]}`)
}

// mixedBody holds n items: half of them receipts, the rest texts and images.
func mixedBody(n int) []byte {
	var messages, statuses []string
	for i := range n {
		switch i % 4 {
		case 0, 1:
			statuses = append(statuses, fmt.Sprintf(benchStatus, i, i%100))
		case 2:
			messages = append(messages, fmt.Sprintf(benchMessage, i%100, i))
		default:
			messages = append(messages, fmt.Sprintf(benchImage, i%100, i))
		}
	}
	return []byte(benchHead + `"contacts":[` + benchContact + `],"messages":[` + strings.Join(messages, ",") +
		`],"statuses":[` + strings.Join(statuses, ",") + `]},"field":"messages"}]}]}`)
}

func historyBody(threads, perThread int) []byte {
	var all []string
	for t := range threads {
		var messages []string
		for i := range perThread {
			m := fmt.Sprintf(benchMessage, t%100, t*perThread+i)
			messages = append(messages, m[:len(m)-1]+`,"history_context":{"status":"READ"}}`)
		}
		all = append(all, fmt.Sprintf(`{"id":"155500020%02d","messages":[%s]}`, t%100, strings.Join(messages, ",")))
	}
	return []byte(benchHead + `"history":[{"metadata":{"phase":0,"chunk_order":1,"progress":55},"threads":[` +
		strings.Join(all, ",") + `]}]},"field":"history"}]}]}`)
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range []struct {
		name string
		body []byte
	}{
		{"message", smallBody()},
		{"status", smallStatus()},
		{"mixed100", mixedBody(100)},
		{"mixed1000", mixedBody(1000)},
		{"history50x40", historyBody(50, 40)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Decode(bench.body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkIsolate must not depend on the size of the body: a body may hold thousands of bad items.
func BenchmarkIsolate(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, err := Decode(mixedBody(n))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if len(p.Changes[0].Isolate(5)) == 0 {
					b.Fatal("nothing isolated")
				}
			}
		})
	}
}
