//go:build envtest

package vmi

import (
	"strings"
	"testing"

	resourcev1 "k8s.io/api/resource/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// withClaimedNetwork has a plugin bind the device of a claim that is made from a
// template, and one of a claim that exists.
func withClaimedNetwork(t *testing.T) *suite {
	t.Helper()
	kv := kubeVirt(v1.KubeVirtConfiguration{
		DeveloperConfiguration: &v1.DeveloperConfiguration{FeatureGates: []string{"NetworkDevicesWithDRA"}},
		Network:                &v1.NetworkConfiguration{Binding: map[string]v1.InterfaceBindingPlugin{"fast": {SidecarImage: "fast:1"}}},
	})
	cluster.Configure(t, kv)
	claim, template := "card", "cards"
	s := newSuite(t, func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.ResourceClaims = []v1.VirtualMachineInstanceResourceClaim{
			{Name: "there", ResourceClaimName: &claim}, {Name: "made", ResourceClaimTemplateName: &template},
		}
		for _, from := range []string{"there", "made"} {
			builder.Multus(from, "")(vmi)
			builder.BoundBy("fast")(vmi)
			vmi.Spec.Networks[len(vmi.Spec.Networks)-1].NetworkSource = v1.NetworkSource{
				ResourceClaim: &v1.ClaimRequest{ClaimName: from, RequestName: "nic"},
			}
		}
	})
	s.kubevirt = kv
	return s
}

// A pod that names no claim that exists would wait without a word.
func TestResourceClaims(t *testing.T) {
	s := withClaimedNetwork(t)
	devices := resourcev1.DeviceClaim{Requests: []resourcev1.DeviceRequest{{
		Name: "nic", Exactly: &resourcev1.ExactDeviceRequest{DeviceClassName: "nic.example.com"},
	}}}
	claim := &resourcev1.ResourceClaim{Spec: resourcev1.ResourceClaimSpec{Devices: devices}}
	template := &resourcev1.ResourceClaimTemplate{}
	template.Spec.Spec.Devices = devices
	for name, made := range map[string]client.Object{"card": claim, "cards": template} {
		made.SetName(name)
		made.SetNamespace(s.key.Namespace)
	}
	s.lacks("ResourceClaim card ")
	if err := cluster.Client.Create(s.ctx, claim); err != nil {
		t.Fatal(err)
	}
	s.lacks("ResourceClaimTemplate cards ")
	if err := cluster.Client.Create(s.ctx, template); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST pod", "PATCH vmi")
	s.wantCondition(v1.ConditionSynchronized, "")
	pod := s.pod()
	if got := pod.Spec.ResourceClaims; len(got) != 2 || *got[0].ResourceClaimName != "card" || *got[1].ResourceClaimTemplateName != "cards" {
		t.Errorf("claims of the pod: %+v", got)
	}
	if got := pod.Spec.Containers[0].Resources.Claims; len(got) != 2 || got[0].Name != "there" || got[1].Name != "made" || got[1].Request != "nic" {
		t.Errorf("claims of the launcher: %+v", got)
	}
}

// lacks reconciles, which says that something is not there.
func (s *suite) lacks(what string) {
	s.Helper()
	if result := s.reconcile("PATCH vmi"); result.RequeueAfter != definitionWait {
		s.Errorf("again after %v", result.RequeueAfter)
	}
	s.wantCondition(v1.ConditionSynchronized, "False FailedCreate")
	s.wantEvents("Warning FailedCreate")
	if c := s.vmi().Condition(v1.ConditionSynchronized); !strings.HasPrefix(c.Message, what+"not found") {
		s.Errorf("message %q", c.Message)
	}
	s.reconcile() // says it once
	s.wantEvents()
}
