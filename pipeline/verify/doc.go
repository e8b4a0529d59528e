// Package verify proves the counts: it decodes again everything that arrived in a stretch of time and
// compares it with the tables, in both directions, and lists every difference.
//
// It promises:
//
//   - Missing: every body has its raw events, and every message, receipt, account event and dead letter
//     that decoding yields is in its table. Identities are compared and never times of arrival: what arrived
//     again has the row of its first arrival.
//   - Extra: every row that claims to have arrived in the stretch is explained by something that did.
//   - The record of batches has no gap and no overlap, and what each batch says it wrote is what its frames
//     hold.
//   - Only what is worked off is judged, and a batch that is being written is waited for, so that a
//     verification beside a working pipeline raises no false alarm.
//   - Memory is bounded whatever the stretch: identities go through a sorted set on disk, which takes up to
//     Config.Memory and is removed in the end. Beside it there are one frame with its facts, a megabyte on its
//     way into the set, a thousand facts that are looked for, a page of batches, and the listed differences.
//   - A report names tables, tenants and ids, never a text or a phone number.
//
// It does not compare the words of a message, nor contacts, enrichments and derived tables: words are erased
// alone, and the rest is made again from the facts. It repairs nothing: package replay does.
//
// Of several rows of one message the table keeps one by tenant, time, number and id; the type is therefore
// not compared. A row that was refused is explained by its dead letter. Rows under the tenant unassigned stay
// explained after their number was mapped. Rows whose retention is over are not judged. From raw_events
// instead of the log, the proof is that of the tables against each other.
//
// Start reading at Verifier.Run, then identity.go (what is compared) and set.go (how).
package verify
