package validate

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// bridged has one interface that bridges the network.
func bridged(source v1.NetworkSource) *v1.VirtualMachineInstanceSpec {
	spec := &v1.VirtualMachineInstanceSpec{Networks: []v1.Network{{Name: "a", NetworkSource: source}}}
	spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "a", InterfaceBindingMethod: v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}},
	}}
	return spec
}

func TestBridgeOnPodNetwork(t *testing.T) {
	pod := v1.NetworkSource{Pod: &v1.PodNetwork{}}
	no := false
	forbidding := &v1.KubeVirt{}
	forbidding.Spec.Configuration.Network = &v1.NetworkConfiguration{PermitBridgeInterfaceOnPodNetwork: &no}
	for name, c := range map[string]struct {
		kv      *v1.KubeVirt
		source  v1.NetworkSource
		refused bool
	}{
		"by default":                 {nil, pod, false},
		"not permitted":              {forbidding, pod, true},
		"of another primary network": {forbidding, v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "net", Default: true}}, false},
	} {
		errs := networks(field.NewPath("spec"), bridged(c.source), clusterconfig.New(c.kv))
		if (len(errs) > 0) != c.refused || c.refused && errs[0].Field != "spec.domain.devices.interfaces[0].bridge" {
			t.Errorf("%s: %v", name, errs)
		}
	}
}

func TestPasstNeedsItsGate(t *testing.T) {
	spec := bridged(v1.NetworkSource{Pod: &v1.PodNetwork{}})
	spec.Domain.Devices.Interfaces[0].InterfaceBindingMethod = v1.InterfaceBindingMethod{PasstBinding: &v1.InterfacePasstBinding{}}
	kv := &v1.KubeVirt{}
	if errs := networks(field.NewPath("spec"), spec, clusterconfig.New(kv)); len(errs) > 0 {
		t.Error(errs)
	}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{DisabledFeatureGates: []string{"PasstBinding"}}
	errs := networks(field.NewPath("spec"), spec, clusterconfig.New(kv))
	if len(errs) != 1 || errs[0].Field != "spec.domain.devices.interfaces[0].passtBinding" {
		t.Error(errs)
	}
}

// An instance has no interface that is absent from the beginning; a machine may say
// so of one that its earlier instances had.
func TestPresentInterfaces(t *testing.T) {
	spec := bridged(v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "net"}})
	if errs := PresentInterfaces(field.NewPath("spec"), spec); len(errs) > 0 {
		t.Error(errs)
	}
	spec.Domain.Devices.Interfaces[0].State = v1.InterfaceStateAbsent
	if errs := networks(field.NewPath("spec"), spec, clusterconfig.New(nil)); len(errs) > 0 {
		t.Error(errs)
	}
	errs := PresentInterfaces(field.NewPath("spec"), spec)
	if len(errs) != 1 || errs[0].Field != "spec.domain.devices.interfaces[0].state" {
		t.Error(errs)
	}
}

func TestNetworksOfGuests(t *testing.T) {
	spec := bridged(v1.NetworkSource{Pod: &v1.PodNetwork{}})
	for value, accepted := range map[string]bool{
		"10.0.2.0/24": true, "10.0.0.0/8": true, "192.168.7.0/30": true, "172.16.0.9/24": true,
		"": true, "10.0.2.0": false, "10.0.2.0/31": false, "fd00::/64": false,
		"0.0.0.0/0": false, "8.0.0.0/7": false, "0.0.0.0/8": false, "127.0.0.0/8": false, "127.1.0.0/24": false,
		"169.254.3.0/24": false, "224.0.0.0/24": false, "255.255.255.0/24": false,
	} {
		spec.Networks[0].Pod.VMNetworkCIDR = value
		if errs := networks(field.NewPath("spec"), spec, clusterconfig.New(nil)); (len(errs) == 0) != accepted {
			t.Errorf("%s: %v", value, errs)
		}
	}
	spec.Networks[0].Pod.VMNetworkCIDR = ""
	for value, accepted := range map[string]bool{
		"fd10:0:2::/120": true, "2001:db8::/48": true, "fd00::/126": true,
		"10.0.2.0/24": false, "fd00::/127": false, "fd00::/47": false, "::/0": false, "::/64": false, "::1/120": false,
		"fe80::/64": false, "ff02::/64": false, "::ffff:10.0.2.0/120": false,
	} {
		spec.Networks[0].Pod.VMIPv6NetworkCIDR = value
		if errs := networks(field.NewPath("spec"), spec, clusterconfig.New(nil)); (len(errs) == 0) != accepted {
			t.Errorf("%s: %v", value, errs)
		}
	}
}

// What all options take is counted in bytes, and found in the same order each time.
func TestDHCPOptionsFitIntoAFrame(t *testing.T) {
	spec := bridged(v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "net"}})
	options := &v1.DHCPOptions{BootFileName: strings.Repeat("b", 255), TFTPServerName: strings.Repeat("t", 255)}
	spec.Domain.Devices.Interfaces[0].DHCPOptions = options
	problems := func() string {
		var at []string
		for _, err := range networks(field.NewPath("spec"), spec, clusterconfig.New(nil)) {
			at = append(at, strings.TrimPrefix(err.Field, "spec.domain.devices.interfaces[0].dhcpOptions"))
		}
		return strings.Join(at, " ")
	}
	for range 32 {
		options.NTPServers = append(options.NTPServers, "192.0.2.1")
	}
	options.PrivateOptions = []v1.DHCPPrivateOptions{{Option: 224, Value: "é"}}
	if got := problems(); got != "" {
		t.Errorf("640 bytes: %s", got)
	}
	options.PrivateOptions[0].Value = "éé"
	if errs := networks(field.NewPath("spec"), spec, clusterconfig.New(nil)); len(errs) != 1 || !strings.Contains(errs[0].Detail, "one frame") {
		t.Errorf("642 bytes: %v", errs)
	}
	options.NTPServers, options.BootFileName, options.TFTPServerName = nil, strings.Repeat("é", 128), strings.Repeat("é", 128)
	options.PrivateOptions = nil
	for i := range 31 {
		options.PrivateOptions = append(options.PrivateOptions, v1.DHCPPrivateOptions{Option: 224 + i, Value: strings.Repeat("é", 10)})
	}
	options.PrivateOptions[3].Value = strings.Repeat("é", 255)
	want := ".bootFileName .tftpServerName .privateOptions[3].value "
	for range 10 {
		if got := problems(); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
	}
}

// A plugin's interface has what is said of it, or is refused.
func TestPluginsAndTheirFields(t *testing.T) {
	cfg := clusterconfig.New(&v1.KubeVirt{Spec: v1.KubeVirtSpec{Configuration: v1.KubeVirtConfiguration{Network: &v1.NetworkConfiguration{
		Binding: map[string]v1.InterfaceBindingPlugin{
			"tap":     {DomainAttachmentType: v1.DomainAttachmentTypeTap},
			"managed": {DomainAttachmentType: v1.DomainAttachmentTypeManagedTap},
			"sidecar": {SidecarImage: "sidecar:1"},
		},
	}}}})
	for plugin, down := range map[string]string{"tap": "", "managed": "", "sidecar": "spec.domain.devices.interfaces[0].state"} {
		spec := bridged(v1.NetworkSource{Pod: &v1.PodNetwork{}})
		nic := &spec.Domain.Devices.Interfaces[0]
		*nic = v1.Interface{
			Name: "a", Binding: &v1.PluginBinding{Name: plugin}, Model: "e1000", MacAddress: "02:00:00:00:00:01", ACPIIndex: 7,
			PciAddress: "0000:01:00.0", Ports: []v1.Port{{Port: 80}}, State: v1.InterfaceStateUp,
		}
		check := func(want string) {
			t.Helper()
			errs := networks(field.NewPath("spec"), spec, cfg)
			if want == "" && len(errs) > 0 || want != "" && (len(errs) != 1 || errs[0].Field != want) {
				t.Errorf("%s: %v, want %q", plugin, errs, want)
			}
		}
		check("")
		nic.State = v1.InterfaceStateDown
		check(down)
		nic.State = ""
		nic.DHCPOptions = &v1.DHCPOptions{BootFileName: "x"}
		check("spec.domain.devices.interfaces[0].dhcpOptions")
	}
}

func TestHookSidecars(t *testing.T) {
	gate := &v1.KubeVirt{}
	gate.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{FeatureGates: []string{"Sidecar"}}
	for text, accepted := range map[string]bool{
		`[{"image": "a:1"}]`: true,
		`[{"image": "a:1", "imagePullPolicy": "Never", "command": ["a"], "args": ["b"]}]`: true,
		`[]`:               true,
		``:                 false,
		`{"image": "a:1"}`: false,
		`[{"image": ""}]`:  false,
		`[{"image": "a:1", "imagePullPolicy": "Soon"}]`:              false,
		`[{"image": "a:1", "configMap": {"name": "a", "key": "b"}}]`: false,
		`[{"image": "a:1", "pvc": {"name": "a"}}]`:                   false,
		`[{"image": "a:1"}] [{"image": "b:1"}]`:                      false,
		`[{"image": "a:1"}] ]`:                                       false,
		`[{"image": "a:1"}]x`:                                        false,
		`null`:                                                       false,
		`[null]`:                                                     false,
	} {
		errs := hookSidecars(field.NewPath("annotations"), map[string]string{v1.AnnotationHookSidecars: text}, clusterconfig.New(gate))
		if (len(errs) == 0) != accepted {
			t.Errorf("%s: %v", text, errs)
		}
	}
	listed := map[string]string{v1.AnnotationHookSidecars: `[{"image": "a:1"}]`}
	if errs := hookSidecars(field.NewPath("annotations"), listed, clusterconfig.New(nil)); len(errs) != 1 {
		t.Errorf("without the gate: %v", errs)
	}
	if errs := hookSidecars(field.NewPath("annotations"), nil, clusterconfig.New(nil)); len(errs) > 0 {
		t.Errorf("without sidecars: %v", errs)
	}
}
