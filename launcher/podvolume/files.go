// Package podvolume reads what the kubelet puts into volumes of the launcher's pod:
// files of Secrets and ConfigMaps, facts about the pod, tokens.
package podvolume

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// current is the kubelet's link to the directory with the volume's present state,
	// which a change replaces as a whole. The names that users see lead through it.
	current = "..data"
	// maxSize is well beyond what an object of Kubernetes can hold.
	maxSize = 8 << 20
)

// ErrTooLarge says that a volume holds more than any Secret or ConfigMap could.
var ErrTooLarge = fmt.Errorf("the volume holds more than %d MiB", maxSize>>20)

// Files returns the files of the volume that is mounted at dir, by their slash-separated
// paths, all of one state. No link leads out of it.
func Files(dir string) (map[string][]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the volume: %w", err)
	}
	defer func() { _ = root.Close() }()
	state, err := root.OpenRoot(current)
	if errors.Is(err, fs.ErrNotExist) {
		state, err = root.OpenRoot(".")
	}
	if err != nil {
		return nil, fmt.Errorf("opening the volume's present state: %w", err)
	}
	defer func() { _ = state.Close() }()
	files, left := map[string][]byte{}, int64(maxSize)
	err = fs.WalkDir(state.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if files[path], err = read(state, path, left); err != nil {
			return err
		}
		left -= int64(len(files[path]))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the volume: %w", err)
	}
	return files, nil
}

func read(root *os.Root, path string, most int64) ([]byte, error) {
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = ErrTooLarge
	}
	return data, err
}

// Version tells one state of the volume that is mounted at dir from another; it is empty
// where the kubelet has not put any there.
func Version(dir string) string {
	target, err := os.Readlink(filepath.Join(dir, current))
	if err != nil {
		return ""
	}
	return target
}
