package version

import (
	"context"
	"fmt"
	"io"

	apiversion "k8s.io/apimachinery/pkg/version"

	"kubevirt.io/kubevirt/internal/version"
)

// GroupGetter reads a path of the subresource group.
type GroupGetter interface {
	GroupGet(ctx context.Context, path string, out any) error
}

// Run prints both versions; the client's also when the server does not answer.
func Run(ctx context.Context, c GroupGetter, out io.Writer) error {
	if err := printClient(out); err != nil {
		return err
	}
	var server apiversion.Info
	if err := c.GroupGet(ctx, "version", &server); err != nil {
		return fmt.Errorf("reading the server's version: %w", err)
	}
	_, err := fmt.Fprintf(out, "Server Version: %#v\n", server)
	return err
}

func printClient(out io.Writer) error {
	_, err := fmt.Fprintf(out, "Client Version: %#v\n", version.Info())
	return err
}
