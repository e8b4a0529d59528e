// Package simulate makes WhatsApp Business traffic: webhook bodies as Meta writes them, signed as Meta
// signs them, and sends them as Meta sends them. It serves `parley simulate`, the demo, the crash test
// and the benchmarks.
//
// A Generator turns dialogues (the project's own, or a file's) into a stream of POST bodies: texts in many
// languages, media, buttons, orders, reactions, edits, groups, people without a phone number, the
// business's own messages as echoes, receipts, account events; in batches, with duplicates, disorder and
// late arrivals. It promises that
//
//   - the same Config and clock give the same bytes;
//   - exactly Config.Messages different messages are produced, each at least once;
//   - a duplicate is byte for byte the item that went before;
//   - the times of one conversation never run backwards in the order in which things were said (on the
//     wire they may, where Config.Disorder says so), and nothing is older than MaxLateness;
//   - memory is bounded whatever the length of the run.
//
// A Sender posts what a Generator makes, at a rate, until every body was answered with 200. A Ledger keeps
// what was acknowledged, so that a test can compare a warehouse with it exactly.
//
// The package does not try to look like any real person: phone numbers lie in the North American area
// code 555, which is not assigned. It does not simulate the API that a business calls to send; messages
// sent that way are known here as they are in life, by their receipts.
//
// Start reading at Config, then Generator.Next, then conversation.go for what is said and messages.go for
// how it is written.
package simulate
