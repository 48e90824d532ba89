package pause

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
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
	for _, tc := range []struct {
		options Options
		path    string
		sent    any
		printed string
	}{
		{Options{Kind: "vm", verb: pause}, "virtualmachineinstances/myvm/pause", subresourcesv1.PauseOptions{}, "vm myvm was paused\n"},
		{Options{Kind: "vmi", DryRun: true, verb: pause}, "virtualmachineinstances/myvm/pause",
			subresourcesv1.PauseOptions{DryRun: []string{"All"}}, "vmi myvm was paused (server dry run)\n"},
		{Options{Kind: "vmi", verb: unpause}, "virtualmachineinstances/myvm/unpause", subresourcesv1.UnpauseOptions{}, "vmi myvm was unpaused\n"},
	} {
		var out bytes.Buffer
		r := &recorder{}
		tc.options.Name, tc.options.Out = "myvm", &out
		if err := Run(t.Context(), r, tc.options); err != nil {
			t.Fatal(err)
		}
		if r.path != tc.path || !reflect.DeepEqual(r.options, tc.sent) || out.String() != tc.printed {
			t.Errorf("sent %s %+v, printed %q", r.path, r.options, out.String())
		}
	}
}

func TestRefusals(t *testing.T) {
	missing := errors.New("not found")
	for _, tc := range []struct {
		kind string
		err  error
		want string
	}{
		{"vmi", missing, "pausing vmi myvm: not found"},
		{"vm", errors.New("already paused"), "pausing vm myvm: already paused"},
	} {
		err := Run(t.Context(), &recorder{err: tc.err}, Options{Kind: tc.kind, Name: "myvm", verb: pause})
		if !errors.Is(err, tc.err) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.kind, err, tc.want)
		}
	}
	for kind, want := range map[string]string{"VM": "vm", "virtualmachine": "vm", "vmis": "vmi", "pod": "", "vmirs": ""} {
		o := Options{Kind: kind}
		if err := o.Validate(); (err == nil) != (want != "") || err == nil && o.Kind != want {
			t.Errorf("kind %s: %s, %v", kind, o.Kind, err)
		}
	}
}
