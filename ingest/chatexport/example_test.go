package chatexport_test

import (
	"fmt"
	"strings"
	"time"

	"parley/ingest/chatexport"
)

func ExampleRead() {
	text := "31.12.21, 18:05 - Jonas: Bringst du morgen die Getränke mit?\n" +
		"31.12.21, 18:06 - Lea: Ja, zwei Kisten.\n"
	zone := time.FixedZone("CET", 3600)
	c, err := chatexport.Read(strings.NewReader(text), int64(len(text)), "WhatsApp Chat mit Jonas.txt", chatexport.Options{Zone: zone})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Title, c.Self, c.Order.Words())
	for m, err := range c.Messages() {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(m.At.UTC().Format(time.DateTime), c.Direction(m), m.Text)
	}
	// Output:
	// Jonas Lea day/month/year
	// 2021-12-31 17:05:00 inbound Bringst du morgen die Getränke mit?
	// 2021-12-31 17:06:00 outbound Ja, zwei Kisten.
}
