package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestSizeFor(t *testing.T) {
	for name, c := range map[string]struct{ free, limit, want int64 }{
		"the claim is less than what is free":  {1 << 40, 1 << 30, 1 << 30},
		"the filesystem takes its share":       {900 << 20, 1 << 30, 899 << 20},
		"nobody knows the claim":               {900<<20 + claimReserve, 0, 900 << 20},
		"the claim is no multiple":             {1 << 40, 1<<30 + 5, 1 << 30},
		"a large one among what claims share":  {1 << 50, 1 << 42, 1 << 42},
		"nothing is free":                      {0, 1 << 30, 0},
		"less is free than is to be left free": {claimReserve - 1, 0, 0},
	} {
		if got := sizeFor(c.free, c.limit); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestClaim(t *testing.T) {
	const limit = 8 << 20
	for name, c := range map[string]struct {
		files    map[string]string
		readOnly bool
		size     uint64
		err      string
	}{
		"an empty filesystem":             {size: limit},
		"with an image":                   {files: map[string]string{claimImage: "the guest's data"}, size: 16},
		"with an image that is not sized": {files: map[string]string{claimImage: ""}, size: limit},
		"read-only, with an image":        {files: map[string]string{claimImage: "the guest's data"}, readOnly: true, size: 16},
		"read-only and empty":             {readOnly: true, err: "read-only and holds no disk.img"},
		"with a link": {
			files: map[string]string{claimImage: "-> other", "other": "secret"}, err: "not a regular file",
		},
		"with a link to nowhere": {files: map[string]string{claimImage: "-> other"}, err: "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := image(t, c.files)
			for range 2 { // a second time must change nothing
				got, err := Claim(dir, c.readOnly, limit)
				if c.err != "" {
					if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.err) {
						t.Errorf("error is %v, want %q", err, c.err)
					}
					continue
				}
				want := Image{Path: filepath.Join(dir, claimImage), Format: FormatRaw, Size: c.size}
				if err != nil || got != want {
					t.Fatalf("got %+v, %v", got, err)
				}
				info, err := os.Stat(got.Path)
				if err != nil || info.Size() != int64(c.size) {
					t.Errorf("the file is %v, %v", info, err)
				}
				if content := c.files[claimImage]; content != "" {
					if data, err := os.ReadFile(got.Path); err != nil || string(data) != content {
						t.Errorf("the file holds %q, %v", data, err)
					}
				} else if blocks := info.Sys().(*syscall.Stat_t).Blocks; blocks*512 > 1<<20 {
					t.Errorf("the file takes %d bytes", blocks*512)
				}
			}
		})
	}
}

// A qcow2 header in a claim is the guest's own data: nothing that it names is opened.
func TestClaimIsRawWhateverItHolds(t *testing.T) {
	dir := image(t, map[string]string{claimImage: "QFI\xfb\x00\x00\x00\x03"})
	got, err := Claim(dir, false, 1<<20)
	if err != nil || got.Format != FormatRaw {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestClaimThatIsNone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, "/dev/null"} {
		if _, err := Claim(path, false, 0); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Claim(file+"/nowhere", false, 0); err == nil || errors.Is(err, ErrInvalid) {
		t.Errorf("nowhere: %v", err)
	}
}

func TestClaimOfBlocks(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making devices needs root")
	}
	node := filepath.Join(t.TempDir(), "device")
	if err := syscall.Mknod(node, syscall.S_IFBLK|0o600, 7<<8); err != nil {
		t.Skipf("making a device: %v", err)
	}
	got, err := Claim(node, false, 1<<20)
	if want := (Image{Path: node, Format: FormatRaw, Block: true}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}
