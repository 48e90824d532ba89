package stop

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
	if resource != "virtualmachines" || name != "myvm" || verb != "stop" {
		return errors.New("unexpected " + resource + "/" + name + "/" + verb)
	}
	r.options = options
	return r.err
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	r := &recorder{}
	if err := Run(context.Background(), r, Options{Name: "myvm", Force: force.Flags{Force: true, PeriodSet: true}, DryRun: true, Out: &out}); err != nil {
		t.Fatal(err)
	}
	got := r.options.(subresourcesv1.StopOptions)
	if got.GracePeriod == nil || *got.GracePeriod != 0 || len(got.DryRun) != 1 {
		t.Errorf("sent %+v, want grace period 0 and a dry run", got)
	}
	if want := "VM myvm was scheduled to stop (server dry run)\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	r.err = errors.New("refused")
	if err := Run(context.Background(), r, Options{Name: "myvm", Out: &out}); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v, want the server's refusal", err)
	}
}
