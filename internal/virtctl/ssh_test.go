package virtctl

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"kubevirt.io/kubevirt/test/fakeapi"
)

// TestClientsReachTheSameCluster has a local client tell how it would call virtctl.
func TestClientsReachTheSameCluster(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{"ssh", "scp"} {
		script := "#!" + shell + "\nfor a; do echo \"$a\"; done\necho \"token $VIRTCTL_TOKEN\"\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, []byte(`{apiVersion: v1, kind: Config, current-context: here,
clusters: [{name: here, cluster: {server: "https://here"}}, {name: there, cluster: {server: "https://there"}}],
contexts: [{name: here, context: {cluster: here}}, {name: there, context: {cluster: there, namespace: lab}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	for _, line := range [][]string{{"ssh", "jane@vm/web"}, {"scp", "notes", "jane@vm/web:"}} {
		flags := connectionFlags()
		root := newRoot("virtctl", flags)
		var out, errOut bytes.Buffer
		root.SetOut(&out)
		root.SetArgs(append(line, "--kubeconfig", kubeconfig, "--context", "there", "--as=admin", "--token=s3cret"))
		if code := execute(t.Context(), root, flags, &errOut); code != 0 {
			t.Fatalf("%s: code %d, said %s", line[0], code, errOut.String())
		}
		said := out.String()
		for _, want := range []string{" --context=there ", " --as=admin ", " --kubeconfig=" + kubeconfig + " ", " vm/web/lab 22\n", "\ntoken s3cret\n"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s lacks %q:\n%s", line[0], want, said)
			}
		}
		if strings.Count(said, "s3cret") != 1 {
			t.Errorf("%s tells everybody the token:\n%s", line[0], said)
		}
	}
}

// TestHandedOnToken is what the client's virtctl does with it.
func TestHandedOnToken(t *testing.T) {
	flags := fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Machine("web", "/portforward/22/tcp"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			fakeapi.Close(conn, "")
		}),
	})
	t.Setenv("VIRTCTL_TOKEN", *flags.BearerToken)
	*flags.BearerToken = ""
	root := newRoot("virtctl", flags)
	root.SetArgs([]string{"port-forward", "--stdio=true", "vm/web", "22"})
	root.SetIn(strings.NewReader(""))
	var errOut bytes.Buffer
	if code := execute(t.Context(), root, flags, &errOut); code != 0 {
		t.Errorf("code %d, said %s", code, errOut.String())
	}
}
