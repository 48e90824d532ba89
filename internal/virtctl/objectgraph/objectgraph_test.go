package objectgraph

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
	path, body string
	err        error
}

func (f *fake) Send(_ context.Context, method, resource, name, subresource string, _ url.Values, body io.Reader, _ string) ([]byte, error) {
	sent, err := io.ReadAll(body)
	f.path, f.body = method+" "+resource+"/"+name+"/"+subresource, string(sent)
	return []byte(`{"objectReference":{"kind":"VirtualMachine","name":"myvm"}}`), errors.Join(f.err, err)
}

func TestRun(t *testing.T) {
	for _, tc := range []struct {
		options              Options
		path, body, printing string
	}{
		{Options{Output: output.Flag{Format: "json"}}, "GET virtualmachines/myvm/objectgraph", `{}`, `"name": "myvm"`},
		{
			Options{Instance: true, ExcludeOptional: true, Selector: map[string]string{"a": "b"}, Output: output.Flag{Format: "yaml"}},
			"GET virtualmachineinstances/myvm/objectgraph",
			`{"includeOptionalNodes":false,"labelSelector":{"matchLabels":{"a":"b"}}}`, "  name: myvm\n",
		},
	} {
		f := &fake{}
		var out bytes.Buffer
		tc.options.Name, tc.options.Out = "myvm", &out
		if err := Run(t.Context(), f, tc.options); err != nil {
			t.Fatal(err)
		}
		if f.path != tc.path || f.body != tc.body || !strings.Contains(out.String(), tc.printing) {
			t.Errorf("sent %s %s, printed %q; want %s %s, %q", f.path, f.body, out.String(), tc.path, tc.body, tc.printing)
		}
		f.err = errors.New("gate off")
		if err := Run(t.Context(), f, tc.options); !errors.Is(err, f.err) {
			t.Errorf("got %v, want the server's refusal", err)
		}
	}
}
