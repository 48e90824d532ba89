package steps

import (
	"context"
	"errors"
	"testing"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

func TestRun(t *testing.T) {
	broken := errors.New("broken")
	after := func(d time.Duration, err error) func(context.Context, *int) (ctrl.Result, error) {
		return func(_ context.Context, taken *int) (ctrl.Result, error) {
			*taken++
			return ctrl.Result{RequeueAfter: d}, err
		}
	}
	type step = func(context.Context, *int) (ctrl.Result, error)
	for name, c := range map[string]struct {
		steps []step
		want  time.Duration
		taken int
		err   error
	}{
		"nothing to wait for": {[]step{after(0, nil), after(0, nil)}, 0, 2, nil},
		"the earliest":        {[]step{after(3, nil), after(0, nil), after(2, nil), after(5, nil)}, 2, 4, nil},
		"an error ends it":    {[]step{after(3, nil), after(0, broken), after(1, nil)}, 0, 2, broken},
	} {
		taken := 0
		result, err := Run(t.Context(), &taken, c.steps...)
		if result.RequeueAfter != c.want || taken != c.taken || !errors.Is(err, c.err) {
			t.Errorf("%s: after %d steps %v, %v", name, taken, result.RequeueAfter, err)
		}
	}
}
