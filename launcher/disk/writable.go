package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kubevirt.io/kubevirt/launcher/disk/qcow2"
)

// PathOf returns where the launcher keeps the file of a volume.
func PathOf(dir, volume, suffix string) (string, error) {
	if volume == "" || volume != filepath.Base(volume) || strings.HasPrefix(volume, ".") {
		return "", fmt.Errorf("%w: %q is no name for a volume", ErrInvalid, volume)
	}
	return filepath.Join(dir, volume+suffix), nil
}

// Overlay returns a qcow2 image in dir that takes the guest's writes and reads
// everything else from base.
func Overlay(dir, volume string, base Image) (Image, error) {
	return writable(dir, volume, base.Size, &qcow2.Backing{Path: base.Path, Format: base.Format})
}

// EmptyDisk returns an empty qcow2 image of capacity bytes in dir.
func EmptyDisk(dir, volume string, capacity int64) (Image, error) {
	if capacity <= 0 {
		return Image{}, fmt.Errorf("%w: an empty disk needs a positive capacity", ErrInvalid)
	}
	return writable(dir, volume, inSectors(capacity), nil)
}

// Ephemeral returns an image in dir that takes the guest's writes, and the one below
// it: that in the claim at path, which is only read.
func Ephemeral(dir, volume, path string) (overlay, base Image, err error) {
	base, err = Claim(path, true, 0, Room{})
	if err != nil {
		return Image{}, Image{}, err
	}
	size := int64(base.Size)
	if base.Block {
		if size = SizeOf(base.Path, base.Format); size <= 0 {
			return Image{}, Image{}, fmt.Errorf("%w: the claim's device does not tell its size", ErrInvalid)
		}
	}
	base.Size = inSectors(size)
	overlay, err = Overlay(dir, volume, base)
	return overlay, base, err
}

func writable(dir, volume string, size uint64, backing *qcow2.Backing) (Image, error) {
	path, err := PathOf(dir, volume, ".qcow2")
	if err != nil {
		return Image{}, err
	}
	image := Image{Path: path, Format: FormatQcow2, Size: size}
	err = qcow2.Create(path, size, backing)
	if errors.Is(err, fs.ErrExist) {
		err = same(path, size, backing)
	}
	if err != nil {
		return Image{}, fmt.Errorf("making the disk of volume %s: %w", volume, err)
	}
	return image, nil
}

// same returns nil when the image at path is the one wanted, made by an
// earlier call; the guest may have written to it since.
func same(path string, size uint64, backing *qcow2.Backing) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("opening the existing image: %w", err)
	}
	defer func() { _ = f.Close() }()
	header, found, err := qcow2.Read(f)
	if err != nil {
		return err
	}
	below := ""
	if backing != nil {
		below = backing.Path
	}
	if !found || header.Size != size || header.BackingFile != below {
		return fmt.Errorf("%w: another image is there already", ErrInvalid)
	}
	return nil
}
