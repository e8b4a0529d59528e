// Package e2e tests the program as it is delivered: the real binary with its own engine, log and HTTP port,
// started, stopped and killed as an operator or a broken machine would.
//
// It promises that what is claimed about the whole (nothing acknowledged is lost, nothing is counted twice,
// whatever is killed when) was seen on the whole. It holds nothing but tests. What a single part does is
// tested beside the part.
//
// The binary is built once per run, or taken from PARLEY_TEST_BINARY. The engine library is found as the
// program finds it (PARLEY_ENGINE_LIB, node_modules); without it the tests are skipped.
//
// Start reading at server_test.go (a server as a process) and crash_test.go.
package e2e
