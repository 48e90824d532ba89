package guest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// save writes a local file, which is replaced only once all of it is there.
func save(from io.Reader, name string) error {
	info, err := os.Stat(name)
	switch {
	case err == nil && !info.Mode().IsRegular():
		// A pipe or a device is written to, not replaced.
		return fill(name, os.O_WRONLY, from)
	case err == nil:
		// What a link leads to is replaced, not the link.
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	part := filepath.Join(filepath.Dir(name), fmt.Sprintf(".%s.%s.part", filepath.Base(name), rand.Text()[:8]))
	if err := fill(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, from); err != nil {
		_ = os.Remove(part)
		return err
	}
	if info != nil {
		err = os.Chmod(part, info.Mode().Perm())
	} else {
		err = nil
	}
	if err == nil {
		err = os.Rename(part, name)
	}
	if err != nil {
		_ = os.Remove(part)
	}
	return err
}

func fill(name string, flags int, from io.Reader) error {
	file, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	return errors.Join(err, file.Close())
}
