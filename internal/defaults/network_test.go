package defaults

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func TestAutoattachPodInterface(t *testing.T) {
	yes, no := true, false
	for attach, want := range map[*bool]int{nil: 1, &yes: 1, &no: 0} {
		vmi := &v1.VirtualMachineInstance{}
		vmi.Spec.Domain.Devices.AutoattachPodInterface = attach
		VirtualMachineInstance(vmi, clusterconfig.New(nil), metav1.Time{}, newUUID)
		if networks, interfaces := vmi.Spec.Networks, vmi.Spec.Domain.Devices.Interfaces; len(networks) != want || len(interfaces) != want {
			t.Errorf("%d networks, %d interfaces, want %d", len(networks), len(interfaces), want)
		}
	}
}
