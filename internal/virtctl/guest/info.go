package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// NewInfoCommands returns `virtctl guestosinfo`, `virtctl userlist` and `virtctl
// fslist`: what a guest's agent tells.
func NewInfoCommands(flags *genericclioptions.ConfigFlags) []*cobra.Command {
	return []*cobra.Command{
		newInfoCommand(flags, "guestosinfo", "guestosinfo", "Print what a guest's agent tells about its operating system."),
		newInfoCommand(flags, "userlist", "userlist", "Print who is logged in to a guest, as its agent tells."),
		newInfoCommand(flags, "fslist", "filesystemlist", "Print the filesystems of a guest, as its agent tells."),
	}
}

func newInfoCommand(flags *genericclioptions.ConfigFlags, name, subresource, short string) *cobra.Command {
	return &cobra.Command{
		Use:     name + " VMI",
		Short:   short,
		Example: "  # Ask the agent in the guest of myvm\n  virtctl " + name + " myvm",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := client.New(flags)
			if err != nil {
				return err
			}
			return printInfo(cmd.Context(), c, args[0], subresource, cmd.OutOrStdout())
		},
	}
}

// fetcher reads what a subresource serves; a Client is one.
type fetcher interface {
	Fetch(ctx context.Context, resource, name, subresource string, query url.Values) (io.ReadCloser, error)
}

// printInfo prints the answer as it came, indented: what a newer server adds is shown too.
func printInfo(ctx context.Context, c fetcher, name, subresource string, out io.Writer) error {
	body, err := c.Fetch(ctx, client.InstanceResource, name, subresource, nil)
	if err != nil {
		return fmt.Errorf("asking the guest of %s: %w", name, err)
	}
	defer body.Close()
	answer, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, bytes.TrimSpace(answer), "", "  "); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	indented.WriteByte('\n')
	_, err = indented.WriteTo(out)
	return err
}
