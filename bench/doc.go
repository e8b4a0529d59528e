// Package bench measures Parley on the machine at hand: how much it takes in, how soon it is visible, and
// how much memory that needs.
//
// It promises three things. What is measured is the program itself: a `parley serve` of the same binary, as a
// process of its own, with a configuration that changes nothing but folder, address, secret and tenant. Every
// figure stands beside a ceiling that was measured in the same run, so that it can be judged on any machine:
// a handler that only reads and answers, and the driver that only inserts. And nothing is taken from the
// server's own word where a client can see it: what is visible is what a query sees.
//
// The load generator shares the machine with the server, in this process; its processor time is reported, its
// memory is not counted. Compare figures of the same machine only.
//
// Start reading at Ingest; then server (the process), watch (what a query sees) and report.
package bench
