// Package guestnet proves what a guest gets from its pod's network: the node's
// part and the launcher's together, with a guest that is a network namespace
// behind the tap device.
package guestnet

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"kubevirt.io/kubevirt/test/netns"
)

// launcherUser is who serves the guest, without any capability.
const launcherUser = 107

// asLauncher runs f in the namespace as the launcher's user.
func asLauncher(namespace *os.File, f func() error) error {
	return netns.In(namespace, func() error {
		if err := grantTun(); err != nil {
			return err
		}
		// Of this thread only; without root its capabilities are gone as well.
		for _, call := range []uintptr{unix.SYS_SETRESGID, unix.SYS_SETRESUID} {
			if _, _, failure := unix.RawSyscall(call, launcherUser, launcherUser, launcherUser); failure != 0 {
				return failure
			}
		}
		return f()
	})
}

// grantTun gives the thread a /dev/net/tun that everybody may open, as the pod has
// one for its user.
func grantTun() error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("tmpfs", "/dev/net", "tmpfs", 0, "mode=0755"); err != nil {
		return err
	}
	if err := unix.Mknod("/dev/net/tun", unix.S_IFCHR|0o666, int(unix.Mkdev(10, 200))); err != nil {
		return err
	}
	return unix.Chmod("/dev/net/tun", 0o666)
}

// run executes commands of ip(8) in a namespace.
func run(t *testing.T, namespace *os.File, commands ...string) {
	t.Helper()
	for _, command := range commands {
		if out, err := output(namespace, append([]string{"ip"}, strings.Fields(command)...)...); err != nil {
			t.Fatalf("ip %s: %v: %s", command, err, out)
		}
	}
}

func output(namespace *os.File, command ...string) (string, error) {
	var out []byte
	err := netns.In(namespace, func() error {
		var err error
		out, err = exec.Command(command[0], command[1:]...).CombinedOutput()
		return err
	})
	return string(out), err
}
