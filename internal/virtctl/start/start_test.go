package start

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"testing"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

type recorder struct {
	path    string
	options any
	err     error
}

func (r *recorder) Verb(_ context.Context, resource, name, verb string, options any) error {
	r.path, r.options = resource+"/"+name+"/"+verb, options
	return r.err
}

func TestRun(t *testing.T) {
	for said, o := range map[string]Options{
		"VM myvm was scheduled to start\n":                  {Paused: true},
		"VM myvm was scheduled to start (server dry run)\n": {DryRun: true},
	} {
		var out bytes.Buffer
		r := &recorder{}
		o.Name, o.Out = "myvm", &out
		want := subresourcesv1.StartOptions{Paused: o.Paused}
		if o.DryRun {
			want.DryRun = []string{"All"}
		}
		if err := Run(t.Context(), r, o); err != nil || out.String() != said || r.path != "virtualmachines/myvm/start" || !reflect.DeepEqual(r.options, want) {
			t.Errorf("%v, printed %q, sent %s %+v", err, out.String(), r.path, r.options)
		}
		r.err = errors.New("refused")
		if err := Run(t.Context(), r, o); !errors.Is(err, r.err) {
			t.Errorf("got %v, want the server's refusal", err)
		}
	}
}
