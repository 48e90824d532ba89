package launcherpod

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func TestLimitCPU(t *testing.T) {
	for domain, want := range map[string]string{
		`{}`:                            "1",
		`{cpu: {sockets: 2, cores: 3}}`: "6",
		`{cpu: {cores: 2}, resources: {requests: {cpu: 2500m}}}`: "2500m",
		`{cpu: {cores: 2}, resources: {limits: {cpu: 500m}}}`:    "500m",
	} {
		vmi := &v1.VirtualMachineInstance{}
		if err := yaml.UnmarshalStrict([]byte(domain), &vmi.Spec.Domain); err != nil {
			t.Fatal(err)
		}
		pod, err := Render(vmi, clusterconfig.New(nil), Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		LimitCPU(pod, vmi)
		limit := pod.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU]
		if limit.String() != want {
			t.Errorf("%s: limited to %s, want %s", domain, limit.String(), want)
		}
	}
}
