package filesystem

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain lets the test binary play the process that is confined.
func TestMain(m *testing.M) {
	if directory := os.Getenv("TEST_CONFINED_TO"); directory != "" {
		confined(directory, os.Getenv("TEST_READ_ONLY") != "", os.Getenv("TEST_OUTSIDE"))
		return
	}
	os.Exit(m.Run())
}

// confined prints what it can do, a word each.
func confined(directory string, readOnly bool, outside string) {
	runtime.LockOSThread()
	inside, err := unix.Open(directory, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		panic(err)
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	if err := confine(directory, readOnly); err != nil {
		fmt.Println(err)
		return
	}
	// The names that a guest's kernel may ask for, as virtiofsd would pass them on.
	escape := "../outside"
	for word, err := range map[string]error{
		"read":    open(inside, "file", unix.O_RDONLY),
		"write":   open(inside, "file", unix.O_RDWR|unix.O_TRUNC),
		"make":    open(inside, "new", unix.O_CREAT|unix.O_RDWR),
		"move":    unix.Renameat(inside, "movable", inside, "sub/moved"),
		"remove":  unix.Unlinkat(inside, "removable", 0),
		"spy":     open(inside, escape+"/secret", unix.O_RDONLY),
		"break":   open(inside, escape+"/secret", unix.O_WRONLY),
		"plant":   open(inside, escape+"/new", unix.O_CREAT|unix.O_WRONLY),
		"link":    unix.Symlinkat("x", inside, escape+"/link"),
		"mkdir":   unix.Mkdirat(inside, escape+"/dir", 0o755),
		"destroy": unix.Unlinkat(inside, escape+"/secret", 0),
		"steal":   unix.Renameat(inside, escape+"/secret", inside, "stolen"),
		"list":    open(inside, outside, unix.O_RDONLY|unix.O_DIRECTORY),
		"parent":  open(inside, fmt.Sprintf("/proc/%d/environ", os.Getppid()), unix.O_RDONLY),
		"kill":    unix.Kill(os.Getppid(), 0),
		"connect": connect(),
	} {
		if err == nil {
			fmt.Println(word)
		}
	}
}

func open(directory int, name string, flags int) error {
	fd, err := unix.Openat(directory, name, flags|unix.O_CLOEXEC, 0o644)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err
}

// connect tries a port where nobody listens: only a refusal by the kernel's rules
// counts as one.
func connect() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(fd) }()
	address := &unix.SockaddrInet4{Port: 1, Addr: [4]byte(net.IPv4(127, 0, 0, 1).To4())}
	if err := unix.Connect(fd, address); errors.Is(err, unix.EACCES) {
		return err
	}
	return nil
}

func TestConfinement(t *testing.T) {
	version, err := landlock()
	if err != nil {
		t.Skip(err)
	}
	for readOnly, want := range map[bool][]string{false: {"make", "read", "remove", "write"}, true: {"read"}} {
		if !readOnly && version >= versionRefer {
			want = append(want, "move")
		}
		if version < versionNetwork {
			want = append(want, "connect")
		}
		if version < versionScope {
			want = append(want, "kill")
		}
		want := sorted(strings.Join(want, " "))
		t.Run(fmt.Sprintf("read-only %v", readOnly), func(t *testing.T) {
			root := t.TempDir()
			directory, outside := filepath.Join(root, "shared"), filepath.Join(root, "outside")
			for _, made := range []string{outside, filepath.Join(directory, "sub")} {
				if err := os.MkdirAll(made, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range []string{outside + "/secret", directory + "/file", directory + "/removable", directory + "/movable"} {
				if err := os.WriteFile(file, []byte("x"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			command := exec.Command(os.Args[0])
			command.Env = append(os.Environ(), "TEST_CONFINED_TO="+directory, "TEST_OUTSIDE="+outside)
			if readOnly {
				command.Env = append(command.Env, "TEST_READ_ONLY=1")
			}
			output, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			if got := sorted(string(output)); got != want {
				t.Errorf("it can %q, want %q", got, want)
			}
		})
	}
}

func sorted(lines string) string {
	words := strings.Fields(lines)
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestRestrictions(t *testing.T) {
	for version, want := range map[int]struct{ files, network, scopes uint64 }{
		1: {0x1fff, 0, 0}, 2: {0x3fff, 0, 0}, 3: {0x7fff, 0, 0}, 4: {0x7fff, 3, 0}, 5: {0xffff, 3, 0}, 6: {0xffff, 3, 3}, 9: {0xffff, 3, 3},
	} {
		files, rules := restrictions(version)
		if files != want.files || rules.Access_fs != want.files || rules.Access_net != want.network || rules.Scoped != want.scopes {
			t.Errorf("version %d: %#x, %+v", version, files, rules)
		}
	}
}

func TestLogLines(t *testing.T) {
	for line, want := range map[string]string{
		"[2026-11-26T02:31:22Z WARN  virtiofsd::limits] Failure when": "WARN: Failure when",
		"plain": "plain",
	} {
		if got := withoutTime(line); got != want {
			t.Errorf("%q: %q", line, got)
		}
	}
}
