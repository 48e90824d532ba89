// Package save writes what was fetched from a guest to a local file.
package save

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File writes a file, which is replaced only once all of it is there. What a link
// leads to is replaced and not the link; a pipe or a device is written to.
func File(name string, from io.Reader) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fill(name, os.O_WRONLY, 0, from)
	case err == nil:
		return replace(name, info.Mode().Perm(), from)
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s is a link that leads to nothing", name)
	}
	// The umask decides about a file that is new.
	return inPlace(name, func(part string) error {
		return fill(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666, from)
	})
}

// replace shows the new content to nobody who could not read the old.
func replace(name string, mode os.FileMode, from io.Reader) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	return inPlace(name, func(part string) error {
		if err := fill(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600, from); err != nil {
			return err
		}
		return os.Chmod(part, mode)
	})
}

// inPlace makes a file beside its place and moves it there.
func inPlace(name string, write func(part string) error) error {
	part := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%s.part", filepath.Base(name), rand.Text()[:8]))
	err := write(part)
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}

func fill(name string, flags int, mode os.FileMode, from io.Reader) error {
	file, err := os.OpenFile(name, flags, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	return errors.Join(err, file.Close())
}
