// Package controlplane runs virt-api and virt-controller as one program, for clusters
// that are too small for two: what both libraries and kinds take in memory is there once.
package controlplane

import (
	"context"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"kubevirt.io/kubevirt/internal/apiserver"
	"kubevirt.io/kubevirt/internal/controller"
)

// Options of the two.
type Options struct {
	API        apiserver.Options
	Controller controller.Options
}

// Run is both until ctx is done or one of them fails: a leadership that is lost ends
// the API as well, for nothing stops reconcilers as surely as the end of the program.
func Run(ctx context.Context, config *rest.Config, o Options) error {
	// virt-api's server answers for both.
	o.Controller.Address = controller.NoAddress
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return apiserver.Run(ctx, config, o.API) })
	group.Go(func() error { return controller.Run(ctx, config, o.Controller) })
	return group.Wait() //nolint:wrapcheck // Each says what it was doing.
}
