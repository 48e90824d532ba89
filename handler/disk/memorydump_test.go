package disk

import (
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient/nodetest"
)

// A claim for the guest's memory is used as a directory is, and one that the pod has no
// use for keeps no guest from starting.
func TestDumpClaims(t *testing.T) {
	const directory = claimsDir + "/dump"
	for name, c := range map[string]struct {
		files []string
		owned bool
		want  string
	}{
		"new":       {[]string{directory + "/"}, true, directory},
		"in use":    {[]string{directory + "/file"}, false, directory},
		"no claim":  {nil, false, ""},
		"elsewhere": {[]string{"/dev/dump#"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			node := nodetest.New(t)
			launcher, _ := start(t, node, shortTemp(t), "launcher.sock", c.files...)
			vmi := &v1.VirtualMachineInstance{}
			vmi.Spec.Volumes = []v1.Volume{{
				Name: "dump", VolumeSource: v1.VolumeSource{MemoryDump: &v1.MemoryDumpVolumeSource{ClaimName: "claim"}},
			}}
			volumes, err := Resolve(t.Context(), vmi, Pod{UID: podUID, Launcher: launcher, User: launcherUser, Cgroups: node.Cgroups})
			switch {
			case err != nil:
				t.Fatal(err)
			case c.want == "":
				if len(volumes) != 0 {
					t.Errorf("volumes are %v", volumes)
				}
				return
			case len(volumes) != 1 || volumes[0].Path != c.want:
				t.Fatalf("volumes are %v", volumes)
			}
			if owned := ownerOf(t, inside(launcher, directory)) == launcherUser; owned != c.owned {
				t.Errorf("it is the launcher's: %v", owned)
			}
		})
	}
}
