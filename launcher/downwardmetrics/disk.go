package downwardmetrics

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"kubevirt.io/kubevirt/launcher/disk"
)

const (
	// diskSize is vhostmd's, of which its readers take 64 KiB at once.
	diskSize = 256 << 10
	// refresh is how often the disk is written, by vhostmd's custom.
	refresh = 5 * time.Second

	signature    = "mvbd"
	headerLength = 16
)

// Disk makes the disk of a volume in dir.
func Disk(dir, volume string, source *Source) (disk.Image, error) {
	path, err := disk.PathOf(dir, volume, ".vhostmd")
	if err != nil {
		return disk.Image{}, err
	}
	return disk.Image{Path: path, Format: disk.FormatRaw, Size: diskSize}, write(path, source)
}

// Refresh writes a disk again and again until ctx ends.
func Refresh(ctx context.Context, path string, source *Source, log *slog.Logger) {
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := write(path, source); err != nil {
				log.Info("the guest's metrics stand still", "err", err.Error())
			}
		}
	}
}

// write puts the present metrics on a disk. Whoever reads meanwhile finds it busy, or that
// the header has changed, and reads again.
func write(path string, source *Source) error {
	content, err := source.Collect(time.Now())
	if err != nil {
		return err
	}
	if len(content) > diskSize-headerLength {
		return fmt.Errorf("the metrics are %d bytes, more than their disk", len(content))
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the metrics disk: %w", err)
	}
	_, busyErr := f.WriteAt(header(true, content), 0)
	_, contentErr := f.WriteAt(content, headerLength)
	_, readyErr := f.WriteAt(header(false, content), 0)
	if err := errors.Join(f.Truncate(diskSize), busyErr, contentErr, readyErr, f.Close()); err != nil {
		return fmt.Errorf("writing the metrics disk: %w", err)
	}
	return nil
}

// header is signature, busy flag, checksum and length of the content.
func header(busy bool, content []byte) []byte {
	flag, sum := uint32(0), uint32(0)
	if busy {
		flag = 1
	}
	for _, b := range content {
		sum += uint32(b)
	}
	h := binary.BigEndian.AppendUint32([]byte(signature), flag)
	h = binary.BigEndian.AppendUint32(h, sum)
	return binary.BigEndian.AppendUint32(h, uint32(len(content))) //nolint:gosec // at most diskSize
}
