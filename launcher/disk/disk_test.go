package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kubevirt.io/kubevirt/launcher/disk/qcow2"
)

// image lays out a container image's root: name -> content, "-> x" a link to x.
func image(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "-> "); link {
			err = os.Symlink(target, path)
		} else if content == "dir" {
			err = os.Mkdir(path, 0o755)
		} else {
			err = os.WriteFile(path, []byte(content), 0o444)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestContainerDisk(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("host"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		files map[string]string
		path  string
		want  string // "" for ErrInvalid
	}{
		"the only file":          {map[string]string{"disk/a.img": "x"}, "", "disk/a.img"},
		"directories are none":   {map[string]string{"disk/a.img": "x", "disk/b": "dir"}, "", "disk/a.img"},
		"named":                  {map[string]string{"disk/a": "x", "disk/b": "y"}, "/disk/b", "disk/b"},
		"named elsewhere":        {map[string]string{"images/b": "y"}, "images/b", "images/b"},
		"a link inside":          {map[string]string{"disk/a": "-> ../real/a", "real/a": "x"}, "", "real/a"},
		"two files":              {map[string]string{"disk/a": "x", "disk/b": "y"}, "", ""},
		"no file":                {map[string]string{"disk/b": "dir"}, "", ""},
		"no directory":           {map[string]string{"etc/passwd": "x"}, "", ""},
		"missing":                {map[string]string{"disk/a": "x"}, "/disk/b", ""},
		"a directory":            {map[string]string{"disk/b": "dir"}, "/disk/b", ""},
		"empty":                  {map[string]string{"disk/a": ""}, "", ""},
		"a link out":             {map[string]string{"disk/a": "-> " + outside}, "/disk/a", ""},
		"a relative link out":    {map[string]string{"disk/a": "-> ../../../../../../../../" + outside}, "/disk/a", ""},
		"a linked directory out": {map[string]string{"disk": "-> " + filepath.Dir(outside)}, "", ""},
		"dots":                   {map[string]string{"disk/a": "x"}, "/disk/../../../" + outside, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := image(t, tc.files)
			got, err := ContainerDisk(root, tc.path)
			if tc.want == "" {
				if !errors.Is(err, ErrInvalid) {
					t.Errorf("got %+v, %v", got, err)
				}
				return
			}
			if err != nil || got.Path != filepath.Join(root, tc.want) || got.Format != FormatRaw || got.Size != 512 {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	t.Run("the file itself", func(t *testing.T) {
		if got, err := ContainerDisk(outside, "/ignored"); err != nil || got.Path != outside {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}

func TestFormats(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "disk.qcow2")
	if err := qcow2.Create(path, 1<<30, nil); err != nil {
		t.Fatal(err)
	}
	got, err := ContainerDisk(path, "")
	if want := (Image{Path: path, Format: FormatQcow2, Size: 1 << 30}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	backed := filepath.Join(dir, "backed.qcow2")
	if err := qcow2.Create(backed, 1<<30, &qcow2.Backing{Path: "/etc/shadow", Format: FormatRaw}); err != nil {
		t.Fatal(err)
	}
	external := filepath.Join(dir, "external.qcow2")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[79] = 1 << 2 // incompatible feature: external data file
	if err := os.WriteFile(external, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, refused := range []string{backed, external} {
		if _, err := ContainerDisk(refused, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", filepath.Base(refused), err)
		}
	}
}

// A repeated request finds what the first one made and changes nothing in it.
func TestWritableTwice(t *testing.T) {
	dir := t.TempDir()
	base := Image{Path: "/images/a", Format: FormatRaw, Size: 1 << 20}
	first, err := Overlay(dir, "root", base)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(first.Path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("the guest's data"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	second, err := Overlay(dir, "root", base)
	if err != nil || second != first {
		t.Errorf("the second time: %+v, %v", second, err)
	}
	raw, err := os.ReadFile(first.Path)
	if err != nil || !strings.HasSuffix(string(raw), "the guest's data") {
		t.Error("the guest's data is gone")
	}
	other := base
	other.Path = "/images/b"
	if _, err := Overlay(dir, "root", other); !errors.Is(err, ErrInvalid) {
		t.Errorf("another base below the same overlay: %v", err)
	}
	if _, err := EmptyDisk(dir, "root", 1<<20); !errors.Is(err, ErrInvalid) {
		t.Errorf("an overlay taken for an empty disk: %v", err)
	}
	if _, err := EmptyDisk(dir, "scratch", 0); !errors.Is(err, ErrInvalid) {
		t.Errorf("a disk without capacity: %v", err)
	}
	for _, name := range []string{"", ".", "..", "a/b", ".hidden"} {
		if _, err := EmptyDisk(dir, name, 512); !errors.Is(err, ErrInvalid) {
			t.Errorf("volume name %q: %v", name, err)
		}
	}
	if empty, err := EmptyDisk(dir, "odd", 1000); err != nil || empty.Size != 1024 {
		t.Errorf("rounding up: %+v, %v", empty, err)
	}
}
