package vnc

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"kubevirt.io/kubevirt/test/fakeapi"
)

// TestScreenshotThroughLink stands for all that is not to be replaced by a picture.
func TestScreenshotThroughLink(t *testing.T) {
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/vnc/screenshot"): func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "picture") },
	})
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := Screenshot(t.Context(), c, ScreenshotOptions{Name: "web", File: link}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "picture" || info.Mode().Perm() != 0o600 {
		t.Errorf("the link's file holds %q with mode %v, %v", got, info.Mode(), err)
	}
}
