package adm

import (
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

func newVerbosityCommand(flags *genericclioptions.ConfigFlags) *cobra.Command {
	levels := map[string]*level{all: {}}
	var reset bool
	cmd := &cobra.Command{
		Use:   "log-verbosity",
		Short: "Show or change how much the components log.",
		Long: `Show or change the log levels of the components, from 0 to 9, which stand in the
KubeVirt object. A component without one logs at level 2; so does one at level 0. Levels of
single nodes (nodeVerbosity) win over those of virt-handler and virt-launcher there.
Changes count within seconds; nothing is restarted.
Without a flag, or with a component's flag without a value, levels are shown.`,
		Example: `  # Show all levels
  virtctl adm log-verbosity

  # Have virt-handler log more, and every other component less
  virtctl adm log-verbosity --all=1 --virt-handler=6

  # Back to the defaults
  virtctl adm log-verbosity --reset`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unexpected %q: a level follows its flag with an equals sign, as in --virt-api=5", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			change, err := decide(levels, reset)
			if err != nil {
				return err
			}
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return setLevels(cmd.Context(), c.Objects, change, cmd.OutOrStdout())
		},
	}
	cmd.Flags().Var(levels[all], all, "show, or with a value from 0 to 9 set, the level of every component")
	for _, component := range components {
		levels[component.name] = &level{}
		cmd.Flags().Var(levels[component.name], component.name, "show, or with a value from 0 to 9 set, the level of "+component.name)
	}
	for name := range levels {
		cmd.Flags().Lookup(name).NoOptDefVal = show
	}
	cmd.Flags().BoolVar(&reset, "reset", false, "clear all levels, those of single nodes too, before the flags' are set")
	return cmd
}
