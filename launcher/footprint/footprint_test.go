package footprint

import (
	"encoding/binary"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestPrograms(t *testing.T) {
	const maps = `00400000-00c00000 r-xp 00001000 fe:00 1 /usr/bin/virt-launcher
00c00000-00d00000 r--p 00801000 fe:00 1 /usr/bin/virt-launcher
00d00000-00e00000 rw-p 00901000 fe:00 1 /usr/bin/virt-launcher
00f00000-01000000 r--p 00000000 00:00 0 [vvar]
01000000-01100000 r--p 00000000 00:00 0
`
	got, err := programs(strings.NewReader(maps))
	if err != nil {
		t.Fatal(err)
	}
	if want := []memoryRange{{0x400000, 0xc00000}, {0xc00000, 0xd00000}}; !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// Only pages equal to their file may be dropped.
func TestUnmodified(t *testing.T) {
	const file, copied, absent = pagePresent | pageFromFile, pagePresent, 0
	var entries []byte
	for _, entry := range []uint64{file, file, copied, file, absent, absent, file} {
		entries = binary.NativeEndian.AppendUint64(entries, entry)
	}
	at := func(from, to uintptr) memoryRange {
		return memoryRange{0x400000 + from*pageSize, 0x400000 + to*pageSize}
	}
	got := unmodified(memoryRange{0x400000, 0x400000 + 7*pageSize}, entries)
	if want := []memoryRange{at(0, 2), at(3, 4), at(6, 7)}; !slices.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

// The process goes on as before, with less memory.
func TestTrim(t *testing.T) {
	before := resident(t)
	if err := Trim(); err != nil {
		t.Fatal(err)
	}
	if after := resident(t); after >= before {
		t.Errorf("file pages: %d KiB before, %d after", before, after)
	}
}

func resident(t *testing.T) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if value, found := strings.CutPrefix(line, "RssFile:"); found {
			kib := 0
			for _, digit := range strings.TrimSpace(strings.TrimSuffix(value, "kB")) {
				kib = kib*10 + int(digit-'0')
			}
			return kib
		}
	}
	t.Fatal("no RssFile")
	return 0
}
