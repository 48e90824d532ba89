// Package usbredir is `virtctl usbredir`.
package usbredir

import (
	"errors"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl usbredir`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "usbredir [VENDOR:PRODUCT|BUS-DEVICE] VMI",
		Short: "Hand a USB device of this machine to a guest.",
		Long: "Hand a USB device of this machine to a guest with the program usbredirect, until interrupted.\n\n" +
			"The guest needs spec.domain.devices.clientPassthrough, usbredirect mostly the rights of root.",
		Example: `  # Hand over the device that lsusb lists as ID 0951:1666
  virtctl usbredir 0951:1666 myvm

  # By its bus and number
  virtctl usbredir 2-3 myvm

  # Open a local port for a client of one's own
  virtctl usbredir --no-launch myvm`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Name, o.Out, o.Err = args[len(args)-1], cmd.OutOrStdout(), cmd.ErrOrStderr()
			if len(args) == 2 {
				o.Device = args[0]
			}
			if err := o.validate(); err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return Run(cmd.Context(), c, o)
		},
	}
	cmd.Flags().BoolVar(&o.NoLaunch, "no-launch", false, "start no usbredirect: print where to connect one")
	return cmd
}

func (o Options) validate() error {
	switch {
	case o.NoLaunch && o.Device != "":
		return errors.New("--no-launch takes no device: the client that connects names it")
	case !o.NoLaunch && !device.MatchString(o.Device):
		return errors.New("name the device as VENDOR:PRODUCT in hexadecimal, e.g. 0951:1666, or as BUS-DEVICE, e.g. 2-3; lsusb lists both")
	}
	return nil
}
