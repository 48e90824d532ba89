// Package footprint keeps the launcher small while it waits: there is one on
// the node for every running guest.
package footprint

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	// A small heap that is collected twice as often costs nothing measurable in
	// a process that idles.
	gcPercent   = 50
	memoryLimit = 24 << 20
)

// Limit sets the garbage collector up for a small heap. GOGC and GOMEMLIMIT in
// the environment win.
func Limit() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// Trim gives back what starting took: free heap, and the pages of program and
// libraries that only start-up code needed. What is needed again comes back
// from the page cache.
func Trim() error {
	debug.FreeOSMemory()
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return fmt.Errorf("listing the process' memory: %w", err)
	}
	defer func() { _ = maps.Close() }()
	ranges, err := programs(maps)
	if err != nil {
		return fmt.Errorf("listing the process' memory: %w", err)
	}
	pagemap, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return fmt.Errorf("looking at the process' pages: %w", err)
	}
	defer func() { _ = pagemap.Close() }()
	for _, r := range ranges {
		entries := make([]byte, (r.end-r.start)/pageSize*8)
		if _, err := pagemap.ReadAt(entries, int64(r.start/pageSize*8)); err != nil {
			return fmt.Errorf("looking at the process' pages: %w", err)
		}
		for _, run := range unmodified(r, entries) {
			if _, _, errno := unix.Syscall(unix.SYS_MADVISE, run.start, run.end-run.start, unix.MADV_DONTNEED); errno != 0 {
				return fmt.Errorf("dropping pages of the program: %w", errno)
			}
		}
	}
	return nil
}

var pageSize = uintptr(os.Getpagesize())

type memoryRange struct{ start, end uintptr }

// programs returns the read-only private mappings of files.
func programs(maps io.Reader) ([]memoryRange, error) {
	var found []memoryRange
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 6 || !strings.HasPrefix(fields[5], "/") || fields[1] != "r-xp" && fields[1] != "r--p" {
			continue
		}
		var r memoryRange
		if _, err := fmt.Sscanf(fields[0], "%x-%x", &r.start, &r.end); err != nil {
			return nil, fmt.Errorf("a mapping without addresses: %w", err)
		}
		found = append(found, r)
	}
	return found, lines.Err()
}

const (
	pagePresent  = 1 << 63
	pageFromFile = 1 << 61
)

// unmodified returns the parts of a mapping whose pages are the file's own.
// Others were written to before they became read-only (relocations): dropping
// those would lose what no file has. entries are the mapping's in
// /proc/self/pagemap.
func unmodified(r memoryRange, entries []byte) []memoryRange {
	var found []memoryRange
	var run memoryRange
	for i := uintptr(0); i*8 < uintptr(len(entries)); i++ {
		address := r.start + i*pageSize
		entry := binary.NativeEndian.Uint64(entries[i*8:])
		if entry&pagePresent == 0 || entry&pageFromFile == 0 {
			continue
		}
		if run.end != address {
			if run.end != 0 {
				found = append(found, run)
			}
			run.start = address
		}
		run.end = address + pageSize
	}
	if run.end != 0 {
		found = append(found, run)
	}
	return found
}
