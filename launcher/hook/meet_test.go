package hook

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// What was a socket when it was looked for may be something else when it is opened.
func TestDialFollowsNoLink(t *testing.T) {
	dir, err := os.MkdirTemp("", "hooks") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket, link, file := filepath.Join(dir, "s"), filepath.Join(dir, "link"), filepath.Join(dir, "file")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if err := os.Symlink(socket, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, works := range map[string]bool{socket: true, link: false, file: false, filepath.Join(dir, "none"): false} {
		connection, err := dial(t.Context(), path)
		if (err == nil) != works {
			t.Errorf("%s: %v", filepath.Base(path), err)
		}
		if err == nil {
			_ = connection.Close()
		}
	}
}
