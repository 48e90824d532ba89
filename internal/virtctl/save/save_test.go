//go:build unix

package save

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

// peek tells the mode of the part while it is written.
type peek struct {
	io.Reader
	dir  string
	mode os.FileMode
}

func (p *peek) Read(b []byte) (int, error) {
	parts, err := filepath.Glob(filepath.Join(p.dir, ".*.part"))
	if err == nil && len(parts) == 1 {
		if info, err := os.Stat(parts[0]); err == nil {
			p.mode = info.Mode().Perm()
		}
	}
	return p.Reader.Read(b)
}

func TestFile(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for _, tc := range []struct {
		name string
		// before is the mode of the file that is replaced, 0 for none.
		before, during, after os.FileMode
	}{
		{"new", 0, 0o640, 0o640},
		{"secret", 0o600, 0o600, 0o600},
		{"for all", 0o666, 0o600, 0o666},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			name := filepath.Join(dir, "file")
			if tc.before != 0 {
				if err := errors.Join(os.WriteFile(name, []byte("old"), 0o600), os.Chmod(name, tc.before)); err != nil {
					t.Fatal(err)
				}
			}
			from := &peek{Reader: strings.NewReader("new"), dir: dir}
			if err := File(name, from); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if from.mode != tc.during || info.Mode().Perm() != tc.after {
				t.Errorf("mode %v, then %v; want %v, then %v", from.mode, info.Mode().Perm(), tc.during, tc.after)
			}
			holds(t, name, "new")

			broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("cut off")))
			if err := File(name, broken); err == nil {
				t.Error("half a file counts as saved")
			}
			holds(t, name, "new")
		})
	}
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	if got, err := os.ReadFile(name); err != nil || string(got) != want {
		t.Errorf("%s holds %q, %v; want %q", name, got, err, want)
	}
	if parts, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".*.part")); len(parts) > 0 {
		t.Errorf("left over: %v", parts)
	}
}

func TestLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(file, []byte("old"), 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	if err := File(link, strings.NewReader("new")); err != nil {
		t.Fatal(err)
	}
	holds(t, file, "new")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := File(link, strings.NewReader("new")); err == nil || !strings.Contains(err.Error(), "leads to nothing") {
		t.Errorf("got %v", err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
}

// TestPipe stands for everything that is no regular file.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan string, 1)
	go func() {
		content, _ := os.ReadFile(pipe)
		read <- string(content)
	}()
	if err := File(pipe, strings.NewReader("new")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(pipe); err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		t.Fatalf("the pipe was replaced: %v, %v", info, err)
	}
	if got := <-read; got != "new" {
		t.Errorf("the pipe's reader got %q", got)
	}
	if err := File(os.DevNull, strings.NewReader("new")); err != nil {
		t.Error(err)
	}
	if info, err := os.Lstat(os.DevNull); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		t.Fatalf("the device was replaced: %v, %v", info, err)
	}
}
