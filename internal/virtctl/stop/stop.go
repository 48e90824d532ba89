package stop

import (
	"context"
	"errors"
	"fmt"
	"io"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
)

// Options of one stop.
type Options struct {
	Name   string
	Force  bool
	DryRun bool
	// GracePeriod in seconds counts only when GracePeriodSet.
	GracePeriod    int64
	GracePeriodSet bool
	Out            io.Writer
}

// Verber sends one request to a subresource.
type Verber interface {
	Verb(ctx context.Context, resource, name, verb string, options any) error
}

// Validate refuses flags that do not go together.
func (o Options) Validate() error {
	if o.Force && !o.GracePeriodSet {
		return errors.New("--force needs --grace-period=0")
	}
	if o.GracePeriodSet && (!o.Force || o.GracePeriod != 0) {
		return errors.New("--grace-period takes only 0 and only together with --force")
	}
	return nil
}

// Run asks for the stop of the virtual machine and returns without waiting for
// the guest.
func Run(ctx context.Context, c Verber, o Options) error {
	var options subresourcesv1.StopOptions
	if o.Force {
		options.GracePeriod = &o.GracePeriod
	}
	if o.DryRun {
		options.DryRun = []string{"All"}
	}
	if err := c.Verb(ctx, "virtualmachines", o.Name, "stop", options); err != nil {
		return fmt.Errorf("stopping virtual machine %s: %w", o.Name, err)
	}
	_, err := fmt.Fprintf(o.Out, "VM %s was scheduled to stop\n", o.Name)
	return err
}
