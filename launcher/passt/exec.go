// Package passt starts the program of that name, which carries a guest's connections
// over sockets of the pod, without the privileges that it asks for.
package passt

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// Name is what libvirt looks for. In Dir the launcher itself is called so.
	Name = "passt"
	// Dir comes first where libvirt looks for programs.
	Dir = "/usr/libexec/kubevirt"

	program = "/usr/bin/passt"
)

// isolation are the calls by which passt puts itself where there are no files and no
// other processes.
var isolation = []uint32{unix.SYS_UNSHARE, unix.SYS_MOUNT, unix.SYS_PIVOT_ROOT, unix.SYS_UMOUNT2}

// Become turns this process, which libvirt has started as passt, into passt. It
// returns only if that fails.
//
// passt insists on a user namespace to isolate itself in. A pod has none to give, and
// letting it make some would open far more of the kernel to QEMU than it would close
// to passt, which forbids itself to open files and to touch processes before it hears
// of the guest. So the calls are answered as if they had been made.
func Become(arguments []string) error {
	runtime.LockOSThread() // the filter is the thread's, and the new program is started by it
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	if err := pretend(isolation); err != nil {
		return fmt.Errorf("filtering system calls: %w", err)
	}
	hostname, _ := os.Hostname() // a guest can do without
	return fmt.Errorf("starting %s: %w", program, syscall.Exec(program, argv(arguments, hostname), os.Environ()))
}

// argv adds to libvirt's arguments the host's name, for the guest to take as its own,
// and that the gateway's address means the gateway. By default it means the pod's
// loopback, where a sidecar may listen that trusts whom it shares the pod with.
func argv(arguments []string, hostname string) []string {
	added := []string{"--no-map-gw"}
	if hostname != "" {
		added = append(added, "--hostname", hostname)
	}
	return slices.Concat([]string{Name}, arguments, added)
}

// pretend makes the kernel do nothing when a call is made, and report success. The
// container runtime's filter, which denies these calls, is in force as before; but
// among answers of the same rank the last filter's counts.
func pretend(calls []uint32) error {
	instructions := filter(calls)
	program := unix.SockFprog{Len: uint16(len(instructions)), Filter: &instructions[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// Offsets in what a filter is shown of a call (struct seccomp_data).
const (
	offsetNumber       = 0
	offsetArchitecture = 4
)

var architectures = map[string]uint32{
	"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64, "s390x": unix.AUDIT_ARCH_S390X,
}

// filter gives calls the error number 0 and allows all others, and all of other
// architectures.
func filter(calls []uint32) []unix.SockFilter {
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		answer = unix.BPF_RET | unix.BPF_K
	)
	count := uint8(len(calls))
	instructions := []unix.SockFilter{
		{Code: load, K: offsetArchitecture},
		{Code: equal, K: architectures[runtime.GOARCH], Jf: count + 1},
		{Code: load, K: offsetNumber},
	}
	for i, call := range calls {
		instructions = append(instructions, unix.SockFilter{Code: equal, K: call, Jt: count - uint8(i)})
	}
	return append(instructions,
		unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: answer, K: unix.SECCOMP_RET_ERRNO},
	)
}
