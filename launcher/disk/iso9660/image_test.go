package iso9660

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	reader "github.com/kdomanski/iso9660"
)

var made = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// awkward are names and sizes that have gone wrong somewhere.
func awkward() map[string][]byte {
	files := map[string][]byte{
		"my.long-Config_File.yaml": []byte("long"), "my.long-Config_File.yam": []byte("other"),
		"Case": []byte("upper"), "case": []byte("lower"), ".hidden": []byte("h"), "a.b.c.d": []byte("dots"), "empty": {},
		"sector": bytes.Repeat([]byte("s"), sectorSize), "sector1": bytes.Repeat([]byte("s"), sectorSize+1), "ümläut ☺ 𝄞": []byte("u"),
		"1/2/3/4/5/6/7/8/9/10/deep": []byte("deep"), strings.Repeat("L", 252) + "m": []byte("252m"),
	}
	for i := 100; i <= maxName; i++ { // around what a record has room for
		files[strings.Repeat("L", i)] = []byte(strconv.Itoa(i))
	}
	for i := range 300 { // more than a sector of records, and of path table
		files["many/"+strconv.Itoa(i)+"/a key with spaces.conf"] = []byte(strconv.Itoa(i))
	}
	return files
}

func image(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	data, err := Image("cfgdata", files, made)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRockRidge reads every file back, under its name, with another's reader. That
// confuses the names in a directory of several sectors, so it gets few files at once.
func TestRockRidge(t *testing.T) {
	files := awkward()
	for few := range slices.Chunk(slices.Sorted(maps.Keys(files)), 6) {
		some := map[string][]byte{}
		for _, path := range few {
			some[path] = files[path]
		}
		same(t, readRockRidge(t, image(t, some)), some)
	}
}

func readRockRidge(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	if len(data)%alignment != 0 {
		t.Errorf("%d bytes", len(data))
	}
	opened, err := reader.OpenImage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if label, err := opened.Label(); err != nil || label != "cfgdata" {
		t.Errorf("label %q, %v", label, err)
	}
	root, err := opened.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	read := map[string][]byte{}
	var walk func(string, *reader.File)
	walk = func(path string, file *reader.File) {
		if !file.IsDir() {
			content, err := io.ReadAll(file.Reader())
			if err != nil {
				t.Errorf("%s: %v", path, err)
			}
			read[path] = content
			if file.Mode().Perm() != 0o444 {
				t.Errorf("%s: %v", path, file.Mode())
			}
			return
		}
		children, err := file.GetChildren()
		if err != nil {
			t.Errorf("%s: %v", path, err)
		}
		for _, child := range children {
			walk(strings.TrimPrefix(path+"/"+child.Name(), "/"), child)
		}
	}
	walk("", root)
	return read
}

// TestJoliet reads every file back as Windows does.
func TestJoliet(t *testing.T) {
	files := awkward()
	data := image(t, files)
	descriptor := data[(systemArea+1)*sectorSize:]
	if descriptor[0] != 2 || string(descriptor[88:91]) != "%/E" || text(descriptor[40:54]) != "cfgdata" {
		t.Fatalf("descriptor %q", descriptor[:100])
	}
	read := map[string][]byte{}
	walkRecords(data, descriptor[156:190], "", text, read)
	want := map[string][]byte{}
	for path, content := range files {
		if len(path) <= maxJoliet {
			want[path] = content
		}
	}
	plain := map[string][]byte{}
	walkRecords(data, data[systemArea*sectorSize+156:], "", func(id []byte) string { return string(id) }, plain)
	if len(read) != len(files) || len(plain) != len(files) {
		t.Errorf("%d and %d files, want %d", len(read), len(plain), len(files))
	}
	maps.DeleteFunc(read, func(path string, _ []byte) bool { _, expected := want[path]; return !expected })
	same(t, read, want)
}

func walkRecords(image, record []byte, path string, name func([]byte) string, into map[string][]byte) {
	at, size := binary.LittleEndian.Uint32(record[2:])*sectorSize, binary.LittleEndian.Uint32(record[10:])
	content := image[at : at+size]
	if record[25]&flagDirectory == 0 {
		into[strings.TrimPrefix(path, "/")] = content
		return
	}
	for i, n := 0, 0; i < len(content); n++ {
		length := int(content[i])
		if length == 0 {
			i = (i/sectorSize + 1) * sectorSize
			continue
		}
		if n > 1 { // not itself and its parent
			child := content[i : i+length]
			walkRecords(image, child, path+"/"+name(child[recordHead:recordHead+int(child[32])]), name, into)
		}
		i += length
	}
}

func text(ucs2 []byte) string {
	var units []uint16
	for ; len(ucs2) > 1; ucs2 = ucs2[2:] {
		units = append(units, binary.BigEndian.Uint16(ucs2))
	}
	return string(utf16.Decode(units))
}

func same(t *testing.T, got, want map[string][]byte) {
	t.Helper()
	for path, content := range want {
		if found, there := got[path]; !there || !bytes.Equal(found, content) {
			t.Errorf("%q is %q, want %q (there: %t)", path, found, content, there)
		}
	}
	for path := range got {
		if _, expected := want[path]; !expected {
			t.Errorf("%q is one too many", path)
		}
	}
}

// TestOtherReaders holds images to what xorriso and libarchive make of them, where they
// are installed; TestRockRidge and TestJoliet need nothing.
func TestOtherReaders(t *testing.T) {
	files := awkward()
	dir := t.TempDir()
	path := filepath.Join(dir, "image.iso")
	if err := os.WriteFile(path, image(t, files), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, command := range map[string][]string{
		"xorriso": {"xorriso", "-indev", path, "-osirrox", "on", "-extract", "/", filepath.Join(dir, "xorriso")},
		"bsdtar":  {"bsdtar", "--options", "iso9660:!joliet", "-xf", path, "-C", filepath.Join(dir, "bsdtar")},
	} {
		if _, err := exec.LookPath(name); err != nil {
			t.Log(err)
			continue
		}
		out := filepath.Join(dir, name)
		if err := os.Mkdir(out, 0o700); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, said)
		}
		for path, content := range files {
			if got, err := os.ReadFile(filepath.Join(out, path)); err != nil || !bytes.Equal(got, content) {
				t.Errorf("%s: %s is %q, %v", name, path, got, err)
			}
		}
		_ = exec.Command("chmod", "-R", "u+w", out).Run()
	}
}

func TestRefusals(t *testing.T) {
	for name, files := range map[string]map[string][]byte{
		"outside":                 {"../x": nil},
		"inside and out":          {"a/../../x": nil},
		"absolute":                {"/x": nil},
		"empty":                   {"": nil},
		"no name":                 {"a//b": nil},
		"a directory":             {"a/": nil},
		"too long":                {strings.Repeat("x", maxName+1): nil},
		"a zero":                  {"a\x00b": nil},
		"a file and a directory":  {"a": nil, "a/b": nil},
		"a file below, and a dot": {"a": nil, "a/.": nil},
	} {
		if _, err := Image("l", files, made); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Image(strings.Repeat("l", MaxLabel+1), nil, made); err == nil {
		t.Error("a label that is too long: accepted")
	}
	image(t, nil) // no files is fine
}

// FuzzImage gives images that can be read, or errors.
func FuzzImage(f *testing.F) {
	f.Add("cidata", "user-data", "meta-data", []byte("#cloud-config"))
	f.Add("x", "a/b", "a/c.d.e", []byte{})
	f.Add("x", "a", "a/b", []byte{0})
	f.Add("x", strings.Repeat("é", 126), strings.Repeat("é", 125)+"a", []byte{1})
	f.Fuzz(func(t *testing.T, label, one, two string, content []byte) {
		files := map[string][]byte{one: content, two: []byte("two")}
		data, err := Image(label, files, made)
		if err != nil {
			return
		}
		opened, err := reader.OpenImage(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		at, err := opened.RootDir()
		for _, step := range strings.Split(one, "/") {
			if err != nil {
				t.Fatal(err)
			}
			children, childErr := at.GetChildren()
			found := false
			for _, child := range children {
				if child.Name() == step {
					at, found = child, true
				}
			}
			if childErr != nil || !found {
				t.Fatalf("%q of %q is not there: %v", step, one, childErr)
			}
		}
		if got, err := io.ReadAll(at.Reader()); err != nil || !bytes.Equal(got, files[one]) {
			t.Errorf("%q is %q, %v", one, got, err)
		}
	})
}
