package engine

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// dieWithParent asks the kernel for SIGKILL when the thread that started this process ends. It guards
// against a child that hangs with its input closed; the supervisor keeps that thread alive.
func dieWithParent() error {
	parent := os.Getppid()
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	if os.Getppid() != parent { // it died before the call
		return syscall.ESRCH
	}
	return nil
}
