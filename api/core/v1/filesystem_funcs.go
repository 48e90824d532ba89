package v1

import (
	"path"
	"slices"
	"strings"
)

// MaxFilesystemTag is the length of the longest name by which a guest can mount a filesystem.
const MaxFilesystemTag = 36

// SharesAsFilesystem tells whether a volume is a directory to the guest, and not a disk.
func (s *VirtualMachineInstanceSpec) SharesAsFilesystem(volume string) bool {
	return slices.ContainsFunc(s.Domain.Devices.Filesystems, func(f Filesystem) bool { return f.Name == volume })
}

// IsReadOnlyFilesystem tells whether the guest may only read what the volume shares with it.
func (s *VolumeSource) IsReadOnlyFilesystem() bool { return s.ClaimName() == "" || s.IsReadOnly() }

// reservedPaths of the launcher's container are its own: sockets, secrets and disks, devices, what the kernel shows of
// processes, and the directories above these. Everything below /run/kubevirt* and /run/libvirt* is as well.
var reservedPaths = []string{"/proc", "/sys", "/dev"}

// IsReservedPath tells whether a directory of the launcher's container holds, or lies in, what a guest must not see. The
// path is absolute and without links.
func IsReservedPath(directory string) bool {
	directory = path.Clean(directory)
	if rest, ok := strings.CutPrefix(directory, "/var/run"); ok && (rest == "" || rest[0] == '/') {
		directory = "/run" + rest // a link in the launcher's image
	}
	switch directory {
	case "/", "/var", "/run":
		return true
	}
	return strings.HasPrefix(directory, "/run/kubevirt") || strings.HasPrefix(directory, "/run/libvirt") ||
		slices.ContainsFunc(reservedPaths, func(reserved string) bool {
			return directory == reserved || strings.HasPrefix(directory, reserved+"/")
		})
}
