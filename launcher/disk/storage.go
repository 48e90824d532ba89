package disk

import (
	"bytes"
	"fmt"
	"math/bits"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// DirectIO tells whether every one of the files can be used with I/O that bypasses
// the page cache: their file systems decide, and how they align it.
func DirectIO(paths ...string) bool {
	for _, path := range paths {
		f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECT, 0)
		if err != nil {
			return false
		}
		aligned := alignedForDirectIO(f)
		_ = f.Close()
		if !aligned {
			return false
		}
	}
	return true
}

// alignedForDirectIO tells whether direct I/O reaches the file's end: QEMU does not
// open an image for writing whose last piece it could not write. Kernels before 6.1
// do not tell.
func alignedForDirectIO(f *os.File) bool {
	var found unix.Statx_t
	err := unix.Statx(int(f.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN|unix.STATX_SIZE, &found)
	if err != nil || found.Mask&unix.STATX_DIOALIGN == 0 || found.Dio_offset_align == 0 {
		return true
	}
	return found.Size%uint64(found.Dio_offset_align) == 0
}

// Allocated tells whether all the space of an image is its own by now.
func Allocated(path string) bool {
	var found unix.Stat_t
	if unix.Stat(path, &found) != nil || found.Mode&unix.S_IFMT != unix.S_IFREG {
		return false
	}
	const statBlock = 512
	return found.Size > 0 && found.Blocks*statBlock >= found.Size
}

// BlockSizes are what storage addresses, writes and discards at once, in bytes.
type BlockSizes struct {
	Logical, Physical, DiscardGranularity uint
}

const (
	// maxLogical is what every guest can address at once: a page.
	maxLogical = 4096
	// maxBlock is the largest block that QEMU shows a guest.
	maxBlock = 2 << 20
)

// BlockSizesOf asks what lies at path, a device or a file, for its block sizes.
func BlockSizesOf(path string) (BlockSizes, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return BlockSizes{}, fmt.Errorf("opening the disk for its block sizes: %w", err)
	}
	defer func() { _ = file.Close() }()
	fd := int(file.Fd())
	var found unix.Stat_t
	if err := unix.Fstat(fd, &found); err != nil {
		return BlockSizes{}, fmt.Errorf("looking at the disk for its block sizes: %w", err)
	}
	if found.Mode&unix.S_IFMT != unix.S_IFBLK {
		var system unix.Statfs_t
		if err := unix.Fstatfs(fd, &system); err != nil {
			return BlockSizes{}, fmt.Errorf("asking the disk's file system for its block size: %w", err)
		}
		return blocksOfFile(uint(system.Bsize), found.Size), nil
	}
	logical, err := unix.IoctlGetUint32(fd, unix.BLKSSZGET)
	if err != nil {
		return BlockSizes{}, fmt.Errorf("asking the device for its logical block size: %w", err)
	}
	physical, err := unix.IoctlGetUint32(fd, unix.BLKPBSZGET)
	if err != nil {
		return BlockSizes{}, fmt.Errorf("asking the device for its physical block size: %w", err)
	}
	return BlockSizes{Logical: uint(logical), Physical: uint(physical), DiscardGranularity: discardGranularity(found.Rdev)}, nil
}

// blocksOfFile are the sizes that the block size of a file system stands for. A disk
// consists of whole blocks, and a block of more than a page is no guest's.
func blocksOfFile(block uint, size int64) BlockSizes {
	if bits.OnesCount(block) != 1 || block < sector || block > maxBlock {
		return BlockSizes{Logical: sector, Physical: sector}
	}
	blocks := BlockSizes{Logical: min(block, maxLogical), Physical: block, DiscardGranularity: block}
	if size%int64(blocks.Logical) != 0 {
		blocks.Logical = sector
	}
	return blocks
}

// discardGranularity is that of a device; 0 where it discards nothing, or does not
// say. A partition's is its disk's.
func discardGranularity(device uint64) uint {
	directory := fmt.Sprintf("/sys/dev/block/%d:%d", unix.Major(device), unix.Minor(device))
	for _, queue := range []string{"/queue", "/../queue"} {
		content, err := os.ReadFile(directory + queue + "/discard_granularity")
		if err != nil {
			continue
		}
		value, err := strconv.ParseUint(string(bytes.TrimSpace(content)), 10, 32)
		if err != nil || value > maxBlock {
			return 0
		}
		return uint(value)
	}
	return 0
}

// TakesSCSI refuses a device that does not take SCSI commands.
func TakesSCSI(path string) error {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("opening the device: %w", err)
	}
	defer func() { _ = file.Close() }()
	const sgGetVersion = 0x2282
	if _, err := unix.IoctlGetInt(int(file.Fd()), sgGetVersion); err != nil {
		return fmt.Errorf("%w: the device takes no SCSI commands, so that its disk has to be of kind disk, not lun: %w", ErrInvalid, err)
	}
	return nil
}
