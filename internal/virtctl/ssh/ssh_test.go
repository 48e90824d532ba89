package ssh

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/internal/virtctl/sshclient"
)

func TestRun(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte("#!"+shell+"\nfor a; do echo \"$a\"; done\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, tc := range []struct {
		options Options
		want    []string
		problem string
	}{
		{Options{Target: "fedora@vm/web"}, []string{`User="fedora"`, "vm.web.shop"}, ""},
		{Options{Target: "vmi/web/lab", Command: "uname -a"}, []string{"vmi/web/lab 22", "vmi.web.lab\nuname -a"}, ""},
		{Options{Target: "fedora@vm/web", Client: sshclient.Flags{User: "root"}}, []string{`User="root"`}, ""},
		{Options{Target: "web"}, nil, "write vm/NAME"},
	} {
		var out bytes.Buffer
		tc.options.Namespace, tc.options.Out, tc.options.Client.Port = "shop", &out, 22
		err := Run(t.Context(), tc.options)
		if tc.problem != "" {
			if err == nil || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("%+v: %v", tc.options, err)
			}
			continue
		}
		for _, want := range tc.want {
			if err != nil || !strings.Contains(out.String(), want) {
				t.Errorf("%s: %v, called with\n%swant %q", tc.options.Target, err, out.String(), want)
			}
		}
	}
}
