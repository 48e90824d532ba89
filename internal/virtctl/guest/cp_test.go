package guest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"kubevirt.io/kubevirt/internal/virtctl/client"
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

// cluster is a client of a server that keeps one file.
func cluster(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	flags := genericclioptions.NewConfigFlags(true)
	none, namespace := filepath.Join(t.TempDir(), "none"), "default"
	flags.APIServer, flags.KubeConfig, flags.Namespace = &server.URL, nil, &namespace
	t.Setenv("KUBECONFIG", none)
	c, err := client.New(flags)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const filePath = "/apis/subresources.kubevirt.io/v1/namespaces/shop/virtualmachineinstances/myvm/file"

func TestUpload(t *testing.T) {
	for _, size := range []int{0, 5, pieceSize, pieceSize + 1, 2*pieceSize + 7} {
		content := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		var got []byte
		requests := 0
		c := cluster(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPut || r.URL.Path != filePath || r.URL.Query().Get("path") != "/tmp/a b" {
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
		plan, err := CopyOptions{Source: "-", Destination: "vmi/myvm/shop:/tmp/a b", In: bytes.NewReader(content), Err: io.Discard}.Plan()
		if err != nil {
			t.Fatal(err)
		}
		if err := plan.Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if want := max(1, (size+pieceSize-1)/pieceSize); !bytes.Equal(got, content) || requests != want {
			t.Errorf("the guest got %d bytes in %d requests, want %d in %d", len(got), requests, size, want)
		}
	}
}

func TestDownload(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	// What a request brings before it is cut off, and from where on nothing can be read.
	most, end := len(content), len(content)+1
	c := cluster(t, func(w http.ResponseWriter, r *http.Request) {
		offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
		if r.Method != http.MethodGet || r.URL.Path != filePath || offset >= end {
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
		plan, err := CopyOptions{Source: "vmi/myvm/shop:/tmp/file", Destination: destination, Out: out, Err: io.Discard}.Plan()
		if err != nil {
			t.Fatal(err)
		}
		return plan.Run(t.Context(), c)
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
	most, end = 1<<19, 1<<19
	if err := fetch(name, nil); err == nil {
		t.Error("half a file counts as copied")
	}
	holds([]byte("old"))

	end = len(content) + 1
	if err := os.Chmod(name, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := fetch(name, nil); err != nil {
		t.Fatal(err)
	}
	holds(content)
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the mode became %v, %v", info.Mode(), err)
	}
	var out bytes.Buffer
	if err := fetch("-", &out); err != nil || !bytes.Equal(out.Bytes(), content) {
		t.Errorf("printed %d bytes, %v", out.Len(), err)
	}
	if err := fetch(os.DevNull, nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode().IsRegular() {
		t.Fatalf("the device was replaced: %v, %v", info, err)
	}
}

func TestSaveFollowsLinks(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := save(strings.NewReader("new"), link); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "new" {
		t.Errorf("the link's file holds %q, %v", got, err)
	}
}
