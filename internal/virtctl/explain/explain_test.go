package explain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/internal/virtctl/output"
)

type fake struct {
	path, answer string
	err          error
}

func (f *fake) Send(_ context.Context, method, resource, name, subresource string, _ url.Values, _ io.Reader, _ string) ([]byte,
	error) {
	f.path = method + " " + resource + "/" + name + "/" + subresource
	return []byte(f.answer), f.err
}

const (
	broken = `{"healthy":false,
 "causes":[{"question":"NotRunning","reason":"ClaimNotFound","message":"The claim data does not exist.","remedy":"Create it.",
  "evidence":[{"kind":"VirtualMachineInstance","name":"myvm","field":"status.conditions[Synchronized]","text":"\u001b[2JFalse\u009b\n\u202eé"}]}],
 "notes":[{"question":"NotMigratable","reason":"MigrationUnsupported","message":"This version does not.","remedy":"Restart it: virtctl restart myvm -n shop."}]}`
	text0 = `Why is it not running? (ClaimNotFound)
  The claim data does not exist.
  Seen in: VirtualMachineInstance myvm, status.conditions[Synchronized]: �[2JFalse� �é
  What to do: Create it.

Note (MigrationUnsupported)
  This version does not.
  What to do: Restart it: kubectl virt restart myvm -n shop.
`
)

func TestRun(t *testing.T) {
	for _, tc := range []struct{ format, answer, want string }{
		{"", broken, text0},
		{"", `{"healthy":true}`, "Nothing is wrong with VM myvm.\n"},
		{"json", broken, `"reason": "ClaimNotFound"`},
		{"json", broken, `"text": "\u001b[2JFalse\u009b\n`},
		{"yaml", broken, "reason: ClaimNotFound\n"},
	} {
		f, out := &fake{answer: tc.answer}, bytes.Buffer{}
		o := Options{Kind: "vm", Name: "myvm", Program: "kubectl virt", Output: output.Flag{Format: tc.format}, Out: &out}
		if err := Run(t.Context(), f, o); err != nil {
			t.Fatal(err)
		}
		got := out.String()
		if f.path != "GET virtualmachines/myvm/explain" || tc.format == "" && got != tc.want || !strings.Contains(got, tc.want) {
			t.Errorf("asked %s, printed %q, want %q", f.path, got, tc.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	if err := (&Options{Kind: "vmi"}).Validate(); err == nil || !strings.Contains(err.Error(), "explain vm NAME") {
		t.Errorf("vmi: %v", err)
	}
	refused := errors.New("forbidden")
	if err := Run(t.Context(), &fake{err: refused}, Options{Name: "myvm"}); !errors.Is(err, refused) {
		t.Errorf("got %v, want the server's refusal", err)
	}
	if err := Run(t.Context(), &fake{answer: "?"}, Options{Name: "myvm"}); err == nil {
		t.Error("an answer that is no JSON was taken")
	}
}
