package adm

import (
	"bytes"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	dynamicfake "k8s.io/client-go/dynamic/fake"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func printed(t *testing.T, permitted *v1.PermittedHostDevices) string {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	kubeVirt := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Name: "anything", Namespace: "anywhere"}}
	kubeVirt.Spec.Configuration.PermittedHostDevices = permitted
	var out bytes.Buffer
	if err := printDevices(t.Context(), dynamicfake.NewSimpleDynamicClient(scheme, kubeVirt), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestDevices(t *testing.T) {
	if got := printed(t, nil); !strings.Contains(got, "No devices are permitted") {
		t.Errorf("printed %q", got)
	}
	got := printed(t, &v1.PermittedHostDevices{
		PciHostDevices:  []v1.PciHostDevice{{PciVendorSelector: "10DE:1EB8", ResourceName: "nvidia.com/T4", ExternalResourceProvider: true}},
		MediatedDevices: []v1.MediatedHostDevice{{MdevNameSelector: "GRID T4-1Q", ResourceName: "nvidia.com/GRID_T4-1Q"}},
		USB:             []v1.USBHostDevice{{ResourceName: "example.com/keys", Selectors: []v1.USBSelector{{Vendor: "46f4", Product: "0001"}, {Vendor: "46f4", Product: "0002"}}}},
	})
	want := `TYPE   RESOURCE                SELECTOR              OFFERED BY
pci    nvidia.com/T4           10DE:1EB8             another device plugin
mdev   nvidia.com/GRID_T4-1Q   GRID T4-1Q            virt-handler
usb    example.com/keys        46f4:0001,46f4:0002   virt-handler
`
	if got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}
