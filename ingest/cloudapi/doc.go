// Package cloudapi is the payload model of WhatsApp Cloud API webhooks and its decoder.
//
// It turns one webhook body into changes, and each change into items: messages, echoes, history
// messages, receipts, and events (everything else). It promises:
//
//   - Nothing vanishes. Every element of every item array becomes an item, in order of appearance; a
//     change that holds no item becomes one event with all of its value; what cannot be decoded becomes
//     an item with an error that names the field and the reason, never the content.
//   - One bad item takes no other along. Numbers where strings are documented (and the other way
//     round), null, missing and unknown members, unknown types and broken UTF-8 are accepted. What has
//     no field in a struct, or not the shape the field needs, is kept in its Unknown list.
//   - Everything can be put back. [Change.Raw] is a webhook body that holds just that change, and
//     [Change.Isolate] makes one that holds just one item, for dead letters and replay.
//   - Work is bounded by the size of the body: it is validated once (nesting of at most 10,000), then
//     read once from front to back; at most [MaxItems] items are decoded and the rest is handed back
//     undecoded as one item of kind [parley.TooLarge].
//
// It does not check signatures (package ingest does that on the bytes as received), does not know
// tenants, and does not judge: whether a history message is a fact is the pipeline's business.
//
// Empty arrays and nulls in the place of an item array carry nothing and yield nothing of their own; a
// value in which nothing else is found is one event.
//
// Start reading at [Decode], then [Item] and [Message].
package cloudapi
