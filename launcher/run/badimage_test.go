//go:build process

package run_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// qemuImg makes an image in a container disk's directory, which it returns.
func qemuImg(t *testing.T, options ...string) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(root, "disk", "a.qcow2")
	arguments := append([]string{"create", "-q", "-f", "qcow2"}, options...)
	if out, err := exec.Command("qemu-img", append(arguments, image, "64M")...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v\n%s", err, out)
	}
	for dir := root; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// mangled is a plain image of which a part has been overwritten.
func mangled(t *testing.T, at int, with []byte) string {
	t.Helper()
	root := qemuImg(t)
	path := filepath.Join(root, "disk", "a.qcow2")
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	copy(image[at:], with)
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
	return root
}

// Images that cannot be used, or must not be, end the start with a word that says so.
// Nothing of them is left over: a good one can follow.
func TestBadImages(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, bytes.Repeat([]byte("node's own"), 1<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	linked := t.TempDir()
	if err := os.Symlink("/dev", filepath.Join(linked, "disk")); err != nil {
		t.Fatal(err)
	}
	p := startPod(t, 0)
	for name, tc := range map[string]struct {
		image  string
		reason protocol.Reason
		says   string
	}{
		"backed by a file of the node": {qemuImg(t, "-b", secret, "-F", "raw"), protocol.ReasonInvalidVolume, "backing file"},
		"backed by a server": {
			qemuImg(t, "-u", "-b", `json:{"driver":"nbd","host":"127.0.0.1"}`, "-F", "raw"), protocol.ReasonInvalidVolume, "backing file",
		},
		"data in a file of the node": {
			qemuImg(t, "-o", "data_file="+filepath.Join(t.TempDir(), "data"), "-o", "data_file_raw=on"), protocol.ReasonInvalidVolume, "another file",
		},
		"encrypted": {
			qemuImg(t, "--object", "secret,id=k,data=abcdef", "-o", "encrypt.format=luks,encrypt.key-secret=k,encrypt.iter-time=10"),
			protocol.ReasonInvalidVolume, "encrypted",
		},
		"of a version to come":  {mangled(t, 7, []byte{9}), protocol.ReasonInvalidVolume, "version 9"},
		"with an absurd size":   {mangled(t, 24, bytes.Repeat([]byte{0xff}, 8)), protocol.ReasonInvalidVolume, "impossible size"},
		"with unknown features": {mangled(t, 72, []byte{0x40}), protocol.ReasonStartFailed, "feature"},
		"with a table nowhere":  {mangled(t, 40, []byte{0, 0, 0xff, 0xff, 0xff, 0xff, 0, 1}), protocol.ReasonStartFailed, ""},
		"with absurd clusters":  {mangled(t, 20, []byte{0, 0, 0, 99}), protocol.ReasonStartFailed, "luster"},
		"a link to devices":     {linked, protocol.ReasonInvalidVolume, "/disk"},
	} {
		_, err := p.client.Sync(p.ctx(), p.request(tc.image))
		if err == nil {
			t.Errorf("%s: it is started", name)
			p.signal(protocol.Action_ACTION_KILL)
			return
		}
		if protocol.ReasonOf(err) != tc.reason || !strings.Contains(status.Convert(err).Message(), tc.says) {
			t.Errorf("%s: %v", name, err)
		}
		t.Logf("%s: %s", name, status.Convert(err).Message())
		if err := os.Remove(filepath.Join(p.runDir, "disks", "root.qcow2")); err != nil && !os.IsNotExist(err) {
			t.Log(err)
		}
	}
	p.boot(bootSector)
}
