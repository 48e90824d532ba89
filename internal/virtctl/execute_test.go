package virtctl

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiversion "k8s.io/apimachinery/pkg/version"

	"kubevirt.io/kubevirt/internal/version"
	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

const versionPath = "/apis/subresources.kubevirt.io/v1/version"

// run executes a command line against a server of a version, which knows no machine.
func run(t *testing.T, ctx context.Context, calledAs, serverVersion string, more *cobra.Command, args ...string) (code int, said string) {
	t.Helper()
	missing := apierrors.NewNotFound(schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachines"}, "web")
	flags := fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Machine("web", "/start"): func(w http.ResponseWriter, _ *http.Request) { fakeapi.Refuse(w, missing) },
		versionPath:                      fakeapi.JSON(apiversion.Info{GitVersion: serverVersion}),
	})
	root := newRoot(calledAs, flags)
	if more != nil {
		root.AddCommand(more)
	}
	root.SetArgs(args)
	root.SetOut(io.Discard)
	var errOut bytes.Buffer
	code = execute(ctx, root, flags, &errOut)
	return code, errOut.String()
}

func TestErrors(t *testing.T) {
	same, other := version.Reported(), "v0.9.3"
	for name, tc := range map[string]struct {
		calledAs, server string
		args             []string
		want             []string
		skewed           bool
	}{
		"same release":    {"virtctl", same, []string{"start", "web"}, []string{"error: starting virtual machine web: there is no virtual machine web in namespace shop\nhint: "}, false},
		"other release":   {"virtctl", other, []string{"start", "web"}, []string{"there is no virtual machine web", "the server of release 0.9"}, true},
		"no version":      {"virtctl", "", []string{"start", "web"}, []string{"there is no virtual machine web"}, false},
		"not understood":  {"virtctl", other, []string{"start"}, []string{"error: accepts 1 arg", "\nhint: `virtctl start --help`"}, false},
		"no such flag":    {"virtctl", other, []string{"start", "web", "--fast"}, []string{"unknown flag: --fast\nhint: `virtctl start --help`"}, false},
		"flag left out":   {"virtctl", other, []string{"vnc", "screenshot", "web"}, []string{`"file" not set`, "hint: `virtctl vnc screenshot --help`"}, false},
		"kubectl's":       {"/usr/bin/kubectl-virt", other, []string{"vnc", "screenshot", "web", "-f", "-"}, []string{"`kubectl virt version`"}, true},
		"nobody's target": {"virtctl", other, []string{"port-forward", "web", "80"}, []string{"write vm/NAME"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			code, said := run(t, t.Context(), tc.calledAs, tc.server, nil, tc.args...)
			if code != 1 {
				t.Errorf("code %d", code)
			}
			for _, want := range tc.want {
				if !strings.Contains(said, want) {
					t.Errorf("said %q, want %q", said, want)
				}
			}
			if strings.Contains(said, "this client is of release "+release(version.Info())) != tc.skewed {
				t.Errorf("said %q, skewed %v", said, tc.skewed)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	for name, tc := range map[string]struct {
		command *cobra.Command
		code    int
	}{
		"done": {&cobra.Command{Use: "try", RunE: func(*cobra.Command, []string) error { return nil }}, 0},
		"with a hint": {&cobra.Command{Use: "try", RunE: func(*cobra.Command, []string) error {
			return &client.Exit{Code: 255, Hint: "`virtctl create vm` makes one"}
		}}, 255},
		"of a client": {&cobra.Command{Use: "try", RunE: func(*cobra.Command, []string) error { return &client.Exit{Code: 7} }}, 7},
		"interrupted": {&cobra.Command{Use: "try", RunE: func(cmd *cobra.Command, _ []string) error {
			cancel()
			return cmd.Context().Err()
		}}, 130},
	} {
		c := t.Context()
		if name == "interrupted" {
			c = ctx
		}
		hint := ""
		if name == "with a hint" {
			hint = "hint: `kubectl virt create vm` makes one\n"
		}
		if code, said := run(t, c, "kubectl-virt", "", tc.command, "try"); code != tc.code || said != hint {
			t.Errorf("%s: code %d, said %q", name, code, said)
		}
	}
}
