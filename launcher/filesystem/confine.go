package filesystem

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const program = "/usr/libexec/virtiofsd"

// What Servers hands down: the listening socket, and the directory.
const listenerFD, directoryFD = 3, 4

// maxFiles bounds the files that virtiofsd has open: one for each that the guest's kernel
// knows. Each takes some 2 KiB of the pod's memory, most of it the node's kernel's.
const maxFiles = 1 << 16

// ErrNoLandlock says that nothing would keep a guest to the directory that it may see.
var ErrNoLandlock = errors.New("filesystems need Landlock, which the kernel of this node does not offer: " +
	"it takes Linux 5.13 or later with landlock among its security modules (lsm=)")

// What a process may do to files, by the version of Landlock that came to know it.
const (
	mayRead   = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayChange = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM
	versionRefer, versionTruncate, versionNetwork, versionDevices, versionScope = 2, 3, 4, 5, 6
)

// Become turns this process into the virtiofsd of the directory that Servers has handed
// down. It returns only if that fails.
//
// virtiofsd's own sandboxes need privileges that a launcher has not, and without one
// nothing keeps a guest's kernel from asking for names such as ../../x. Landlock does: of
// files outside the directory the process can read programs and /proc about itself, make,
// change or remove none, and it has no network. What Landlock does not govern remains: to
// look at a file's attributes (stat), and to change mode, owner and times of one that the
// launcher's user owns.
func Become(readOnly bool) error {
	if err := limitFiles(); err != nil {
		return err
	}
	// Where memory is short this goes before QEMU, and the guest lives on.
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0); err != nil {
		return fmt.Errorf("offering to be killed first: %w", err)
	}
	runtime.LockOSThread() // the restriction is the thread's, and the new program is started by it
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	// virtiofsd makes a path of it again. Should that lead elsewhere by then, it can read
	// nothing there: what Landlock allows is the directory that is open here.
	directory := throughFD(directoryFD)
	if err := confine(directory, readOnly); err != nil {
		return err
	}
	arguments := []string{
		program, fmt.Sprintf("--fd=%d", listenerFD), "--shared-dir", directory, "--sandbox=none", "--cache=auto",
		"--rlimit-nofile=0", "--log-level=warn", "--migration-mode=find-paths", "--migration-on-error=guest-error",
	}
	if readOnly {
		arguments = append(arguments, "--readonly")
	}
	return fmt.Errorf("starting %s: %w", program, syscall.Exec(program, arguments, os.Environ()))
}

// limitFiles sets how many files the process may have open.
func limitFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("reading the limit of open files: %w", err)
	}
	limit.Max = min(limit.Max, maxFiles)
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limiting open files: %w", err)
	}
	return nil
}

// landlock returns the version of the kernel's Landlock.
func landlock() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, fmt.Errorf("%w (%w)", ErrNoLandlock, errno)
	}
	return int(version), nil
}

// confine takes from this thread all that serving a directory does not need.
func confine(directory string, readOnly bool) error {
	version, err := landlock()
	if err != nil {
		return err
	}
	all, rules := restrictions(version)
	ruleset, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules), 0)
	if errno != 0 {
		return fmt.Errorf("making Landlock's rules: %w", errno)
	}
	defer func() { _ = unix.Close(int(ruleset)) }()
	shared := all
	if readOnly {
		shared = mayRead
	}
	for path, access := range map[string]uint64{
		directory: shared, "/usr": mayRead, "/proc/self": mayRead, "/proc/sys/fs": mayRead, // it asks for nr_open
	} {
		if err := allow(int(ruleset), path, access); err != nil {
			return err
		}
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0, 0); errno != 0 {
		return fmt.Errorf("applying Landlock's rules: %w", errno)
	}
	return nil
}

// restrictions are everything that a version of Landlock can forbid.
func restrictions(version int) (files uint64, rules unix.LandlockRulesetAttr) {
	files = mayRead | mayChange
	for since, access := range map[int]uint64{
		versionRefer: unix.LANDLOCK_ACCESS_FS_REFER, versionTruncate: unix.LANDLOCK_ACCESS_FS_TRUNCATE,
		versionDevices: unix.LANDLOCK_ACCESS_FS_IOCTL_DEV,
	} {
		if version >= since {
			files |= access
		}
	}
	rules.Access_fs = files
	if version >= versionNetwork {
		rules.Access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= versionScope {
		rules.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	return files, rules
}

// allow grants access to all below a path.
func allow(ruleset int, path string, access uint64) error {
	directory, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "open", Path: path, Err: err}
	}
	defer func() { _ = unix.Close(directory) }()
	rule := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(directory)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("allowing access to %s: %w", path, errno)
	}
	return nil
}
