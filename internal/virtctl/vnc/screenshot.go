package vnc

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"

	"kubevirt.io/kubevirt/internal/virtctl/client"
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
		err = save(picture, o.File)
	}
	if err != nil {
		return fmt.Errorf("saving the screenshot of %s: %w", o.Name, err)
	}
	return nil
}

// save replaces the file only once the whole picture is there.
func save(picture io.Reader, name string) error {
	file, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, picture)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), name)
}
