// Package console is `virtctl console`.
package console

import (
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewCommand returns `virtctl console`.
func NewCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	var minutes int
	cmd := &cobra.Command{
		Use:   "console VMI",
		Short: "Attach the terminal to a guest's serial console.",
		Long:  "Attach the terminal to a guest's serial console, once the guest runs. ctrl+] leaves.",
		Example: `  # Talk to the guest of myvm
  virtctl console myvm`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return Run(cmd.Context(), c, Options{
				Name: args[0], Timeout: time.Duration(minutes) * time.Minute,
				In: cmd.InOrStdin(), Out: cmd.OutOrStdout(), Err: cmd.ErrOrStderr(),
			})
		},
	}
	cmd.Flags().IntVar(&minutes, "timeout", 5, "minutes to wait for the guest to run")
	return cmd
}
