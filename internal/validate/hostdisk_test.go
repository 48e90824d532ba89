package validate

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func TestHostDiskGate(t *testing.T) {
	volumes := []v1.Volume{{Name: "data", VolumeSource: v1.VolumeSource{HostDisk: &v1.HostDisk{Path: "/data/disk.img", Type: v1.HostDiskTypeDisk}}}}
	kv := &v1.KubeVirt{}
	if errs := hostDisks(field.NewPath("spec"), volumes, clusterconfig.New(kv)); len(errs) != 1 {
		t.Errorf("without the gate: %v", errs)
	}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{FeatureGates: []string{string(clusterconfig.GateHostDisk)}}
	if errs := hostDisks(field.NewPath("spec"), volumes, clusterconfig.New(kv)); len(errs) != 0 {
		t.Errorf("with the gate: %v", errs)
	}
}
