package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// actors are the commands of all actors.
func actors() []*cobra.Command {
	return []*cobra.Command{
		newOperatorCommand(), newAPICommand(), newControllerCommand(), newControlPlaneCommand(), newHandlerCommand(),
	}
}

// accepts says what is wrong with flags for an actor, before it is started with them.
func accepts(actor string, args []string) error {
	for _, cmd := range actors() {
		if cmd.Name() != actor {
			continue
		}
		if err := cmd.ParseFlags(args); err != nil {
			return fmt.Errorf("%s does not take it: %w", actor, err)
		}
		if extra := cmd.Flags().Args(); len(extra) > 0 {
			return fmt.Errorf("%s takes the flag %s without the value %q", actor, args[0], extra[0])
		}
		return nil
	}
	return fmt.Errorf("the control plane has no actor %s", actor)
}
