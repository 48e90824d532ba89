package launcherpod

import (
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

const mebi = 1 << 20

// MemoryOverhead is the memory that running an instance takes beyond its guest's own.
func MemoryOverhead(vmi *v1.VirtualMachineInstance, cfg *clusterconfig.Config) resource.Quantity {
	return *resource.NewQuantity(100*mebi, resource.BinarySI)
}
