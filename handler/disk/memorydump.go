package disk

import (
	"errors"
	"io/fs"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// dumpClaim says where the compute container has the claim for the guest's memory; empty
// where it does not, as it has no use for a device. The guest runs all the same.
func dumpClaim(pod Pod, volume *v1.Volume) (string, error) {
	path, err := sharedClaim(pod, volume)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return path, err
}
