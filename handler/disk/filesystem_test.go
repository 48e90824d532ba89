package disk

import (
	"strings"
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
)

// A claim that the guest sees as a directory is left as it is, unless it is new.
func TestSharedClaims(t *testing.T) {
	const directory = claimsDir + "/data"
	for name, c := range map[string]struct {
		files      []string
		readOnly   bool
		owned, err string
	}{
		"new":           {files: []string{directory + "/"}, owned: directory},
		"newly made":    {files: []string{directory + "/lost+found/"}, owned: directory},
		"new, readOnly": {files: []string{directory + "/"}, readOnly: true},
		"in use":        {files: []string{directory + "/file"}},
		"a disk's":      {files: []string{directory + "/" + claimImage}},
		"a device":      {files: []string{"/dev/data#"}, err: "has to be a filesystem"},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.New(t)
			launcher, _ := start(t, node, shortTemp(t), "launcher.sock", c.files...)
			vmi := withClaim("data", c.readOnly)
			vmi.Spec.Domain.Devices.Filesystems = []v1.Filesystem{{Name: "data"}}
			volumes, err := Resolve(t.Context(), vmi, Pod{UID: podUID, Launcher: launcher, User: launcherUser, Cgroups: node.Cgroups})
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error is %v, want %q", err, c.err)
				}
				return
			}
			if err != nil || len(volumes) != 1 || volumes[0].Path != directory {
				t.Fatalf("volumes are %v, error %v", volumes, err)
			}
			for _, file := range append(c.files, directory+"/") {
				file, _, _ = strings.Cut(strings.TrimSuffix(file, "/"), "->")
				if owned := ownerOf(t, inside(launcher, file)) == launcherUser; owned != (file == c.owned) {
					t.Errorf("%s is the launcher's: %v", file, owned)
				}
			}
		})
	}
}
