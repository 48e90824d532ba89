package reboot

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
)

type recorder struct {
	path string
	err  error
}

func (r *recorder) Verb(_ context.Context, resource, name, verb string, options any) error {
	if options != nil {
		return errors.New("the verb takes no options")
	}
	r.path = resource + "/" + name + "/" + verb
	return r.err
}

func TestRun(t *testing.T) {
	for path, v := range map[string]verb{
		"virtualmachineinstances/myvm/softreboot": soft, "virtualmachineinstances/myvm/reset": hard,
	} {
		var out bytes.Buffer
		r := &recorder{}
		if err := run(t.Context(), r, v, "myvm", &out); err != nil || r.path != path {
			t.Errorf("sent %s, %v; want %s", r.path, err, path)
		}
		if !strings.Contains(out.String(), "myvm "+v.done) {
			t.Errorf("printed %q", out.String())
		}
		r.err = errors.New("refused")
		if err := run(t.Context(), r, v, "myvm", &out); !errors.Is(err, r.err) {
			t.Errorf("got %v, want the server's refusal", err)
		}
	}
}
