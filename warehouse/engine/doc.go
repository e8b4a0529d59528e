// Package engine is the warehouse of an installation on one machine: the ClickHouse engine (libchdb) in a
// child process that Parley starts, watches and stops.
//
// It promises that clickhouse-go, told to speak HTTP, takes the child for a ClickHouse server, so that the
// same code serves the embedded engine and a cluster; that a request's settings, database and parameters
// end with the request; that the engine stays below a stated amount of memory and refuses the query that
// would pass it; that the child never outlives its parent; that a child that died is started again and
// finds the data of every acknowledged insert; and that two programs never open the same folder.
//
// It is a process of its own because the engine is a 566 MB library of C++: a crash in it must not take the
// receiver along, and its memory must be accounted for by itself.
//
// It does not replicate, does not listen on the network (a unix socket, else a loopback port, both with a
// secret) and does not know tables. SQL that a person wrote must pass Confine before it is run: the
// embedded user may read every file the process may read and cannot be given fewer rights. On Linux the
// child also has the kernel take away everything but the engine's own files and all TCP (enclose).
//
// Start reading with Supervisor (the parent side), then Main (the child), server.go (the protocol) and
// library.go (the calls into the engine).
package engine
