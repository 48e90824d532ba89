package vm

import (
	"context"
	"log/slog"
	"os"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// maxSerialLog bounds what a guest can write to its node's disk: beyond it the
	// log starts anew. The sidecar that prints the log has read it by then.
	maxSerialLog      = 4 << 20
	serialLogInterval = 5 * time.Second
)

// wantsSerialLog tells whether anybody reads the serial console's log.
func wantsSerialLog(vmi *v1.VirtualMachineInstance) bool {
	wanted := vmi.Spec.Domain.Devices.LogSerialConsole
	return wanted != nil && *wanted
}

// boundSerialLog empties the log whenever it has grown too long, until ctx ends.
// QEMU appends, so that it goes on at the beginning.
func boundSerialLog(ctx context.Context, path string, log *slog.Logger) {
	ticker := time.NewTicker(serialLogInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := emptyIfLong(path, maxSerialLog); err != nil {
				log.Warn("bounding the serial console's log", "error", err.Error())
			}
		}
	}
}

func emptyIfLong(path string, limit int64) error {
	info, err := os.Stat(path)
	if os.IsNotExist(err) || err == nil && info.Size() <= limit {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Truncate(path, 0)
}
