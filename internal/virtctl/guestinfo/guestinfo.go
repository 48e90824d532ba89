package guestinfo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"kubevirt.io/kubevirt/internal/virtctl/client"
)

// fetcher reads what a subresource serves; a Client is one.
type fetcher interface {
	Fetch(ctx context.Context, resource, name, subresource string, query url.Values) (io.ReadCloser, error)
}

// run prints the answer as it came, indented: what a newer server adds is shown too.
func run(ctx context.Context, c fetcher, name, subresource string, out io.Writer) error {
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
