package network

import (
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/netns"
)

// A network plugin makes a tap beside the pod's interface, or the pod's interface is
// what the guest is connected to.
func TestPluginTap(t *testing.T) {
	plan := planFor(t, onPodNetwork(v1.Interface{Binding: &v1.PluginBinding{Name: "tap"}}))
	_, pod := nodeAndPod(t, "eth0")
	if guest := ensure(t, pod, plan).Interfaces[0].Guest; guest.GetTap() != "eth0" || guest.GetDhcp() != nil {
		t.Errorf("without a tap: %v", guest)
	}
	netns.OpenTap(t, pod, "tap0")
	if guest := ensure(t, pod, plan).Interfaces[0].Guest; guest.GetTap() != "tap0" || guest.GetDhcp() != nil {
		t.Errorf("with a tap: %v", guest)
	}
	if _, err := (Pods{}).Ensure(netns.New(t), plan); err == nil {
		t.Error("a pod without either is taken")
	}
}
