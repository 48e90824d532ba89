package migratability

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// guest has an interface bound by masquerade and a container disk, which tie it to nothing.
func guest(changes ...func(*v1.VirtualMachineInstance)) *v1.VirtualMachineInstance {
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Networks = []v1.Network{{Name: "default", NetworkSource: v1.NetworkSource{Pod: &v1.PodNetwork{}}}}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{
		Name: "default", InterfaceBindingMethod: v1.InterfaceBindingMethod{Masquerade: &v1.InterfaceMasquerade{}},
	}}
	vmi.Spec.Volumes = []v1.Volume{{Name: "root", VolumeSource: v1.VolumeSource{ContainerDisk: &v1.ContainerDiskSource{}}}}
	for _, change := range changes {
		change(vmi)
	}
	return vmi
}

func volume(source v1.VolumeSource, modes ...corev1.PersistentVolumeAccessMode) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Volumes = append(vmi.Spec.Volumes, v1.Volume{Name: "data", VolumeSource: source})
		vmi.Status.VolumeStatus = append(vmi.Status.VolumeStatus, v1.VolumeStatus{
			Name: "data", PersistentVolumeClaimInfo: &v1.PersistentVolumeClaimInfo{AccessModes: modes},
		})
	}
}

func pvc(readOnly, hotpluggable bool) v1.VolumeSource {
	source := &v1.PersistentVolumeClaimVolumeSource{Hotpluggable: hotpluggable}
	source.ClaimName, source.ReadOnly = "claim", readOnly
	return v1.VolumeSource{PersistentVolumeClaim: source}
}

func ephemeral() v1.VolumeSource {
	return v1.VolumeSource{Ephemeral: &v1.EphemeralVolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claim"},
	}}
}

func binding(method v1.InterfaceBindingMethod) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) {
		vmi.Spec.Domain.Devices.Interfaces[0].InterfaceBindingMethod = method
	}
}

func plugin(vmi *v1.VirtualMachineInstance) {
	binding(v1.InterfaceBindingMethod{})(vmi)
	vmi.Spec.Domain.Devices.Interfaces[0].Binding = &v1.PluginBinding{Name: "plug"}
}

func secondary(vmi *v1.VirtualMachineInstance) {
	vmi.Spec.Networks[0].NetworkSource = v1.NetworkSource{Multus: &v1.MultusNetwork{NetworkName: "lan"}}
}

type changes []func(*v1.VirtualMachineInstance)

// bondCase is a guest with the reasons of its bonds in their order, and a part of what they say.
type bondCase struct {
	changes changes
	want    []string
	says    string
}

func checkBonds(t *testing.T, cases map[string]bondCase) {
	t.Helper()
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			none := func(*v1.Interface) (v1.InterfaceBindingPlugin, bool) { return v1.InterfaceBindingPlugin{}, true }
			var reasons, texts []string
			for _, b := range Bonds(guest(tc.changes...), Facts{Plugin: none}) {
				reasons, texts = append(reasons, b.Reason), append(texts, b.Message)
				if b.Field == "" || !strings.HasSuffix(b.Message, ".") {
					t.Errorf("%+v is no answer", b)
				}
			}
			if strings.Join(reasons, " ") != strings.Join(tc.want, " ") || !strings.Contains(strings.Join(texts, " "), tc.says) {
				t.Errorf("reasons %v, want %v; messages %v", reasons, tc.want, texts)
			}
		})
	}
}

func domain(change func(*v1.DomainSpec)) func(*v1.VirtualMachineInstance) {
	return func(vmi *v1.VirtualMachineInstance) { change(&vmi.Spec.Domain) }
}

func bridge(vmi *v1.VirtualMachineInstance) {
	binding(v1.InterfaceBindingMethod{Bridge: &v1.InterfaceBridge{}})(vmi)
}

func cpu(c v1.CPU) func(*v1.VirtualMachineInstance) {
	return domain(func(d *v1.DomainSpec) { d.CPU = &c })
}

func TestBondsOfStorage(t *testing.T) {
	yes, no := true, false
	checkBonds(t, map[string]bondCase{
		"a plain guest":   {},
		"no devices":      {changes: changes{func(vmi *v1.VirtualMachineInstance) { vmi.Spec = v1.VirtualMachineInstanceSpec{} }}},
		"an empty disk":   {changes: changes{volume(v1.VolumeSource{EmptyDisk: &v1.EmptyDiskSource{}})}},
		"cloud-init":      {changes: changes{volume(v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{}})}},
		"a secret":        {changes: changes{volume(v1.VolumeSource{Secret: &v1.SecretVolumeSource{}})}},
		"a shared claim":  {changes: changes{volume(pvc(false, false), corev1.ReadWriteMany)}},
		"both modes":      {changes: changes{volume(pvc(false, false), corev1.ReadWriteOnce, corev1.ReadWriteMany)}},
		"a claim to read": {changes: changes{volume(pvc(true, false), corev1.ReadOnlyMany)}},
		"a base to read":  {changes: changes{volume(ephemeral(), corev1.ReadOnlyMany)}},
		"a claim of one node": {
			changes: changes{volume(pvc(false, false), corev1.ReadWriteOnce)}, want: []string{"DisksNotLiveMigratable"},
			says: "The claim claim of volume data is not shared between nodes: its access modes are ReadWriteOnce.",
		},
		"a claim many read, written to": {
			changes: changes{volume(pvc(false, false), corev1.ReadOnlyMany)}, want: []string{"DisksNotLiveMigratable"},
		},
		"a base of one node": {changes: changes{volume(ephemeral(), corev1.ReadWriteOnce)}, want: []string{"DisksNotLiveMigratable"}},
		"a claim nobody knows": {
			changes: changes{volume(pvc(false, false))}, want: []string{"DisksNotLiveMigratable"}, says: "are not known",
		},
		"a data volume": {
			changes: changes{volume(v1.VolumeSource{DataVolume: &v1.DataVolumeSource{Name: "dv"}}, corev1.ReadWriteOncePod)},
			want:    []string{"DisksNotLiveMigratable"}, says: "ReadWriteOncePod",
		},
		"a hotplugged claim": {changes: changes{volume(pvc(false, true), corev1.ReadWriteOnce)}, want: []string{"HotplugNotLiveMigratable"}},
		"a file of the node": {
			changes: changes{volume(v1.VolumeSource{HostDisk: &v1.HostDisk{Shared: &no}})}, want: []string{"DisksNotLiveMigratable"},
		},
		"a file of all nodes": {changes: changes{volume(v1.VolumeSource{HostDisk: &v1.HostDisk{Shared: &yes}})}},
		"virtiofs": {
			changes: changes{domain(func(d *v1.DomainSpec) { d.Devices.Filesystems = []v1.Filesystem{{}, {}} })},
			want:    []string{"VirtIOFSNotLiveMigratable"},
		},
		"a reservation": {
			changes: changes{domain(func(d *v1.DomainSpec) {
				d.Devices.Disks = []v1.Disk{{DiskDevice: v1.DiskDevice{LUN: &v1.LunTarget{Reservation: true}}}}
			})},
			want: []string{"PersistentReservationNotLiveMigratable"},
		},
		"a LUN": {changes: changes{domain(func(d *v1.DomainSpec) {
			d.Devices.Disks = []v1.Disk{{DiskDevice: v1.DiskDevice{LUN: &v1.LunTarget{}}}}
		})}},
	})
}

func TestBondsOfTheNetwork(t *testing.T) {
	checkBonds(t, map[string]bondCase{
		"bridge": {changes: changes{bridge}, want: []string{"InterfaceNotLiveMigratable"}, says: "default"},
		"bridge, permitted": {changes: changes{bridge, func(vmi *v1.VirtualMachineInstance) {
			vmi.Annotations = map[string]string{v1.AnnotationPodBridgeMigration: "true"}
		}}},
		"bridge, secondary": {changes: changes{bridge, secondary}},
		"bridge, absent": {changes: changes{bridge, func(vmi *v1.VirtualMachineInstance) {
			vmi.Spec.Domain.Devices.Interfaces[0].State = v1.InterfaceStateAbsent
		}}},
		"passt": {
			changes: changes{binding(v1.InterfaceBindingMethod{PasstBinding: &v1.InterfacePasstBinding{}})},
			want:    []string{"InterfaceNotLiveMigratable"}, says: "passt",
		},
		"a plugin":            {changes: changes{plugin}, want: []string{"InterfaceNotLiveMigratable"}, says: "plugin"},
		"a plugin, secondary": {changes: changes{plugin, secondary}},
		"a claimed device": {
			changes: changes{plugin, func(vmi *v1.VirtualMachineInstance) {
				vmi.Spec.Networks[0].NetworkSource = v1.NetworkSource{ResourceClaim: &v1.ClaimRequest{ClaimName: "c", RequestName: "r"}}
			}},
			want: []string{"HostDeviceNotLiveMigratable"}, says: "resource claim",
		},
		"SR-IOV": {
			changes: changes{binding(v1.InterfaceBindingMethod{SRIOV: &v1.InterfaceSRIOV{}}), secondary}, want: []string{"HostDeviceNotLiveMigratable"},
		},
	})
}

func TestBondsOfHardware(t *testing.T) {
	no, hz := false, int64(1)
	features := func(f v1.Features) func(*v1.VirtualMachineInstance) {
		return domain(func(d *v1.DomainSpec) { d.Features = &f })
	}
	security := func(s v1.LaunchSecurity) func(*v1.VirtualMachineInstance) {
		return domain(func(d *v1.DomainSpec) { d.LaunchSecurity = &s })
	}
	tsc := v1.Features{Hyperv: &v1.FeatureHyperv{Reenlightenment: &v1.FeatureState{}}}
	onS390x := func(vmi *v1.VirtualMachineInstance) { vmi.Spec.Architecture = "s390x" }
	checkBonds(t, map[string]bondCase{
		"a device": {
			changes: changes{domain(func(d *v1.DomainSpec) { d.Devices.HostDevices = []v1.HostDevice{{}} })},
			want:    []string{"HostDeviceNotLiveMigratable"},
		},
		"a GPU": {
			changes: changes{domain(func(d *v1.DomainSpec) { d.Devices.GPUs = []v1.GPU{{}} })}, want: []string{"HostDeviceNotLiveMigratable"},
		},
		"the node's CPU":   {changes: changes{cpu(v1.CPU{Model: "host-passthrough"})}, want: []string{"CPUModeLiveMigratable"}},
		"the node's model": {changes: changes{cpu(v1.CPU{Model: "host-model", DedicatedCPUPlacement: true})}},
		"an invariant TSC": {
			changes: changes{cpu(v1.CPU{Features: []v1.CPUFeature{{Name: "invtsc"}}})}, want: []string{"NoTSCFrequencyNotLiveMigratable"},
		},
		"no invariant TSC": {changes: changes{cpu(v1.CPU{Features: []v1.CPUFeature{{Name: "invtsc", Policy: "disable"}}})}},
		"reenlightenment":  {changes: changes{features(tsc)}, want: []string{"NoTSCFrequencyNotLiveMigratable"}},
		"reenlightenment at a known frequency": {changes: changes{features(tsc), func(vmi *v1.VirtualMachineInstance) {
			vmi.Status.TopologyHints = &v1.TopologyHints{TSCFrequency: &hz}
		}}},
		"Hyper-V as it is": {
			changes: changes{features(v1.Features{HypervPassthrough: &v1.HyperVPassthrough{}})}, want: []string{"HypervPassthroughNotLiveMigratable"},
		},
		"Hyper-V, but no": {changes: changes{features(v1.Features{HypervPassthrough: &v1.HyperVPassthrough{Enabled: &no}})}},
		"SEV":             {changes: changes{security(v1.LaunchSecurity{SEV: &v1.SEV{}})}, want: []string{"SEVNotLiveMigratable"}},
		"SEV-SNP":         {changes: changes{security(v1.LaunchSecurity{SNP: &v1.SEVSNP{}})}, want: []string{"SEVNotLiveMigratable"}},
		"TDX":             {changes: changes{security(v1.LaunchSecurity{TDX: &v1.TDX{}})}, want: []string{"TDXNotLiveMigratable"}},
		"Secure Execution": {
			changes: changes{security(v1.LaunchSecurity{}), onS390x}, want: []string{"SecureExecutionNotLiveMigratable"},
		},
		"all at once, storage last": {
			changes: changes{volume(pvc(false, false), corev1.ReadWriteOnce), bridge, cpu(v1.CPU{Model: "host-passthrough"})},
			want:    []string{"InterfaceNotLiveMigratable", "CPUModeLiveMigratable", "DisksNotLiveMigratable"},
		},
	})
}

func TestPluginsForMigration(t *testing.T) {
	registered := func(*v1.Interface) (v1.InterfaceBindingPlugin, bool) {
		return v1.InterfaceBindingPlugin{Migration: &v1.InterfaceBindingMigration{}}, true
	}
	if bonds := Bonds(guest(plugin), Facts{Plugin: registered}); len(bonds) != 0 {
		t.Errorf("a plugin registered for migration: %v", bonds)
	}
	if bonds := Bonds(guest(plugin), Facts{}); len(bonds) != 0 {
		t.Errorf("without knowing the plugins: %v", bonds)
	}
}

func TestConditions(t *testing.T) {
	oneNode := volume(pvc(false, false), corev1.ReadWriteOnce)
	passt := binding(v1.InterfaceBindingMethod{PasstBinding: &v1.InterfacePasstBinding{}})
	for name, tc := range map[string]struct {
		vmi             *v1.VirtualMachineInstance
		reason, storage string
		messages        int
	}{
		"nothing":    {guest(), "NotMigratable", "True", 1},
		"storage":    {guest(oneNode), "DisksNotLiveMigratable", "True", 2},
		"network":    {guest(passt), "InterfaceNotLiveMigratable", "False", 2},
		"everything": {guest(oneNode, passt), "InterfaceNotLiveMigratable", "False", 3},
	} {
		bonds := Bonds(tc.vmi, Facts{})
		live, storage := Live(bonds), Storage(bonds)
		if live.Status != corev1.ConditionFalse || live.Reason != tc.reason || strings.Count(live.Message, ". ")+1 != tc.messages ||
			!strings.HasSuffix(live.Message, Unsupported) {
			t.Errorf("%s: %+v", name, live)
		}
		if string(storage.Status) != tc.storage || storage.Status == corev1.ConditionFalse && storage.Reason != "NotMigratable" {
			t.Errorf("%s: %+v", name, storage)
		}
		if strings.Contains(storage.Message, "claim") {
			t.Errorf("%s: storage that moves is told of in %q", name, storage.Message)
		}
	}
}
