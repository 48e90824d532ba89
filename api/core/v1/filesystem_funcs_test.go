package v1

import "testing"

func TestIsReservedPath(t *testing.T) {
	for path, want := range map[string]bool{
		"/": true, "/var": true, "/var/": true, "/run": true, "/var/run": true, "/var/./run": true,
		"/var/run/kubevirt": true, "/run/kubevirt/tmp": true, "/var/run/kubevirt-secrets/x": true,
		"/var/run/kubevirt-private": true, "/var/run/libvirt": true, "/run/libvirt/common": true,
		"/proc": true, "/proc/1/root": true, "/sys": true, "/dev/shm": true, "/opt/../proc": true,
		"/var/running": false, "/var/run/secrets/tokens": false, "/etc": false, "/opt/data": false, "/processed": false,
		"/device": false, "/var/lib": false,
	} {
		if got := IsReservedPath(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
