package disk

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestBootFile(t *testing.T) {
	root := image(t, map[string]string{
		"boot/vmlinuz-1": "kernel", "vmlinuz": "-> boot/vmlinuz-1", "boot/empty": "", "passwd": "-> /etc/passwd", "up": "-> ../../../../../../etc/passwd",
	})
	for path, want := range map[string]string{
		"/boot/vmlinuz-1": "boot/vmlinuz-1", "/vmlinuz": "boot/vmlinuz-1", "/boot/../vmlinuz": "boot/vmlinuz-1",
		"/boot/empty": "", "/boot": "", "/nowhere": "", "/passwd": "", "/up": "", "/../../../../etc/passwd": "",
	} {
		got, err := BootFile(root, path)
		switch {
		case want == "" && !errors.Is(err, ErrInvalid):
			t.Errorf("%s: %q, %v", path, got, err)
		case want != "" && (err != nil || got != filepath.Join(root, want)):
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	file := filepath.Join(root, "boot/vmlinuz-1")
	if got, err := BootFile(file, "/ignored"); err != nil || got != file {
		t.Errorf("the file itself: %q, %v", got, err)
	}
}
