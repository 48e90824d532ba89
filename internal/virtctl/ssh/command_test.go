package ssh

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/internal/virtctl/target"
)

var guest = target.Target{Kind: "vm", Name: "web", Namespace: "shop"}

func TestProxyCommand(t *testing.T) {
	for _, tc := range []struct {
		self self
		want string
	}{
		{self{program: "/usr/bin/virtctl"}, "/usr/bin/virtctl port-forward --stdio=true vm/web/shop 22"},
		{self{program: "/opt/my tools/virtctl", flags: []string{"--kubeconfig=/a b/it's", "--context=100%"}},
			`'/opt/my tools/virtctl' port-forward --stdio=true '--kubeconfig=/a b/it'\''s' '--context=100%%' vm/web/shop 22`},
		{self{program: `C:\Program Files\virtctl.exe`, windows: true}, `"C:\Program Files\virtctl.exe" port-forward --stdio=true vm/web/shop 22`},
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
	proxied := []string{
		"-o", "ProxyCommand=virtctl port-forward --stdio=true vm/web/shop 22", "-o", "ControlPath=none",
		"-o", "HostKeyAlias=vm.web.shop.1bb7f668", "-o", `UserKnownHostsFile="/h/my \"hosts\\"`,
	}
	for name, tc := range map[string]struct {
		flags   loginFlags
		more    []string
		problem string
	}{
		"default key that is there":     {loginFlags{port: 22, identityFile: key}, []string{"-i", key}, ""},
		"default key that is not there": {loginFlags{port: 22, identityFile: none}, nil, ""},
		"given key that is not there":   {loginFlags{port: 22, identityFile: none, identitySet: true}, nil, "--identity-file"},
		"everything": {loginFlags{port: 22, identityFile: key, user: "jane doe", options: []string{"-v", "-o StrictHostKeyChecking=no"}},
			[]string{"-i", key, "-o", `User="jane doe"`, "-v", "-o StrictHostKeyChecking=no"}, ""},
		"no port":             {loginFlags{identityFile: none}, nil, "--port 0"},
		"a quote":             {loginFlags{port: 22, user: `jane" "x`}, nil, "is not the name of a user"},
		"another line":        {loginFlags{port: 22, user: "jane\nProxyCommand x"}, nil, "is not the name of a user"},
		"a file named in two": {loginFlags{port: 22, knownHosts: "a\nb"}, nil, "--known-hosts"},
	} {
		if tc.flags.knownHosts == "" {
			tc.flags.knownHosts = `/h/my "hosts\`
		}
		s := session{flags: tc.flags, self: self{program: "virtctl"}, server: "https://cluster.example", guest: guest}
		got, err := s.clientArgs()
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

// TestTheClientReadsItsOptions has a real client read what was escaped.
func TestTheClientReadsItsOptions(t *testing.T) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Skip("there is no ssh client")
	}
	s := session{
		flags: loginFlags{port: 22, user: "jane doe", knownHosts: `/h/my "hosts\`}, self: self{program: "virtctl"},
		server: "https://cluster.example", guest: guest,
	}
	args, err := s.clientArgs()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, append(append([]string{"-F", "none", "-G"}, args...), guest.Host())...).Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"user jane doe\n", "userknownhostsfile /h/my \"hosts\\\n", "hostkeyalias vm.web.shop.1bb7f668\n",
		"proxycommand virtctl port-forward --stdio=true vm/web/shop 22\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the client does not read %q in\n%s", want, out)
		}
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
