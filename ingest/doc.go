// Package ingest receives webhooks: it proves that a body comes from Meta, puts it on the log, and only
// then answers 200.
//
// It promises that a body answered 200 is synced to disk exactly as it arrived, and that a body which
// cannot be kept is answered with a status that makes Meta send it again. It does not look inside a body:
// whatever is rightly signed is kept, and the pipeline decides what becomes of it. That keeps the answer
// fast (Meta asks for a median below 250 ms) and makes a decoder's mistake repairable by replay.
//
// Subpackages: cloudapi is the payload model, chatexport reads the files of "Export chat", simulate makes
// traffic. Start reading at Receiver.
package ingest
