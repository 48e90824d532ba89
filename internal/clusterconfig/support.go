package clusterconfig

import (
	"math"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// DiskSpace is about images that are made where there is less room than asked for.
type DiskSpace struct {
	// TolerancePercent is by how much an image may be smaller.
	TolerancePercent int
	// Reserve is what is left free beside it, in bytes.
	Reserve int64
}

func diskSpace(developer *v1.DeveloperConfiguration) DiskSpace {
	return DiskSpace{
		TolerancePercent: firstNonZero(developer.PVCTolerateLessSpaceUpToPercent, 10),
		Reserve:          int64(min(firstNonZero(developer.MinimumReservePVCBytes, 128<<10), math.MaxInt64)), //nolint:gosec // bounded
	}
}

// helperResources reads the containers' resources by their kind.
func helperResources(configured []v1.SupportContainerResources) map[v1.SupportContainerType]v1.ResourceRequirementsWithoutClaims {
	resources := make(map[v1.SupportContainerType]v1.ResourceRequirementsWithoutClaims, len(configured))
	for i := range configured {
		resources[configured[i].Type] = configured[i].Resources
	}
	return resources
}
