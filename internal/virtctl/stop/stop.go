package stop

import (
	"context"
	"fmt"
	"io"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/force"
)

// Options of one stop.
type Options struct {
	Name   string
	Force  force.Flags
	DryRun bool
	Out    io.Writer
}

// Run asks for the stop of the virtual machine and returns without waiting for
// the guest.
func Run(ctx context.Context, c client.Verber, o Options) error {
	options := subresourcesv1.StopOptions{GracePeriod: o.Force.Seconds(), DryRun: client.DryRun(o.DryRun)}
	if err := c.Verb(ctx, client.MachineResource, o.Name, "stop", options); err != nil {
		return fmt.Errorf("stopping virtual machine %s: %w", o.Name, err)
	}
	_, err := fmt.Fprintf(o.Out, "VM %s was scheduled to stop%s\n", o.Name, client.DryRunNote(o.DryRun))
	return err
}
