//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var _ = Describe("further networks", func() {
	It("join guests on two nodes beside the pod network", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		create(ctx, definition(namespace, "low", "10.99.0.10", "10.99.0.19"))
		create(ctx, definition(namespace, "high", "10.99.0.20", "10.99.0.29"))
		create(ctx, definition(namespace, "bare", "", ""))
		one, two := tinyVM(namespace, "one", v1.RunStrategyAlways), tinyVM(namespace, "two", v1.RunStrategyAlways)
		for i, vm := range []*v1.VirtualMachine{one, two} {
			vm.Spec.Template.Spec.NodeSelector = map[string]string{corev1.LabelHostname: nodes(ctx)[i]}
		}
		lan := addNetwork(one, "lan", "low")
		lan.Model, lan.MacAddress, lan.ACPIIndex = "e1000", "02:00:99:00:00:01", 101
		quiet := addNetwork(one, "quiet", "bare")
		quiet.MacAddress, quiet.State = "02:00:99:00:00:03", v1.InterfaceStateDown
		addNetwork(two, "lan", namespace+"/high")
		create(ctx, one)
		create(ctx, two)
		first, second := bootedWith(ctx, one), bootedWith(ctx, two)

		By("with the hardware that was asked for")
		waitNICs(ctx, first, 3)
		waitNICs(ctx, second, 2)
		lanNIC := first.nic(ctx, "02:00:99:00:00:01")
		Expect(lanNIC).To(MatchRegexp(`\be1000\b`))
		Expect(first.shell(ctx, "cat /sys/class/net/"+strings.Fields(lanNIC)[0]+"/device/acpi_index")).To(MatchRegexp(`(?m)^101`))
		quietNIC := strings.Fields(first.nic(ctx, "02:00:99:00:00:03"))[0]
		Expect(first.shell(ctx, "ip link set "+quietNIC+" up; cat /sys/class/net/"+quietNIC+"/carrier")).To(MatchRegexp(`(?m)^0`))

		By("with the addresses that the networks give")
		waitAddress(ctx, first, strings.Fields(lanNIC)[0], "10.99.0.1")
		waitAddress(ctx, second, "eth1", "10.99.0.2")
		status := instance(ctx, two).Status.Interfaces
		Expect(status).To(HaveLen(2))
		Expect(status[1].IP).To(HavePrefix("10.99.0.2"))
		Expect(status[1].InfoSource).To(ContainSubstring("multus-status"))
		Expect(instance(ctx, one).Status.Interfaces).To(ContainElement(And(HaveField("Name", "quiet"), HaveField("LinkState", "down"))))

		By("reaching each other")
		Expect(first.shell(ctx, "ping -c 1 -W 5 "+status[1].IP)).To(ContainSubstring(" 0% packet loss"))
		Expect(second.shell(ctx, "wget -qO- -T 10 "+url(interfaceStatus(ctx, one, "lan").IP))).To(ContainSubstring("one"))
		Expect(first.shell(ctx, "nslookup kubernetes.default.svc.cluster.local")).To(MatchRegexp(`(?s)Name:.*Address`))
	}, SpecTimeout(5*time.Minute))

	It("are waited for, and may take the pod network's place", func(ctx context.Context) {
		namespace := newNamespace(ctx)
		vm := bound(namespace, "elsewhere", v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}})
		vm.Spec.Template.Spec.Networks[0].NetworkSource = v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "late", Default: true}}
		create(ctx, vm)
		// The words are multus', and it tries again by itself.
		message := waitCondition(ctx, vm, v1.ConditionSynchronized, corev1.ConditionFalse, "FailedCreatePodSandBox", 90*time.Second)
		Expect(message).To(ContainSubstring("late"))
		Expect(warnings(ctx, namespace)).To(ContainElement(ContainSubstring("late")))
		create(ctx, definition(namespace, "late", "10.99.0.40", "10.99.0.49"))
		console := bootedWith(ctx, vm)
		waitAddress(ctx, console, "eth0", "10.99.0.4")
		Expect(interfaceStatus(ctx, vm, "default").IP).To(HavePrefix("10.99.0.4"))
	}, SpecTimeout(4*time.Minute))
})

// definition is a network on the LAN that joins the nodes. Without a range of
// addresses it gives none.
func definition(namespace, name, first, last string) *unstructured.Unstructured {
	ipam := `{}`
	if first != "" {
		ipam = fmt.Sprintf(`{"type":"host-local","ranges":[[{"subnet":"10.99.0.0/24","rangeStart":%q,"rangeEnd":%q}]]}`, first, last)
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"config": fmt.Sprintf(`{"cniVersion":"1.0.0","name":%q,"type":"bridge","bridge":"lan0","ipam":%s}`, name, ipam),
	}}}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: "k8s.cni.cncf.io", Version: "v1", Kind: "NetworkAttachmentDefinition"})
	object.SetNamespace(namespace)
	object.SetName(name)
	return object
}

// addNetwork gives a machine one more interface, bridged with a network of multus.
func addNetwork(vm *v1.VirtualMachine, name, definition string) *v1.Interface {
	spec := &vm.Spec.Template.Spec
	spec.Networks = append(spec.Networks, v1.Network{Name: name, NetworkSource: v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: definition}}})
	spec.Domain.Devices.Interfaces = append(spec.Domain.Devices.Interfaces,
		v1.Interface{Name: name, InterfaceBindingMethod: v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}}})
	return &spec.Domain.Devices.Interfaces[len(spec.Domain.Devices.Interfaces)-1]
}

func interfaceStatus(ctx context.Context, vm *v1.VirtualMachine, name string) v1.VirtualMachineInstanceNetworkInterface {
	GinkgoHelper()
	for _, found := range instance(ctx, vm).Status.Interfaces {
		if found.Name == name {
			return found
		}
	}
	Fail("no interface " + name + " in the status")
	return v1.VirtualMachineInstanceNetworkInterface{}
}

// waitNICs waits until the guest has so many NICs: drivers are loaded behind the login
// prompt.
func waitNICs(ctx context.Context, console *serialConsole, count int) {
	GinkgoHelper()
	mac := regexp.MustCompile(`(?m)^eth\d+ +([0-9a-f]{2}:){5}`)
	Eventually(ctx, func() int { return len(mac.FindAllString(console.shell(ctx, "nics"), -1)) }).
		WithTimeout(bootTimeout).WithPolling(time.Second).Should(Equal(count))
}

// nic is the line about the NIC with a hardware address.
func (c *serialConsole) nic(ctx context.Context, mac string) string {
	GinkgoHelper()
	for _, line := range strings.Split(c.shell(ctx, "nics"), "\n") {
		if strings.Contains(line, mac) {
			return line
		}
	}
	Fail("the guest has no NIC " + mac)
	return ""
}
