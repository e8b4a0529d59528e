package engine

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// enclose has the kernel (Landlock) take away from this process, before the engine is loaded, every file but
// the engine's own and what its start needs, and every TCP connection: SQL that slips through Confine then
// finds nothing to read and nobody to talk to. A thread can enclose only itself and what comes after it, so
// the process executes itself again; the orders go along in a pipe.
//
// It returns an error when the kernel cannot do it, and does not return when it can.
func enclose(o orders, line []byte) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 || version < landlockVersion {
		return fmt.Errorf("cannot enclose the engine: the kernel has no Landlock of version %d", landlockVersion)
	}
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot enclose the engine: %w", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("cannot enclose the engine: %w", err)
	}
	defer w.Close()
	defer r.Close()
	if _, err := w.Write(append(line, '\n')); err != nil { // fits into a pipe: maxLine
		return fmt.Errorf("cannot enclose the engine: %w", err)
	}
	if _, err := unix.FcntlInt(r.Fd(), unix.F_SETFD, 0); err != nil { // stays open across the exec
		return fmt.Errorf("cannot enclose the engine: %w", err)
	}
	runtime.LockOSThread() // and never unlocked: the thread is of no use to anybody else
	if err := restrictThread(o, exe); err != nil {
		return err
	}
	return syscall.Exec(exe, os.Args, append(os.Environ(), ordersFD+"="+strconv.Itoa(int(r.Fd()))))
}

// landlockVersion is the first that also knows truncation and TCP (Linux 6.7).
const landlockVersion = 4

// What is taken away, and what is given back.
const (
	readAccess  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	socketMaker = unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE
	allAccess   = readAccess | socketMaker | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_SYM |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REFER
	fileAccess = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// restrictThread encloses the calling thread for good.
func restrictThread(o orders, exe string) error {
	attr := unix.LandlockRulesetAttr{Handled_access_fs: allAccess, Handled_access_net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP}
	// The version asked for knows the first two fields.
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), 16, 0)
	if errno != 0 {
		return fmt.Errorf("cannot enclose the engine: %w", errno)
	}
	defer unix.Close(int(fd))
	for path, access := range grants(o, exe) {
		if err := grant(fd, path, access); err != nil {
			return err
		}
	}
	if o.Socket == "" {
		port := [2]uint64{unix.LANDLOCK_ACCESS_NET_BIND_TCP, 0} // a port of the kernel's choice
		if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, fd, ruleNetPort, uintptr(unsafe.Pointer(&port)), 0, 0, 0); errno != 0 {
			return fmt.Errorf("cannot enclose the engine: %w", errno)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot enclose the engine: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("cannot enclose the engine: %w", errno)
	}
	return nil
}

// ruleNetPort is LANDLOCK_RULE_NET_PORT of linux/landlock.h.
const ruleNetPort = 2

// grants lists what the process may still use. Other processes (/proc) and the rest of the engine's
// folder, with the secret in engine.json, are not in it.
func grants(o orders, exe string) map[string]uint64 {
	g := map[string]uint64{}
	for _, path := range []string{exe, filepath.Dir(o.Library), configPath(o.Dir), "/proc/self", "/proc/meminfo", "/proc/cpuinfo",
		"/proc/stat", "/proc/uptime", "/proc/loadavg", "/proc/sys", "/sys", "/usr/share/zoneinfo", "/etc/localtime", "/etc/ld.so.cache",
		"/etc/hosts", "/etc/host.conf", "/etc/nsswitch.conf", "/etc/resolv.conf", // a dictionary's source is "localhost"
		"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/dev/urandom", "/dev/random"} {
		g[path] = readAccess
	}
	for _, path := range mappedFolders() {
		g[path] = readAccess
	}
	g["/dev/null"] = fileAccess
	g[o.Dir] = socketMaker
	g[dataDir(o.Dir)], g[backupDir(o.Dir)] = allAccess, allAccess
	return g
}

// mappedFolders are the folders of the shared libraries this process runs with, wherever a system keeps them.
func mappedFolders() []string {
	file, err := os.Open("/proc/self/maps")
	if err != nil {
		return nil
	}
	defer file.Close()
	var folders []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if i := strings.IndexByte(lines.Text(), '/'); i >= 0 && strings.Contains(lines.Text()[i:], ".so") {
			folders = append(folders, filepath.Dir(lines.Text()[i:]))
		}
	}
	return folders
}

// grant adds a rule for a file or everything beneath a folder; what does not exist needs none.
func grant(ruleset uintptr, path string, access uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return fmt.Errorf("cannot enclose the engine: %w", err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= fileAccess
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, ruleset, unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("cannot enclose the engine: %s: %w", path, errno)
	}
	return nil
}
