// Package queue is the log: what has arrived and is not yet worked off, safe on disk.
//
// It promises:
//
//   - Append returns nil only after the record is synced to disk (on a NATS cluster: by a quorum of
//     replicas). One sync serves every caller that waits at that moment (group commit), so the cost of a
//     sync is shared and the log stays fast on a disk that syncs 500 times a second.
//   - Records are read back in the order of their frames, as often as wanted, from any frame on. A frame
//     is what one sync carried; its sequence number is the log's only address.
//   - The log is bounded. When it is nearly full, Append answers parley.Full and nothing is dropped; what
//     is worked off is only removed by Trim.
//   - State is a small value that changes by compare and swap: the pipeline keeps the bounds of its sealed
//     batches there, so two pipelines on one log cannot both go on.
//
// Underneath is NATS JetStream: a server inside this process with a file store, or a cluster when a URL is
// given. No other package knows which.
//
// Start reading at Log, then Frame (what is on disk), then committer (how syncs are shared).
package queue
