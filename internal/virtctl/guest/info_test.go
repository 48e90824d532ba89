package guest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

type fakeAgent struct {
	path, answer string
	err          error
}

func (f *fakeAgent) Fetch(_ context.Context, resource, name, subresource string, _ url.Values) (io.ReadCloser, error) {
	f.path = resource + "/" + name + "/" + subresource
	return io.NopCloser(strings.NewReader(f.answer)), f.err
}

func TestInfo(t *testing.T) {
	f := &fakeAgent{answer: `{"kind":"X","new":{"field":1}}` + "\n"}
	var out bytes.Buffer
	if err := printInfo(t.Context(), f, "myvm", "userlist", &out); err != nil {
		t.Fatal(err)
	}
	if f.path != "virtualmachineinstances/myvm/userlist" {
		t.Errorf("asked %s", f.path)
	}
	if want := "{\n  \"kind\": \"X\",\n  \"new\": {\n    \"field\": 1\n  }\n}\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	f.answer = "<html>"
	if err := printInfo(t.Context(), f, "myvm", "userlist", &out); err == nil {
		t.Error("printed what is no JSON")
	}
	f.err = errors.New("no agent")
	if err := printInfo(t.Context(), f, "myvm", "userlist", &out); !errors.Is(err, f.err) {
		t.Errorf("got %v, want the server's refusal", err)
	}
}

func TestInfoCommands(t *testing.T) {
	var names []string
	for _, cmd := range NewInfoCommands(genericclioptions.NewConfigFlags(true)) {
		names = append(names, cmd.Name())
		if cmd.Args(cmd, nil) == nil || cmd.Args(cmd, []string{"a", "b"}) == nil {
			t.Errorf("%s: wants one name", cmd.Name())
		}
	}
	if got := strings.Join(names, " "); got != "guestosinfo userlist fslist" {
		t.Errorf("got %s", got)
	}
}
