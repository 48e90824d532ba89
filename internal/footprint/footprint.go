// Package footprint keeps a long-running program's memory to what it goes on
// needing.
package footprint

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Release gives back, once the start is over, what only the start needed: heap that
// has become free, and the program's own code and constants. It does so again every
// so often, for what is needed seldom adds up too. It returns when ctx is done or that
// fails.
func Release(ctx context.Context, start, every time.Duration) error {
	for wait := start; ; wait = every {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		debug.FreeOSMemory()
		if err := releaseImage(); err != nil {
			return err
		}
	}
}

// releaseImage takes the program's file out of this process's memory. What is
// needed again comes back page by page from the page cache; what only registered
// the kinds and options of large libraries does not, and that is more than half.
// Pages that differ from the file stay.
func releaseImage() error {
	own, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("finding the program's file: %w", err)
	}
	file, err := os.Open("/proc/self/smaps")
	if err != nil {
		return fmt.Errorf("reading the process's mappings: %w", err)
	}
	defer file.Close()
	var start, end uintptr
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) >= 5 && strings.Contains(fields[0], "-"):
			start, end = 0, 0
			if readOnly := fields[1] == "r-xp" || fields[1] == "r--p"; !readOnly || fields[len(fields)-1] != own {
				continue
			}
			if _, err := fmt.Sscanf(fields[0], "%x-%x", &start, &end); err != nil {
				return fmt.Errorf("parsing mapping %q: %w", fields[0], err)
			}
		case start != 0 && fields[0] == "Anonymous:" && fields[1] == "0":
			if _, _, errno := unix.Syscall(unix.SYS_MADVISE, start, end-start, unix.MADV_DONTNEED); errno != 0 {
				return fmt.Errorf("releasing the program's pages: %w", errno)
			}
		}
	}
	return lines.Err()
}
