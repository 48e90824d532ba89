package restart

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/force"
)

type recorder struct {
	options any
	err     error
}

func (r *recorder) Verb(_ context.Context, resource, name, verb string, options any) error {
	if resource != "virtualmachines" || name != "myvm" || verb != "restart" {
		return errors.New("unexpected " + resource + "/" + name + "/" + verb)
	}
	r.options = options
	return r.err
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	r := &recorder{}
	if err := Run(t.Context(), r, Options{Name: "myvm", Out: &out}); err != nil {
		t.Fatal(err)
	}
	if got := r.options.(subresourcesv1.RestartOptions); got.GracePeriodSeconds != nil || len(got.DryRun) != 0 {
		t.Errorf("sent %+v, want nothing said", got)
	}
	forced := Options{Name: "myvm", Force: force.Flags{Force: true, PeriodSet: true}, DryRun: true, Out: &out}
	if err := Run(t.Context(), r, forced); err != nil {
		t.Fatal(err)
	}
	got := r.options.(subresourcesv1.RestartOptions)
	if got.GracePeriodSeconds == nil || *got.GracePeriodSeconds != 0 || len(got.DryRun) != 1 {
		t.Errorf("sent %+v, want grace period 0 and a dry run", got)
	}
	if want := "VM myvm was scheduled to restart (server dry run)\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	r.err = errors.New("refused")
	if err := Run(t.Context(), r, Options{Name: "myvm", Out: &out}); !errors.Is(err, r.err) {
		t.Errorf("got %v, want the server's refusal", err)
	}
}
