package passt

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestFilterAnswersOnlyTheNamedCalls(t *testing.T) {
	program := filter(isolation)
	own := architectures[runtime.GOARCH]
	for name, c := range map[string]struct {
		architecture, call, want uint32
	}{
		"unshare":              {own, unix.SYS_UNSHARE, unix.SECCOMP_RET_ERRNO},
		"mount":                {own, unix.SYS_MOUNT, unix.SECCOMP_RET_ERRNO},
		"pivot_root":           {own, unix.SYS_PIVOT_ROOT, unix.SECCOMP_RET_ERRNO},
		"umount2":              {own, unix.SYS_UMOUNT2, unix.SECCOMP_RET_ERRNO},
		"setns":                {own, unix.SYS_SETNS, unix.SECCOMP_RET_ALLOW},
		"read":                 {own, unix.SYS_READ, unix.SECCOMP_RET_ALLOW},
		"another architecture": {own + 1, unix.SYS_UNSHARE, unix.SECCOMP_RET_ALLOW},
	} {
		if got := run(t, program, c.architecture, c.call); got != c.want {
			t.Errorf("%s: the filter returns %#x, want %#x", name, got, c.want)
		}
	}
}

// run is what the kernel makes of the instructions that a filter consists of.
func run(t *testing.T, program []unix.SockFilter, architecture, call uint32) uint32 {
	t.Helper()
	var accumulator uint32
	for at := 0; at < len(program); at++ {
		switch step := program[at]; step.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			accumulator = map[uint32]uint32{offsetNumber: call, offsetArchitecture: architecture}[step.K]
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			if accumulator == step.K {
				at += int(step.Jt)
			} else {
				at += int(step.Jf)
			}
		case unix.BPF_RET | unix.BPF_K:
			return step.K
		default:
			t.Fatalf("instruction %d is none of ours: %#x", at, step.Code)
		}
	}
	t.Fatal("the filter ends without an answer")
	return 0
}

func TestArgv(t *testing.T) {
	for hostname, want := range map[string][]string{
		"":     {"passt", "--vhost-user", "--socket", "x", "--no-map-gw"},
		"tiny": {"passt", "--vhost-user", "--socket", "x", "--no-map-gw", "--hostname", "tiny"},
	} {
		if got := argv([]string{"--vhost-user", "--socket", "x"}, hostname); !slices.Equal(got, want) {
			t.Errorf("on host %q passt is called as %q, want %q", hostname, got, want)
		}
	}
}

func TestForwardable(t *testing.T) {
	for name, c := range map[string]struct {
		files uint64
		want  Ports
	}{
		"plenty":         {524288, Ports{}},
		"as much as all": {forAll, Ports{}},
		"one less":       {forAll - 1, Ports{TCP: 65535, UDP: 32767}},
		"a small limit":  {20000, Ports{TCP: 11928, UDP: 3976}},
		"a tiny limit":   {1024, Ports{TCP: 384, UDP: 128}},
	} {
		if got := forwardable(c.files); got != c.want {
			t.Errorf("%s: %d files forward %+v, want %+v", name, c.files, got, c.want)
		}
	}
}

func TestCatchUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write := func(content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, step := range []struct{ name, content, want string }{
		{"nothing yet", "", ""},
		{"first lines", "one\ntwo\nthree\n", "one\ntwo\nthree\n"},
		{"nothing new", "one\ntwo\nthree\n", ""},
		{"another", "one\ntwo\nthree\nfour\n", "four\n"},
		{"the oldest gone", "two\nthree\nfour\n", ""},
		{"another after that", "two\nthree\nfour\nfive\n", "five\n"},
		{"started anew", "1\n", "1\n"},
	} {
		write(step.content)
		var out bytes.Buffer
		if err := catchUp(file, &out); err != nil {
			t.Fatal(err)
		}
		if out.String() != step.want {
			t.Errorf("%s: read %q, want %q", step.name, out.String(), step.want)
		}
	}
}

func TestClean(t *testing.T) {
	for line, want := range map[string]string{
		"0.0037: info:    UNIX domain socket bound at /x":           "UNIX domain socket bound at /x",
		"0.0058: WARNING: Couldn't get any nameserver address":      "WARNING: Couldn't get any nameserver address",
		"0.0089: info:    You can start qemu with:":                 "",
		"0.0090: info:        kvm ... -chardev socket,id=chr0":      "",
		"passt 0.0~git20250503.587980c-2: /usr/bin/passt.avx2 (53)": "passt 0.0~git20250503.587980c-2: /usr/bin/passt.avx2 (53)",
	} {
		if got := clean(line); got != want {
			t.Errorf("%q becomes %q, want %q", line, got, want)
		}
	}
}
