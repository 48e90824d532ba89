package start

import (
	"context"
	"fmt"
	"io"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// Options of one start.
type Options struct {
	Name   string
	Paused bool
	DryRun bool
	Out    io.Writer
}

// Verber sends one request to a subresource.
type Verber interface {
	Verb(ctx context.Context, resource, name, verb string, options any) error
}

// Run asks for the start of the virtual machine and returns without waiting for
// the guest.
func Run(ctx context.Context, c Verber, o Options) error {
	options := subresourcesv1.StartOptions{Paused: o.Paused}
	if o.DryRun {
		options.DryRun = []string{"All"}
	}
	if err := c.Verb(ctx, "virtualmachines", o.Name, "start", options); err != nil {
		return fmt.Errorf("starting virtual machine %s: %w", o.Name, err)
	}
	_, err := fmt.Fprintf(o.Out, "VM %s was scheduled to start\n", o.Name)
	return err
}
