package usbredir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/proxy"
)

const (
	// helper speaks for a USB device of this machine.
	helper = "usbredirect"
	// loopback keeps others off the guest's USB port.
	loopback = "127.0.0.1"
)

// device as VENDOR:PRODUCT or BUS-DEVICE.
var device = regexp.MustCompile(`^([0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4}|[0-9]+-[0-9]+)$`)

// Options of one redirection.
type Options struct {
	Name string
	// Device to hand over; empty with NoLaunch.
	Device string
	// NoLaunch leaves it to the user to connect a client.
	NoLaunch bool
	Out, Err io.Writer
}

// Run hands the device over until the client, the guest or the context ends it.
func Run(ctx context.Context, c *client.Client, o Options) error {
	program := ""
	if !o.NoLaunch {
		var err error
		if program, err = exec.LookPath(helper); err != nil {
			return fmt.Errorf("there is no %s on the PATH: install it, e.g. with the package usbredirect or usbredir, "+
				"or connect a client of your own to the port that --no-launch opens (%w)", helper, err)
		}
	}
	// The guest's answer comes first: a refusal needs no client.
	stream, err := c.StreamWith(ctx, client.InstanceResource, o.Name, "usbredir", nil)
	if err != nil {
		return fmt.Errorf("opening a USB port of %s: %w", o.Name, err)
	}
	defer stream.Close()
	listener, err := proxy.Listen(ctx, loopback, 0)
	if err != nil {
		return err
	}
	defer listener.Close()
	address := listener.Addr().String()
	if o.NoLaunch {
		fmt.Fprintf(o.Out, "connect a client to %s, e.g. with: %s --device VENDOR:PRODUCT --to %s\n", address, helper, address)
		return proxy.ServeOne(ctx, listener, stream)
	}
	err = proxy.ServeProgram(ctx, listener, stream, func(ctx context.Context) *exec.Cmd {
		cmd := proxy.Command(ctx, program, "--device", o.Device, "--to", address)
		cmd.Stdout, cmd.Stderr = o.Out, o.Err
		return cmd
	})
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%s has failed for device %s; it needs the right to open it, mostly that of root: %w", helper, o.Device, err)
	}
	return err
}
