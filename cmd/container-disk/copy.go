package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// copySelf makes the program available to a container of another image. Its
// name appears when it is complete.
func copySelf(target string) error {
	source, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("opening this program: %w", err)
	}
	defer func() { _ = source.Close() }()
	copied, err := os.CreateTemp(filepath.Dir(target), ".container-disk")
	if err != nil {
		return fmt.Errorf("creating the copy: %w", err)
	}
	_, err = io.Copy(copied, source)
	if err == nil {
		err = copied.Chmod(0o755)
	}
	if closeErr := copied.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(copied.Name(), target)
	}
	if err != nil {
		_ = os.Remove(copied.Name())
		return fmt.Errorf("writing the copy: %w", err)
	}
	return nil
}
