package reboot

import (
	"context"
	"fmt"
	"io"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// verb is one of the two.
type verb struct{ subresource, doing, done string }

var (
	soft = verb{"softreboot", "rebooting", "was asked to reboot"}
	hard = verb{"reset", "resetting", "was reset"}
)

// run asks for the verb and does not wait for the guest to be up again.
func run(ctx context.Context, c client.Verber, v verb, name string, out io.Writer) error {
	if err := c.Verb(ctx, client.InstanceResource, name, v.subresource, nil); err != nil {
		return fmt.Errorf("%s vmi %s: %w", v.doing, name, err)
	}
	_, err := fmt.Fprintf(out, "vmi %s %s\n", name, v.done)
	return err
}
