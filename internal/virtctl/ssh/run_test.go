package ssh

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

func newTestSession(errOut, out *bytes.Buffer) *session {
	return &session{
		program: "ssh", flags: loginFlags{port: 22, identityFile: "/none"}, self: self{program: "virtctl"}, guest: guest,
		env: []string{"VIRTCTL_TOKEN=s3cret"}, args: []string{guest.Host(), "uname"}, in: strings.NewReader("typed"), out: out, err: errOut,
	}
}

func TestRunEndsWithTheClientsCode(t *testing.T) {
	for name, tc := range map[string]struct {
		code   int
		says   string
		hinted bool
	}{
		"done":    {0, "", false},
		"failed":  {7, denied, false},
		"lost":    {255, "connection lost", false},
		"refused": {255, strings.Repeat("debug1: x\n", 1000) + "jane@web: " + denied + " (publickey).", true},
	} {
		program(t, "ssh", "read -r typed; echo \"$typed $VIRTCTL_TOKEN $9 ${10}\"; echo '"+tc.says+"' >&2; exit "+strconv.Itoa(tc.code))
		var out, errOut bytes.Buffer
		err := newTestSession(&errOut, &out).run(t.Context())
		var exit *client.Exit
		if tc.code == 0 && err != nil || tc.code != 0 && (!errors.As(err, &exit) || exit.Code != tc.code) {
			t.Errorf("%s: %v", name, err)
		}
		if out.String() != "typed s3cret vm.web.shop uname\n" || errOut.String() != tc.says+"\n" {
			t.Errorf("%s: printed %q, said %q", name, out.String(), errOut.String())
		}
		if exit != nil && strings.Contains(exit.Hint, "ssh-keygen") != tc.hinted {
			t.Errorf("%s: hint %q", name, exit.Hint)
		}
	}
}

func TestNoClient(t *testing.T) {
	program(t, "other", "")
	err := newTestSession(&bytes.Buffer{}, &bytes.Buffer{}).run(t.Context())
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
	err := newTestSession(&errOut, &out).run(ctx)
	if err == nil || out.String() != "restored\n" {
		t.Errorf("got %v, printed %q", err, out.String())
	}
}
