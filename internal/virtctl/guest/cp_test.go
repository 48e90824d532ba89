package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

func TestPlan(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "app.conf")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		source, destination string
		// want is guest, namespace, path in the guest and local path, or part of the error.
		want string
	}{
		{"myvm:/etc/hosts", "hosts", "myvm//etc/hosts hosts"},
		{"myvm:/etc/hosts", "-", "myvm//etc/hosts -"},
		{"myvm:/etc/hosts", dir, "myvm//etc/hosts " + dir + "/hosts"},
		{`myvm:C:\log.txt`, dir, `myvm/C:\log.txt ` + dir + "/log.txt"},
		{"vmi/myvm/shop:/etc/hosts", "hosts", "myvm/shop/etc/hosts hosts"},
		{file, "myvm:/etc/app/", "myvm//etc/app/app.conf " + file},
		{file, "vm/myvm:/etc/other", "myvm//etc/other " + file},
		{"-", "myvm:/etc/hosts", "myvm//etc/hosts -"},
		{"-", "myvm:/etc/", "name the file too"},
		{"a", "b", "names a guest"},
		{"./a:b", "c", "names a guest"},
		{"a:/b", "c:/d", "both sides are guests"},
		{dir, "myvm:/tmp", "virtctl scp --recursive"},
		{"myvm:/etc/", dir, "virtctl scp --recursive"},
		{"myvm:", dir, "does not name a file"},
		{"myvm:", "-", "which file of myvm"},
		{file, "myvm:", "which file of myvm"},
		{"nothing", "myvm:/x", "no such file"},
		{"myvm:/etc/hosts", dir + "/missing/", "there is no directory"},
	} {
		plan, err := CopyOptions{Source: tc.source, Destination: tc.destination}.Plan()
		got := fmt.Sprint(err)
		if err == nil {
			got = plan.name + "/" + plan.namespace + plan.inGuest + " " + plan.local
		}
		if err == nil && got != tc.want || !strings.Contains(got, tc.want) {
			t.Errorf("%s %s: got %s, want %s", tc.source, tc.destination, got, tc.want)
		}
	}
}

// file serves one file of a guest.
func file(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{fakeapi.Instance("myvm", "/file"): handler}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run copies and returns what was noted besides.
func run(t *testing.T, c *client.Client, o CopyOptions) (string, error) {
	t.Helper()
	var notes bytes.Buffer
	o.Err = &notes
	plan, err := o.Plan()
	if err != nil {
		t.Fatal(err)
	}
	err = plan.Run(t.Context(), c)
	return notes.String(), err
}

func TestUpload(t *testing.T) {
	for _, size := range []int{0, 5, pieceSize, pieceSize + 1, 2*pieceSize + 7} {
		content := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		var got []byte
		requests := 0
		c := file(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut || r.URL.Query().Get("path") != "/tmp/a b" {
				http.Error(w, r.Method+" "+r.URL.String(), http.StatusNotFound)
				return
			}
			if offset, _ := strconv.Atoi(r.URL.Query().Get("offset")); offset != len(got) {
				http.Error(w, "wrong offset", http.StatusBadRequest)
				return
			}
			piece, _ := io.ReadAll(r.Body)
			got = append(got, piece...)
			requests++
		})
		notes, err := run(t, c, CopyOptions{Source: "-", Destination: "vmi/myvm/shop:/tmp/a b", In: bytes.NewReader(content)})
		if err != nil || notes != "" {
			t.Fatal(notes, err)
		}
		if want := max(1, (size+pieceSize-1)/pieceSize); !bytes.Equal(got, content) || requests != want {
			t.Errorf("the guest got %d bytes in %d requests, want %d in %d", len(got), requests, size, want)
		}
	}
}

// TestUploadFails wants to be told what the guest's file is now.
func TestUploadFails(t *testing.T) {
	name := filepath.Join(t.TempDir(), "local")
	content := bytes.Repeat([]byte("x"), pieceSize+1)
	for _, tc := range []struct {
		name string
		// change the local file when a request comes.
		change     func(offset string) error
		note, want string
	}{
		{"all of it", func(string) error { return nil }, "", ""},
		{"refused", func(string) error { return errors.New("full") }, "may be empty or cut short", "writing /tmp/a"},
		{"refused later", func(offset string) error {
			if offset != "" {
				return errors.New("full")
			}
			return nil
		}, "holds the first 8388608 bytes", "writing /tmp/a"},
		{"grows", func(string) error { return os.WriteFile(name, append(content, content...), 0o600) }, "", errChanged.Error()},
		{"shrinks", func(string) error { return os.Truncate(name, 5) }, "", errChanged.Error()},
		{"becomes another", func(string) error { return os.Chtimes(name, time.Time{}, time.Unix(1, 0)) }, "", errChanged.Error()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
			c := file(t, func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				if err := tc.change(r.URL.Query().Get("offset")); err != nil {
					fakeapi.Refuse(w, apierrors.NewInternalError(err))
				}
			})
			note, err := run(t, c, CopyOptions{Source: name, Destination: "myvm:/tmp/a"})
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if !strings.Contains(note, tc.note) || tc.note == "" && note != "" {
				t.Errorf("noted %q, want %q", note, tc.note)
			}
		})
	}
}

func TestDownload(t *testing.T) {
	content := make([]byte, 1<<20)
	for i := range content {
		content[i] = byte(i >> 8 * (i & 1))
	}
	// What a request brings before it is cut off, and from where on nothing can be read.
	most, end := len(content), len(content)+1
	c := file(t, func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		if r.Method != http.MethodGet || offset >= end {
			http.Error(w, r.Method+" "+r.URL.String(), http.StatusNotFound)
			return
		}
		rest := content[offset:]
		_, _ = w.Write(rest[:min(most, len(rest))])
		if most < len(rest) {
			panic(http.ErrAbortHandler)
		}
	})
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	fetch := func(destination string, out io.Writer) error {
		t.Helper()
		_, err := run(t, c, CopyOptions{Source: "vmi/myvm/shop:/tmp/file", Destination: destination, Out: out})
		return err
	}
	holds := func(want []byte) {
		t.Helper()
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("the file holds %d bytes, %v; want %d", len(got), err, len(want))
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 1 {
			t.Errorf("left over: %v", entries)
		}
	}
	if err := fetch(dir, nil); err != nil {
		t.Fatal(err)
	}
	holds(content)

	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	most, end = 1<<19, 1
	if err := fetch(name, nil); err == nil {
		t.Error("half a file counts as copied")
	}
	holds([]byte("old"))

	end = len(content) + 1
	if err := fetch(name, nil); err != nil {
		t.Fatal(err)
	}
	holds(content)
	var out bytes.Buffer
	if err := fetch("-", &out); err != nil || !bytes.Equal(out.Bytes(), content) {
		t.Errorf("printed %d bytes, %v", out.Len(), err)
	}
}

// TestDownloadOfTwoVersions cuts a copy off in the middle of a file, of which there is
// another version when the copy goes on.
func TestDownloadOfTwoVersions(t *testing.T) {
	old := bytes.Repeat([]byte("0123456789"), 30_000)
	half := len(old) / 2
	for name, tc := range map[string]struct {
		now  []byte
		fine bool
	}{
		"the same":        {old, true},
		"grown":           {append(bytes.Clone(old), "more"...), true},
		"ends at the cut": {old[:half], true},
		"other content":   {bytes.Repeat([]byte("9876543210"), 30_000), false},
		"shorter":         {old[:half-1], false},
		"empty":           {nil, false},
		"much shorter":    {old[:5], false},
	} {
		t.Run(name, func(t *testing.T) {
			requests := 0
			c := file(t, func(w http.ResponseWriter, r *http.Request) {
				if requests++; requests == 1 {
					_, _ = w.Write(old[:half])
					panic(http.ErrAbortHandler)
				}
				offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
				_, _ = w.Write(tc.now[min(offset, len(tc.now)):])
			})
			destination := filepath.Join(t.TempDir(), "file")
			_, err := run(t, c, CopyOptions{Source: "myvm:/tmp/file", Destination: destination})
			got, _ := os.ReadFile(destination)
			if tc.fine && (err != nil || !bytes.Equal(got, tc.now)) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
			if !tc.fine && (!errors.Is(err, errChanged) || got != nil) {
				t.Errorf("kept %d bytes, %v; want that the file has changed", len(got), err)
			}
		})
	}
}
