package disk

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What an image holds in place of a disk is neither opened nor waited for.
func TestContainerDiskThatIsNoFile(t *testing.T) {
	for name, mode := range map[string]uint32{"fifo": unix.S_IFIFO, "socket": unix.S_IFSOCK, "device": unix.S_IFCHR} {
		for _, path := range []string{"", "/disk/a"} {
			root := image(t, map[string]string{"disk/b": "dir"})
			if err := unix.Mknod(filepath.Join(root, "disk", "a"), mode|0o644, int(unix.Mkdev(1, 3))); err != nil {
				t.Skipf("making a %s: %v", name, err)
			}
			answered := make(chan error, 1)
			go func() {
				_, err := ContainerDisk(root, path)
				answered <- err
			}()
			select {
			case err := <-answered:
				if !errors.Is(err, ErrInvalid) {
					t.Errorf("%s, path %q: %v", name, path, err)
				}
			case <-time.After(5 * time.Second):
				t.Fatalf("%s, path %q: no answer", name, path)
			}
		}
	}
}

func TestClaimThatHoldsNoFile(t *testing.T) {
	for _, mode := range []uint32{unix.S_IFIFO, unix.S_IFSOCK} {
		directory := t.TempDir()
		if err := unix.Mknod(filepath.Join(directory, claimImage), mode|0o644, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := Claim(directory, false, 1<<20, Room{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	linked := t.TempDir()
	if err := os.Symlink("/etc/passwd", filepath.Join(linked, claimImage)); err != nil {
		t.Fatal(err)
	}
	if _, err := Claim(linked, false, 1<<20, Room{}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a link: %v", err)
	}
}
