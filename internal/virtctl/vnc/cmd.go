// Package vnc is `virtctl vnc`.
package vnc

import (
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl vnc`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o Options
	cmd := &cobra.Command{
		Use:   "vnc VMI",
		Short: "Show a guest's display in a VNC viewer.",
		Long:  "Show a guest's display in a VNC viewer of this machine, or open a local port for one.",
		Example: `  # Show the display of myvm
  virtctl vnc myvm

  # Open port 5900 for a viewer of one's own
  virtctl vnc myvm --proxy-only --address 127.0.0.1 --port 5900

  # Save what the display shows
  virtctl vnc screenshot myvm --file myvm.png`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			o.Name, o.Out, o.Err = args[0], cmd.OutOrStdout(), cmd.ErrOrStderr()
			return Run(cmd.Context(), c, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Address, "address", "127.0.0.1", "local address to listen on")
	f.IntVar(&o.Port, "port", 0, "local port to listen on; 0 takes a free one")
	f.BoolVar(&o.ProxyOnly, "proxy-only", false, "start no viewer: print the local port and serve it until interrupted")
	f.BoolVar(&o.PreserveSession, "preserve-session", false, "fail rather than end the session of somebody who is connected")
	f.StringVar(&o.ViewerPath, "vnc-path", "", "the viewer's program")
	f.StringVar(&o.ViewerType, "vnc-type", "", "kind of viewer: "+strings.Join(viewerTypes(), ", ")+"; the first that is found if unset")
	// It fails only for a flag that is not there.
	_ = cmd.RegisterFlagCompletionFunc("vnc-type", cobra.FixedCompletions(viewerTypes(), cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newScreenshotCommand(flags))
	return cmd
}

func newScreenshotCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var o ScreenshotOptions
	cmd := &cobra.Command{
		Use:   "screenshot VMI",
		Short: "Save what a guest's display shows as a PNG image.",
		Example: `  # Save what the display of myvm shows
  virtctl vnc screenshot myvm --file myvm.png`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			o.Name, o.Out = args[0], cmd.OutOrStdout()
			return Screenshot(cmd.Context(), c, o)
		},
	}
	cmd.Flags().StringVarP(&o.File, "file", "f", "", "file to write; - is standard output")
	cmd.Flags().BoolVarP(&o.MoveCursor, "move-cursor", "m", false, "move the mouse pointer first, which wakes a sleeping screen")
	_ = cmd.MarkFlagRequired("file")
	return cmd
}
