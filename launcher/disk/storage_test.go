package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestBlocksOfFile(t *testing.T) {
	for name, c := range map[string]struct {
		block uint
		size  int64
		want  BlockSizes
	}{
		"an ordinary file system":       {4096, 1 << 20, BlockSizes{4096, 4096, 4096}},
		"a file of less than blocks":    {4096, 1<<20 + 512, BlockSizes{512, 4096, 4096}},
		"small blocks":                  {1024, 1 << 20, BlockSizes{1024, 1024, 1024}},
		"blocks larger than a page":     {65536, 1 << 20, BlockSizes{4096, 65536, 65536}},
		"blocks that no guest is shown": {4 << 20, 8 << 20, BlockSizes{Logical: 512, Physical: 512}},
		"blocks that are none":          {0, 1 << 20, BlockSizes{Logical: 512, Physical: 512}},
		"no power of two":               {3072, 3072, BlockSizes{Logical: 512, Physical: 512}},
	} {
		if got := blocksOfFile(c.block, c.size); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestBlockSizesOf(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var system syscall.Statfs_t
	if err := syscall.Statfs(path, &system); err != nil {
		t.Fatal(err)
	}
	got, err := BlockSizesOf(path)
	if err != nil || got != blocksOfFile(uint(system.Bsize), 1<<20) {
		t.Errorf("%+v, %v on blocks of %d", got, err, system.Bsize)
	}
	if _, err := BlockSizesOf(path + ".none"); err == nil {
		t.Error("a file that is not there has block sizes")
	}
}

// A loop device has the sizes of a device, and takes no SCSI commands.
func TestDevice(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making devices needs root")
	}
	node := filepath.Join(t.TempDir(), "device")
	if err := syscall.Mknod(node, syscall.S_IFBLK|0o600, 7<<8); err != nil {
		t.Skipf("making a device: %v", err)
	}
	got, err := BlockSizesOf(node)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENXIO) {
		t.Skipf("opening a device: %v", err)
	}
	if err != nil || got.Logical < 512 || got.Physical < got.Logical {
		t.Errorf("%+v, %v", got, err)
	}
	if err := TakesSCSI(node); !errors.Is(err, ErrInvalid) {
		t.Errorf("SCSI: %v", err)
	}
	if Allocated(node) {
		t.Error("a device is no file")
	}
}

func TestAllocated(t *testing.T) {
	dir := t.TempDir()
	full, sparse := filepath.Join(dir, "full"), filepath.Join(dir, "sparse")
	if err := os.WriteFile(full, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if file, err := os.OpenFile(full, os.O_RDWR, 0); err != nil || file.Sync() != nil || file.Close() != nil {
		t.Fatal("syncing a file failed")
	}
	if err := os.WriteFile(sparse, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(sparse, 1<<20); err != nil {
		t.Fatal(err)
	}
	if !Allocated(full) || Allocated(sparse) || Allocated(dir) || Allocated(full+".none") {
		t.Errorf("full %v, sparse %v", Allocated(full), Allocated(sparse))
	}
}

// A file that ends between two blocks is not written to past the page cache.
func TestDirectIOOfARaggedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.img")
	if err := os.WriteFile(path, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	if !DirectIO(path) {
		t.Skip("this file system has no direct I/O")
	}
	if err := os.Truncate(path, 4096+100); err != nil {
		t.Fatal(err)
	}
	if DirectIO(path) {
		t.Skip("this kernel does not tell how direct I/O is aligned")
	}
}
