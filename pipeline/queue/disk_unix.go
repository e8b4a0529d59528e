//go:build unix

package queue

import (
	"math"

	"golang.org/x/sys/unix"
)

// freeBytes is the room on the disk of the embedded log, as an unprivileged process sees it. A log
// elsewhere, or a disk that cannot be asked, has no bound here.
func freeBytes(c Config) int64 {
	var s unix.Statfs_t
	if c.URL != "" || unix.Statfs(c.Dir, &s) != nil {
		return math.MaxInt64
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
