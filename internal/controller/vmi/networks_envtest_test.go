//go:build envtest

package vmi

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// define makes a NetworkAttachmentDefinition in the instance's namespace.
func (s *suite) define(name, resource string) {
	s.Helper()
	definition := &unstructured.Unstructured{}
	definition.SetGroupVersionKind(definitionKind)
	definition.SetNamespace(s.key.Namespace)
	definition.SetName(name)
	definition.SetAnnotations(map[string]string{v1.AnnotationNetworkResourceName: resource})
	if err := cluster.Client.Create(s.ctx, definition); err != nil {
		s.Fatalf("defining network %s: %v", name, err)
	}
}

// kubeVirt is the object with a configuration.
func kubeVirt(configuration v1.KubeVirtConfiguration) *v1.KubeVirt {
	return &v1.KubeVirt{Spec: v1.KubeVirtSpec{Configuration: configuration}}
}

// injecting is a cluster where nobody else adds to pods what their networks take.
func injecting() *v1.KubeVirt {
	return kubeVirt(v1.KubeVirtConfiguration{DeveloperConfiguration: &v1.DeveloperConfiguration{
		DisabledFeatureGates: []string{"ExternalNetResourceInjection"},
	}})
}

// Whoever injects the devices reads the definitions; this controller has no right to.
func TestNetworksAreNotRead(t *testing.T) {
	s := newSuite(t, builder.Multus("blue", "my-net"))
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	pod := s.pod()
	if !strings.Contains(pod.Annotations[v1.AnnotationMultusNetworks], `"name":"my-net"`) {
		t.Errorf("annotations %v", pod.Annotations)
	}
}

// Without Multus a pod would start without the network, so that there is none.
func TestNetworksNotAvailable(t *testing.T) {
	s := newSuite(t, builder.Multus("blue", "my-net"))
	s.kubevirt = injecting()
	if result := s.reconcile("PATCH vmi"); result.RequeueAfter != definitionWait {
		t.Errorf("again after %v", result.RequeueAfter)
	}
	s.wantCondition(v1.ConditionSynchronized, "False FailedCreate")
	s.wantEvents("Warning FailedCreate")
	if c := s.vmi().Condition(v1.ConditionSynchronized); !strings.Contains(c.Message, "/my-net") || !strings.Contains(c.Message, "Multus") {
		t.Errorf("message %q", c.Message)
	}
}

func TestNetworkMissing(t *testing.T) {
	cluster.InstallNetworks(t)
	s := newSuite(t, builder.Multus("blue", "my-net"))
	s.kubevirt = injecting()
	s.reconcile("PATCH vmi")
	s.wantPhase(v1.VMIPhasePending)
	s.wantCondition(v1.ConditionSynchronized, "False FailedCreate")
	s.wantEvents("Warning FailedCreate")
	s.reconcile()
	s.wantEvents()
	s.define("my-net", "example.com/port")
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	pod := s.pod()
	if !strings.Contains(pod.Annotations[v1.AnnotationMultusNetworks], `"name":"my-net"`) {
		t.Errorf("annotations %v", pod.Annotations)
	}
	if _, asked := pod.Spec.Containers[0].Resources.Limits["example.com/port"]; !asked {
		t.Error("the pod does not ask for the network's device")
	}
}

func TestDeletedWhileTheNetworkIsMissing(t *testing.T) {
	s := newSuite(t, builder.Multus("blue", "my-net"))
	s.kubevirt = injecting()
	s.reconcile("PATCH vmi")
	s.delete(s.vmi())
	s.reconcile("PATCH vmi")
	if !s.gone() {
		t.Error("the instance is still there")
	}
}

func TestNetworkDevices(t *testing.T) {
	cluster.InstallNetworks(t)
	s := newSuite(t, builder.Multus("blue", "ports"), builder.Multus("red", "ports"))
	s.kubevirt = injecting()
	s.define("ports", "example.com/port")
	s.reconcile("POST pod", "PATCH vmi")
	resources := s.pod().Spec.Containers[0].Resources
	limit, request := resources.Limits["example.com/port"], resources.Requests["example.com/port"]
	if limit.Value() != 2 || request.Value() != 2 {
		t.Errorf("%v ports, %v requested, want 2", limit.Value(), request.Value())
	}
}

// A network of a name that is no resource would be taken for the guest's own needs.
func TestNetworkDeviceThatIsNone(t *testing.T) {
	cluster.InstallNetworks(t)
	s := newSuite(t, builder.Multus("blue", "ports"))
	s.kubevirt = injecting()
	s.define("ports", "memory")
	if _, err := s.tryReconcile(); err == nil {
		t.Error("want an error")
	}
	s.wantCondition(v1.ConditionSynchronized, "False FailedCreate")
	if len(s.pods()) > 0 {
		t.Error("there is a pod")
	}
}

// What multus says of a network's device reaches the sidecar of its binding, once.
func TestNetworkInfo(t *testing.T) {
	cluster.InstallNetworks(t)
	kv := kubeVirt(v1.KubeVirtConfiguration{Network: &v1.NetworkConfiguration{
		Binding: map[string]v1.InterfaceBindingPlugin{"vhost": {SidecarImage: "vhost:1", DownwardAPI: v1.NetworkBindingDownwardAPITypeDeviceInfo}},
	}})
	cluster.Configure(t, kv)
	s := newSuite(t, builder.Multus("blue", "ports"), builder.BoundBy("vhost"))
	s.kubevirt = kv
	s.define("ports", "")
	s.reconcile("POST pod", "PATCH vmi")
	s.reconcile()
	pod := s.pod()
	pod.Annotations[v1.AnnotationMultusStatus] = `[{"name": "cni", "interface": "eth0", "default": true},
		{"name": "ns/ports", "interface": "pod16477688c0e", "mac": "02:00:00:00:00:01", "device-info": {"type": "vhost-user"}}]`
	if err := cluster.Client.Update(s.ctx, pod); err != nil {
		t.Fatal(err)
	}
	before := s.pods()
	s.reconcile("PATCH pod")
	want := `{"interfaces":[{"network":"blue","deviceInfo":{"type":"vhost-user"},"mac":"02:00:00:00:00:01"}]}`
	if got := s.pod().Annotations[v1.AnnotationNetworkInfo]; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	fresh := s.r.Client
	s.r.Client = lingering{fresh, before}
	s.reconcile()
	before[0].UID = "of-another-pod"
	if _, err := s.tryReconcile(); err == nil {
		t.Error("another pod of the same name has been told")
	}
	s.wantWrites("PATCH pod failed", "PATCH vmi")
	s.r.Client = fresh
	var told *corev1.VolumeMount
	for _, sidecar := range s.pod().Spec.InitContainers {
		for i := range sidecar.VolumeMounts {
			if sidecar.VolumeMounts[i].MountPath == "/etc/podinfo" {
				told = &sidecar.VolumeMounts[i]
			}
		}
	}
	if told == nil {
		t.Error("the sidecar cannot read it")
	}
}
