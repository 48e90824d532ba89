package qcow2

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func qemuImg(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("qemu-img")
	if err != nil {
		t.Skip("no qemu-img on this machine")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("qemu-img %v: %v\n%s", args, err, out)
	}
	return out
}

// QEMU's own tools find nothing wrong with what Create writes.
func TestCreateAgainstQEMU(t *testing.T) {
	dir := t.TempDir()
	base := filepath.Join(dir, "base.raw")
	if err := os.WriteFile(base, bytes.Repeat([]byte("guest"), 20000), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(base, 8<<20); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		size    uint64
		backing *Backing
	}{
		"empty":         {size: 1 << 30},
		"odd":           {size: 512},
		"over 4 TiB":    {size: 5 << 40},
		"overlay":       {size: 8 << 20, backing: &Backing{Path: base, Format: "raw"}},
		"grown overlay": {size: 3 << 30, backing: &Backing{Path: base, Format: "raw"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "image.qcow2")
			if err := Create(path, tc.size, tc.backing); err != nil {
				t.Fatal(err)
			}
			qemuImg(t, "check", path)
			var info struct {
				Size    uint64 `json:"virtual-size"`
				Format  string `json:"format"`
				Backing string `json:"backing-filename"`
				BFormat string `json:"backing-filename-format"`
			}
			if err := json.Unmarshal(qemuImg(t, "info", "--output=json", path), &info); err != nil {
				t.Fatal(err)
			}
			if info.Size != tc.size || info.Format != "qcow2" {
				t.Errorf("qemu-img sees %+v", info)
			}
			if tc.backing != nil && (info.Backing != tc.backing.Path || info.BFormat != tc.backing.Format) {
				t.Errorf("qemu-img sees %+v, want backing %+v", info, *tc.backing)
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			header, found, err := Read(f)
			if err != nil || !found || header.Size != tc.size {
				t.Errorf("Read: %+v %v %v", header, found, err)
			}
		})
	}
	t.Run("the overlay shows its base and takes writes", func(t *testing.T) {
		path := filepath.Join(dir, "overlay.qcow2")
		if err := Create(path, 8<<20, &Backing{Path: base, Format: "raw"}); err != nil {
			t.Fatal(err)
		}
		qemuImg(t, "compare", path, base)
		if qemuIO, err := exec.LookPath("qemu-io"); err == nil {
			if out, err := exec.Command(qemuIO, "-f", "qcow2", "-c", "write -P 7 1M 4M", "-c", "read -P 7 1M 4M", path).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			qemuImg(t, "check", path)
		}
	})
}

func TestReadWhatQEMUWrites(t *testing.T) {
	dir := t.TempDir()
	plain, over, external := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	old := filepath.Join(dir, "d")
	qemuImg(t, "create", "-q", "-f", "qcow2", plain, "64M")
	qemuImg(t, "create", "-q", "-f", "qcow2", "-b", plain, "-F", "qcow2", over)
	qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "data_file="+filepath.Join(dir, "raw"), external, "64M")
	qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "compat=0.10", old, "64M")
	for path, want := range map[string]Header{
		plain:    {Version: 3, Size: 64 << 20},
		over:     {Version: 3, Size: 64 << 20, BackingFile: plain},
		external: {Version: 3, Size: 64 << 20, ExternalData: true},
		old:      {Version: 2, Size: 64 << 20},
	} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got, found, err := Read(f)
		f.Close()
		if err != nil || !found || got != want {
			t.Errorf("%s: %+v %v %v, want %+v", filepath.Base(path), got, found, err, want)
		}
	}
}

func TestReadRefusesNonsense(t *testing.T) {
	valid := func() []byte {
		image, err := emptyImage(1<<30, &Backing{Path: "/base", Format: "raw"})
		if err != nil {
			t.Fatal(err)
		}
		return image
	}
	for name, tc := range map[string]struct {
		change func([]byte) []byte
		found  bool
		bad    bool
	}{
		"unchanged":       {func(b []byte) []byte { return b }, true, false},
		"raw disk":        {func(b []byte) []byte { b[0] = 0; return b }, false, false},
		"empty file":      {func([]byte) []byte { return nil }, false, false},
		"version 9":       {func(b []byte) []byte { b[7] = 9; return b }, true, true},
		"cut":             {func(b []byte) []byte { return b[:80] }, true, true},
		"negative size":   {func(b []byte) []byte { b[24] = 0xff; return b }, true, true},
		"name beyond end": {func(b []byte) []byte { binary.BigEndian.PutUint64(b[8:], 1<<40); return b }, true, true},
		"endless name":    {func(b []byte) []byte { binary.BigEndian.PutUint32(b[16:], 1<<30); return b }, true, true},
	} {
		_, found, err := Read(bytes.NewReader(tc.change(valid())))
		if found != tc.found || errors.Is(err, ErrFormat) != tc.bad {
			t.Errorf("%s: found %v, error %v", name, found, err)
		}
	}
}

func TestCreateKeepsExistingFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, 1<<20, nil); !errors.Is(err, os.ErrExist) {
		t.Errorf("Create over a file: %v", err)
	}
	if err := Create(path+"2", 1<<62, nil); err == nil {
		t.Error("Create accepted 4 EiB")
	}
}
