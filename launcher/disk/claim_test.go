package disk

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSizes(t *testing.T) {
	for name, c := range map[string]struct{ free, limit, want int64 }{
		"the claim is less than what is free":  {1 << 40, 1 << 30, 1 << 30},
		"the filesystem takes its share":       {900 << 20, 1 << 30, 899 << 20},
		"nobody knows the claim":               {900<<20 + claimReserve, 0, 900 << 20},
		"the claim is no multiple":             {1 << 40, 1<<30 + 5, 1 << 30},
		"a large one among what claims share":  {1 << 50, 1 << 42, 1 << 42},
		"nothing is free":                      {0, 1 << 30, 0},
		"less is free than is to be left free": {claimReserve - 1, 0, 0},
	} {
		if got, least := (Room{}).sizes(c.free, c.limit); got != c.want || least != 0 {
			t.Errorf("%s: %d, at least %d, want %d", name, got, least, c.want)
		}
	}
}

func TestRoom(t *testing.T) {
	for name, c := range map[string]struct {
		room                     Room
		free, limit, size, least int64
	}{
		"enough":                {Room{TolerancePercent: 10}, 1 << 40, 1 << 30, 1 << 30, 921 << 20},
		"less than is reserved": {Room{Reserve: 900 << 20}, 1 << 30, 1 << 30, 124 << 20, 0},
		"nobody knows":          {Room{TolerancePercent: 10}, 1 << 30, 0, 1023 << 20, 0},
		"all is tolerated":      {Room{TolerancePercent: 100}, 5 << 20, 1 << 30, 4 << 20, 0},
		"a large claim":         {Room{TolerancePercent: 1}, 1 << 50, 1 << 62, 1<<50 - 1<<20, (1 << 62 / 100 * 99) >> 20 << 20},
	} {
		if size, least := c.room.sizes(c.free, c.limit); size != c.size || least != c.least {
			t.Errorf("%s: %d, at least %d, want %d, %d", name, size, least, c.size, c.least)
		}
	}
}

// A claim that is far larger than what its file system has free gets an image only
// where that is tolerated.
func TestClaimWithLessRoom(t *testing.T) {
	const limit = 1 << 60
	dir := t.TempDir()
	_, err := Claim(dir, false, limit, Room{TolerancePercent: 10})
	if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "pvcTolerateLessSpaceUpToPercent") {
		t.Errorf("error is %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("%v is left", entries)
	}
	if _, err := Claim(dir, false, limit, Room{TolerancePercent: 100}); err != nil {
		t.Skipf("no file system for such files: %v", err)
	}
}

func TestClaim(t *testing.T) {
	const limit = 8 << 20
	data := strings.Repeat("the guest's data", sector/16)
	for name, c := range map[string]struct {
		files    map[string]string
		readOnly bool
		size     uint64
		err      string
	}{
		"an empty filesystem":             {size: limit},
		"with an image":                   {files: map[string]string{claimImage: data}, size: sector},
		"with an image that is not sized": {files: map[string]string{claimImage: ""}, size: limit},
		"read-only, with an image":        {files: map[string]string{claimImage: data}, readOnly: true, size: sector},
		"read-only, with a ragged image":  {files: map[string]string{claimImage: "the guest's data"}, readOnly: true, size: 16},
		"with a ragged image":             {files: map[string]string{claimImage: "the guest's data"}, err: "multiple of 512: let it grow to 512"},
		"read-only and empty":             {readOnly: true, err: "read-only and holds no disk.img"},
		"read-only, not sized":            {files: map[string]string{claimImage: ""}, readOnly: true, err: "disk.img is empty"},
		"with a link": {
			files: map[string]string{claimImage: "-> other", "other": "secret"}, err: "not a regular file",
		},
		"with a link to nowhere": {files: map[string]string{claimImage: "-> other"}, err: "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := image(t, c.files)
			for range 2 { // a second time must change nothing
				got, err := Claim(dir, c.readOnly, limit, Room{})
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
	dir := image(t, map[string]string{claimImage: "QFI\xfb\x00\x00\x00\x03" + strings.Repeat("\x00", sector-8)})
	got, err := Claim(dir, false, 1<<20, Room{})
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
		if _, err := Claim(path, false, 0, Room{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := Claim(file+"/nowhere", false, 0, Room{}); err == nil || errors.Is(err, ErrInvalid) {
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
	got, err := Claim(node, false, 1<<20, Room{})
	if want := (Image{Path: node, Format: FormatRaw, Block: true}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Whatever else has the image's name is refused and stays as it is.
func TestClaimWithoutAFile(t *testing.T) {
	for name, put := range map[string]func(path string) error{
		"directory": func(path string) error { return os.Mkdir(path, 0o755) },
		"fifo":      func(path string) error { return syscall.Mkfifo(path, 0o644) },
	} {
		dir := t.TempDir()
		if err := put(filepath.Join(dir, claimImage)); err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{false, true} {
			if _, err := Claim(dir, readOnly, 0, Room{}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "not a regular file") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestFits(t *testing.T) {
	var found syscall.Statfs_t
	dir := t.TempDir()
	if err := syscall.Statfs(dir, &found); err != nil {
		t.Fatal(err)
	}
	whole := found.Blocks * uint64(found.Bsize)
	for name, c := range map[string]struct {
		size  uint64
		limit int64
		fits  bool
	}{
		"into what claims share":       {size: whole, limit: 1 << 20, fits: true},
		"into the claim":               {size: whole + 1, limit: int64(whole + 1), fits: true},
		"into neither":                 {size: whole + 2, limit: int64(whole + 1)},
		"nobody knows the claim":       {size: whole + 1},
		"nobody knows, and it is less": {size: 1 << 20, fits: true},
	} {
		if err := fits(dir, c.size, c.limit); (err == nil) != c.fits || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An image that its claim cannot hold is refused, and nothing of it is cut off.
func TestClaimTooSmall(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, claimImage)
	if err := os.WriteFile(path, []byte("begin"), 0o600); err != nil {
		t.Fatal(err)
	}
	const size = 8 << 40 // a hole
	if err := os.Truncate(path, size); err != nil {
		t.Skipf("no file system for such files: %v", err)
	}
	if _, err := Claim(dir, false, 1<<20, Room{}); !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "let the claim grow") {
		t.Errorf("error is %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != size {
		t.Errorf("the image is %v, %v", info, err)
	}
	if _, err := Claim(dir, true, 1<<20, Room{}); err != nil {
		t.Errorf("read-only: %v", err)
	}
}

// What somebody else makes at the same time is kept, whatever was seen before.
func TestClaimMadeMeanwhile(t *testing.T) {
	for name, f := range map[string]func(string, int64, Room) error{"made": makeImage, "sized": growImage} {
		path := filepath.Join(t.TempDir(), claimImage)
		data := strings.Repeat("the guest's data", 1<<17)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f(path, 1<<20, Room{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if found, err := os.ReadFile(path); err != nil || string(found) != data {
			t.Errorf("%s: %d bytes are left, %v", name, len(found), err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) != 1 {
			t.Errorf("%s: left behind: %v", name, entries)
		}
	}
}

func TestPutInPlace(t *testing.T) {
	noLinks := func(string, string) error { return &os.LinkError{Op: "link", Err: syscall.EPERM} }
	for name, link := range map[string]func(string, string) error{"links": os.Link, "no links": noLinks} {
		dir := image(t, map[string]string{"made": "image"})
		made, path := filepath.Join(dir, "made"), filepath.Join(dir, claimImage)
		if err := putInPlace(made, path, link); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Claim(dir, false, 1<<20, Room{}); name == "no links" && err != nil {
			t.Errorf("%s: it does not grow: %v", name, err)
		}
		if err := os.WriteFile(path, []byte("theirs"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := putInPlace(made, path, link); err != nil {
			t.Errorf("%s, again: %v", name, err)
		}
		if content, _ := os.ReadFile(path); string(content) != "theirs" {
			t.Errorf("%s: it holds %q", name, content)
		}
	}
}

// Guests that share a claim make its image at the same time, and have the same one.
func TestClaimOfSeveral(t *testing.T) {
	dir := t.TempDir()
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			image, err := Claim(dir, false, int64(1+i)<<20, Room{})
			if err != nil {
				t.Error(err)
				return
			}
			if info, err := os.Stat(image.Path); err != nil || uint64(info.Size()) != image.Size {
				t.Errorf("told of %d bytes: %v, %v", image.Size, info, err)
			}
		})
	}
	wait.Wait()
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

// Of a claim with somebody else's files the problem is named.
func TestClaimOfSomebodyElse(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("becoming another user needs root")
	}
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with this goroutine
		if _, err := unix.SetfsuidRetUid(12345); err != nil {
			result <- err
			return
		}
		_, err := Claim(dir, false, 1<<20, Room{})
		result <- err
	}()
	if err := <-result; err == nil || errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), "may not make one there") {
		t.Errorf("error is %v", err)
	}
}

func TestBlockUnit(t *testing.T) {
	if got := BlockUnit(&unix.Statfs_t{Bsize: 1 << 20, Frsize: 4096}); got != 4096 {
		t.Errorf("of a network's: %d", got)
	}
	if got := BlockUnit(&unix.Statfs_t{Bsize: 4096}); got != 4096 {
		t.Errorf("of an old one's: %d", got)
	}
}

func TestEphemeral(t *testing.T) {
	claim, dir := image(t, map[string]string{claimImage: strings.Repeat("x", 700)}), t.TempDir()
	for range 2 {
		overlay, base, err := Ephemeral(dir, "root", claim)
		if err != nil {
			t.Fatal(err)
		}
		if want := (Image{Path: filepath.Join(dir, "root.qcow2"), Format: FormatQcow2, Size: 1024}); overlay != want {
			t.Errorf("overlay %+v", overlay)
		}
		if want := (Image{Path: filepath.Join(claim, claimImage), Format: FormatRaw, Size: 1024}); base != want {
			t.Errorf("base %+v", base)
		}
	}
	if info, err := os.Stat(filepath.Join(claim, claimImage)); err != nil || info.Size() != 700 {
		t.Errorf("the claim's image is %v, %v", info, err)
	}
	if _, _, err := Ephemeral(dir, "other", image(t, nil)); !errors.Is(err, ErrInvalid) {
		t.Errorf("an empty claim: %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestHostDisk(t *testing.T) {
	dir := image(t, map[string]string{
		"disk.img": strings.Repeat("x", sector), "ragged.img": "x", "empty.img": "", "qcow2.img": "QFI\xfb" + strings.Repeat("\x00", sector-4),
		"link.img": "-> disk.img",
	})
	for name, c := range map[string]struct {
		readOnly bool
		err      string
	}{
		"disk.img": {}, "qcow2.img": {}, "ragged.img": {err: "multiple of 512"}, "empty.img": {err: "is empty"},
		"link.img": {err: "not a regular file"},
	} {
		got, err := HostDisk(filepath.Join(dir, name), c.readOnly)
		if c.err != "" {
			if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v", name, err)
			}
		} else if want := (Image{Path: filepath.Join(dir, name), Format: FormatRaw, Size: sector}); err != nil || got != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := HostDisk(filepath.Join(dir, "ragged.img"), true); err != nil {
		t.Errorf("read-only: %v", err)
	}
	if _, err := HostDisk(filepath.Join(dir, "none"), false); err == nil || errors.Is(err, ErrInvalid) {
		t.Errorf("nowhere: %v", err)
	}
}
