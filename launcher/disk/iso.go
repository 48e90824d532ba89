package disk

import (
	"fmt"
	"os"
	"time"

	"kubevirt.io/kubevirt/launcher/disk/iso9660"
)

// ISO makes the disk of a volume that shows files, by their slash-separated paths, to
// the guest. One that is left from a start that failed may have had other files: it is
// replaced. A guest that had it open would keep the old one.
func ISO(dir, volume, label string, files map[string][]byte) (Image, error) {
	path, err := PathOf(dir, volume, ".iso")
	if err != nil {
		return Image{}, err
	}
	content, err := iso9660.Image(label, files, time.Now())
	if err != nil {
		return Image{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	// Secrets may be in it: readable by the launcher's user only.
	err = os.WriteFile(path+".tmp", content, 0o600)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		_ = os.Remove(path + ".tmp")
		return Image{}, fmt.Errorf("writing the disk of volume %s: %w", volume, err)
	}
	return Image{Path: path, Format: FormatRaw, Size: uint64(len(content))}, nil
}
