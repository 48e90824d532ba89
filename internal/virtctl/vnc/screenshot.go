package vnc

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/save"
)

// ScreenshotOptions of one picture.
type ScreenshotOptions struct {
	Name string
	// File to write; - is Out.
	File string
	// MoveCursor wakes a sleeping screen.
	MoveCursor bool
	Out        io.Writer
}

// Screenshot saves what the display shows.
func Screenshot(ctx context.Context, c *client.Client, o ScreenshotOptions) error {
	query := url.Values{}
	if o.MoveCursor {
		query.Set("moveCursor", "true")
	}
	picture, err := c.Fetch(ctx, client.InstanceResource, o.Name, "vnc/screenshot", query)
	if err != nil {
		return fmt.Errorf("taking a screenshot of %s: %w", o.Name, err)
	}
	defer picture.Close()
	if o.File == "-" {
		_, err = io.Copy(o.Out, picture)
	} else {
		err = save.File(o.File, picture)
	}
	if err != nil {
		return fmt.Errorf("saving the screenshot of %s: %w", o.Name, err)
	}
	return nil
}
