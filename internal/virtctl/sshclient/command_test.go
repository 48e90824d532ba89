package sshclient

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"kubevirt.io/kubevirt/internal/virtctl/target"
)

var guest = target.Target{Kind: "vm", Name: "web", Namespace: "shop"}

func TestProxyCommand(t *testing.T) {
	for _, tc := range []struct {
		self Self
		want string
	}{
		{Self{Program: "/usr/bin/virtctl"}, "/usr/bin/virtctl port-forward --stdio=true vm/web/shop 22"},
		{Self{Program: "/opt/my tools/virtctl", Flags: []string{"--kubeconfig=/a b/it's", "--context=100%"}},
			`'/opt/my tools/virtctl' port-forward --stdio=true '--kubeconfig=/a b/it'\''s' '--context=100%%' vm/web/shop 22`},
		{Self{Program: `C:\Program Files\virtctl.exe`, Windows: true}, `"C:\Program Files\virtctl.exe" port-forward --stdio=true vm/web/shop 22`},
	} {
		if got := proxyCommand(tc.self, guest, 22); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// TestQuotingMeetsTheShell has a real shell read what was quoted.
func TestQuotingMeetsTheShell(t *testing.T) {
	words := []string{"/a b/c", "it's", "$HOME", "`id`", "a;b", "", "--as=jane@corp", `back\slash`, "*"}
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quote(word, false)
	}
	out, err := exec.Command("sh", "-c", `printf '%s\n' `+strings.Join(quoted, " ")).Output()
	if got := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n"); err != nil || !slices.Equal(got, words) {
		t.Errorf("the shell read %q, %v", got, err)
	}
}

func TestClientArgs(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	proxied := []string{"-o", "ProxyCommand=virtctl port-forward --stdio=true vm/web/shop 22", "-o", `UserKnownHostsFile="/h/my hosts"`}
	for name, tc := range map[string]struct {
		flags   Flags
		more    []string
		problem string
	}{
		"default key that is there":     {Flags{Port: 22, IdentityFile: key}, []string{"-i", key}, ""},
		"default key that is not there": {Flags{Port: 22, IdentityFile: none}, nil, ""},
		"given key that is not there":   {Flags{Port: 22, IdentityFile: none, IdentitySet: true}, nil, "--identity-file"},
		"everything": {Flags{Port: 22, IdentityFile: key, User: "jane", Options: []string{"-v", "-o StrictHostKeyChecking=no"}},
			[]string{"-i", key, "-o", `User="jane"`, "-v", "-o StrictHostKeyChecking=no"}, ""},
		"no port": {Flags{IdentityFile: none}, nil, "--port 0"},
	} {
		tc.flags.KnownHosts = "/h/my hosts"
		got, err := tc.flags.clientArgs(Self{Program: "virtctl"}, guest)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%s: %v, want %q", name, err, tc.problem)
			}
			continue
		}
		if want := append(slices.Clone(proxied), tc.more...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v\ngot  %q\nwant %q", name, err, got, want)
		}
	}
}

func TestInherited(t *testing.T) {
	flags := pflag.NewFlagSet("root", pflag.ContinueOnError)
	flags.String("kubeconfig", "", "")
	flags.String("context", "", "")
	flags.StringP("namespace", "n", "", "")
	flags.StringArray("as-group", nil, "")
	flags.Bool("insecure-skip-tls-verify", false, "")
	line := []string{"--kubeconfig", "/k", "-n", "shop", "--as-group=a,b", "--as-group=c", "--insecure-skip-tls-verify"}
	if err := flags.Parse(line); err != nil {
		t.Fatal(err)
	}
	want := []string{"--as-group=a,b", "--as-group=c", "--insecure-skip-tls-verify=true", "--kubeconfig=/k"}
	if got := Inherited(flags); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestHasKey(t *testing.T) {
	home := t.TempDir()
	if hasKey(home, false) {
		t.Error("an empty home has a key")
	}
	if !hasKey(home, true) {
		t.Error("the agent does not count")
	}
	if err := os.MkdirAll(filepath.Join(home, ".ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".ssh", "id_ed25519"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if !hasKey(home, false) {
		t.Error("the key does not count")
	}
}
