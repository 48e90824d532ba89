package sshclient

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// shell is looked for before a test hides it.
var shell, _ = exec.LookPath("sh")

// program puts a shell script on an otherwise empty PATH and home.
func program(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+shell+"\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("HOME", dir)
	t.Setenv("SSH_AUTH_SOCK", "")
}

func session(errOut, out *bytes.Buffer) Session {
	return Session{
		Program: "ssh", Flags: Flags{Port: 22, IdentityFile: "/none"}, Self: Self{Program: "virtctl"}, Guest: guest,
		Args: []string{guest.Host(), "uname"}, In: strings.NewReader("typed"), Out: out, Err: errOut,
	}
}

func TestRunEndsWithTheClientsCode(t *testing.T) {
	for code, hinted := range map[int]bool{0: false, 7: false, 255: true} {
		program(t, "ssh", "read -r typed; echo \"$typed $5 $6\"; exit "+strconv.Itoa(code))
		var out, errOut bytes.Buffer
		err := Run(t.Context(), session(&errOut, &out))
		var exit *client.Exit
		if code == 0 && err != nil || code != 0 && (!errors.As(err, &exit) || exit.Code != code) {
			t.Errorf("code %d: %v", code, err)
		}
		if out.String() != "typed vm.web.shop uname\n" {
			t.Errorf("code %d: printed %q", code, out.String())
		}
		if strings.Contains(errOut.String(), "ssh-keygen") != hinted {
			t.Errorf("code %d: said %q", code, errOut.String())
		}
	}
}

func TestNoClient(t *testing.T) {
	program(t, "other", "")
	err := Run(t.Context(), session(&bytes.Buffer{}, &bytes.Buffer{}))
	if err == nil || !strings.Contains(err.Error(), "there is no ssh client on the PATH") || !strings.Contains(err.Error(), "openssh-client") {
		t.Errorf("got %v", err)
	}
}

// TestInterrupt lets the client put the terminal back in order.
func TestInterrupt(t *testing.T) {
	program(t, "ssh", "trap 'echo restored; exit 255' INT\nwhile :; do :; done")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	var out, errOut bytes.Buffer
	err := Run(ctx, session(&errOut, &out))
	if err == nil || out.String() != "restored\n" {
		t.Errorf("got %v, printed %q", err, out.String())
	}
}
