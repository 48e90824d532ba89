package start

import (
	"context"
	"fmt"
	"io"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// Options of one start.
type Options struct {
	Name   string
	Paused bool
	DryRun bool
	Out    io.Writer
}

// Run asks for the start of the virtual machine and returns without waiting for
// the guest.
func Run(ctx context.Context, c client.Verber, o Options) error {
	options := subresourcesv1.StartOptions{Paused: o.Paused, DryRun: client.DryRun(o.DryRun)}
	if err := c.Verb(ctx, client.MachineResource, o.Name, "start", options); err != nil {
		return fmt.Errorf("starting virtual machine %s: %w", o.Name, err)
	}
	_, err := fmt.Fprintf(o.Out, "VM %s was scheduled to start%s\n", o.Name, client.DryRunNote(o.DryRun))
	return err
}
