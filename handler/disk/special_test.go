package disk

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// What an image holds in place of a disk is neither opened nor waited for.
func TestLocateTakesFilesOnly(t *testing.T) {
	for name, mode := range map[string]uint32{"fifo": unix.S_IFIFO, "socket": unix.S_IFSOCK, "device": unix.S_IFBLK} {
		directory := t.TempDir()
		must(os.Mkdir(filepath.Join(directory, "disk"), 0o755))
		if err := unix.Mknod(filepath.Join(directory, "disk", "a"), mode|0o644, int(unix.Mkdev(7, 0))); err != nil {
			t.Skipf("making a %s: %v", name, err)
		}
		root, err := os.Open(directory)
		must(err)
		if _, err := locate(root, "/disk/a"); err == nil || !strings.Contains(err.Error(), "not a regular file") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := locate(root, ""); err == nil || !strings.Contains(err.Error(), "no file in /disk") {
			t.Errorf("%s as the only thing: %v", name, err)
		}
		root.Close()
	}
}

// No link of an image's leads to what is outside of it, not by /proc either.
func TestLocateStaysInside(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	must(os.WriteFile(outside, []byte("the node's"), 0o644))
	held, err := os.Open(filepath.Dir(outside))
	must(err)
	defer held.Close()
	for _, target := range []string{
		outside, "../../../../../../../../../../.." + outside, fmt.Sprintf("/proc/self/fd/%d/outside", held.Fd()), "/dev/null", "/disk/a",
	} {
		directory := t.TempDir()
		must(os.Mkdir(filepath.Join(directory, "disk"), 0o755))
		must(os.Symlink(target, filepath.Join(directory, "disk", "a")))
		root, err := os.Open(directory)
		must(err)
		for _, path := range []string{"", "/disk/a", "/disk/../../../.." + outside} {
			if found, err := locate(root, path); err == nil {
				t.Errorf("a link to %s, path %q: found %s", target, path, found.Name())
			}
		}
		root.Close()
	}
}
