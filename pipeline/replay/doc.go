// Package replay works again what arrived before: after a number was mapped to a tenant, with a newer
// decoder, or because dead letters can become facts now. It puts bodies back on the log, where the pipeline
// finds them.
//
// It promises:
//
//   - A body keeps its raw id, its app and its time of arrival, so that working it again gives the same rows,
//     and a replay that is repeated, or cut short and begun anew, changes nothing.
//   - Evidence is not replaced: the raw event of a body is made again from the whole body, never from a piece
//     of it. A piece that has no whole any more comes under a raw id made from the old one.
//   - Live traffic has the right of way: at most Config.Ahead bytes of a replay wait to be worked off, and a
//     log that is full is waited for.
//   - A dead letter is marked as replayed only after its facts were found in their tables. One that fails
//     again keeps its id and its place, with a fresh reason.
//
// A body is judged by its time of arrival: one whose items were "from the future" then fails again, however
// often it is replayed, since the same record must give the same facts whenever it is decoded. To accept such
// items once their time has come, replay their dead letters AsOfNow: they then count as having arrived at the
// moment of the replay, which is the truth of when they were accepted. Their raw event of that moment holds
// the item alone and has the raw id of the first one.
//
// The pipeline must be running: a replay waits for it, and gives up when it does not come on.
//
// Start reading at Replayer.Range, then appender (append.go) and Replayer.DeadLetters (letters.go).
package replay
