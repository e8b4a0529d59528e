// Package pipeline turns what is on the log into facts in the warehouse: decode, enrich, write.
//
// It promises:
//
//   - Nothing vanishes. Every body on the log becomes raw events; every item in it becomes a fact, a
//     counted duplicate of a fact, or a dead letter with its reason. One bad item takes no other along.
//   - Exactly once, in effect. Work is cut into sealed batches: which frames of the log a batch holds is
//     recorded before it is first attempted, what becomes of them depends on nothing but those frames and
//     the configuration, and every insert carries a token made of the batch's id. A batch that was cut
//     short by a crash is made again, the same, and what had arrived of it is not counted again.
//   - The log is acknowledged (the batch recorded as done) only after all of the batch is in.
//   - Order is kept: batches follow each other in the order of the log.
//   - Two pipelines on one log do not mix: every step of the record of batches is a compare and swap, and
//     the one that loses stands by.
//
// What is not here: receiving (package ingest), the payload model (ingest/cloudapi), language (package
// nlp, behind Enricher), tables (package warehouse, behind Writer).
//
// Start reading at Pipeline.run, then Batch (what is sealed), decoder (what becomes of an item), and Seen.
package pipeline
