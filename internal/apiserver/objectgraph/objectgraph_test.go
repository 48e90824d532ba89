package objectgraph

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

const template = `
domain: {firmware: {kernelBoot: {container: {image: i, imagePullSecret: kernelpull}}}}
accessCredentials:
- sshPublicKey: {source: {secret: {secretName: keys}}}
- userPassword: {source: {secret: {secretName: passwords}}}
networks: [{name: a, multus: {networkName: lan}}, {name: b, multus: {networkName: other/wan}}, {name: c, pod: {}}]
utilityVolumes: [{name: u, claimName: scratch}]
volumes:
- {name: claim, persistentVolumeClaim: {claimName: data}}
- {name: dv, dataVolume: {name: root}}
- {name: eph, ephemeral: {persistentVolumeClaim: {claimName: golden}}}
- {name: dump, memoryDump: {claimName: dump}}
- {name: cd, containerDisk: {image: i, imagePullSecret: pull}}
- {name: ci, cloudInitNoCloud: {secretRef: {name: user}, networkDataSecretRef: {name: net}}}
- {name: sp, sysprep: {configMap: {name: answers}}}
- {name: cm, configMap: {name: tuning, optional: true}}
- {name: cm2, configMap: {name: tuning}}
- {name: sec, secret: {secretName: extra, optional: true}}
- {name: sa, serviceAccount: {serviceAccountName: robot}}
- {name: empty, emptyDisk: {capacity: 1Gi}}
`

func machine(t *testing.T) (*v1.VirtualMachine, *v1.VirtualMachineInstance) {
	t.Helper()
	vm, vmi := &v1.VirtualMachine{}, &v1.VirtualMachineInstance{}
	vm.Namespace, vm.Name, vmi.Namespace, vmi.Name, vmi.UID = "ns", "myvm", "ns", "myvm", "one"
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	vm.Spec.Instancetype = &v1.InstancetypeMatcher{Name: "small"}
	vm.Spec.Preference = &v1.PreferenceMatcher{Name: "linux", Kind: "VirtualMachinePreference"}
	vm.Status.InstancetypeRef = &v1.InstancetypeStatusRef{ControllerRevisionRef: &v1.ControllerRevisionRef{Name: "small-1"}}
	vm.Spec.DataVolumeTemplates = []v1.DataVolumeTemplateSpec{{Metadata: metav1.ObjectMeta{Name: "root"}}}
	if err := yaml.Unmarshal([]byte(template), &vm.Spec.Template.Spec); err != nil {
		t.Fatal(err)
	}
	vmi.Spec = *vm.Spec.Template.Spec.DeepCopy()
	hotplugged := v1.Volume{Name: "late"}
	hotplugged.PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{ClaimName: "late", Hotpluggable: true}
	vmi.Spec.Volumes = append(vmi.Spec.Volumes, hotplugged)
	vmi.Status.ActivePods = map[types.UID]string{"pod": "node01"}
	return vm, vmi
}

// lines shows a graph: a node per line, indented, with a ? where it is optional.
func lines(n *Node, depth int) string {
	line := strings.Repeat(" ", depth) + n.Labels[v1.LabelDependencyType] + " "
	if n.ObjectReference.APIGroup != nil {
		line += *n.ObjectReference.APIGroup + "/"
	}
	line += n.ObjectReference.Kind + " "
	if n.ObjectReference.Namespace != nil {
		line += *n.ObjectReference.Namespace + "/"
	}
	line += n.ObjectReference.Name
	if n.Optional != nil && *n.Optional {
		line += "?"
	}
	line += "\n"
	for i := range n.Children {
		line += lines(&n.Children[i], depth+1)
	}
	return line
}

func TestMachine(t *testing.T) {
	vm, vmi := machine(t)
	want := `compute kubevirt.io/VirtualMachine ns/myvm
 compute kubevirt.io/VirtualMachineInstance ns/myvm?
  compute Pod ns/` + launcherpod.PodName(vmi) + `?
  storage PersistentVolumeClaim ns/late
 config instancetype.kubevirt.io/VirtualMachineClusterInstancetype small
  config apps/ControllerRevision ns/small-1
 config instancetype.kubevirt.io/VirtualMachinePreference ns/linux
 storage cdi.kubevirt.io/DataVolume ns/root
  storage PersistentVolumeClaim ns/root
 storage PersistentVolumeClaim ns/data
 storage PersistentVolumeClaim ns/golden
 storage PersistentVolumeClaim ns/dump?
 config Secret ns/pull
 config Secret ns/user
 config Secret ns/net
 config ConfigMap ns/answers
 config ConfigMap ns/tuning
 config Secret ns/extra?
 config ServiceAccount ns/robot
 storage PersistentVolumeClaim ns/scratch?
 config Secret ns/keys
 config Secret ns/passwords
 config Secret ns/kernelpull
 network k8s.cni.cncf.io/NetworkAttachmentDefinition ns/lan
 network k8s.cni.cncf.io/NetworkAttachmentDefinition other/wan
`
	if got := lines(Machine(vm, vmi), 0); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestStoppedMachine(t *testing.T) {
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "myvm"}}
	if got, want := lines(Machine(vm, nil), 0), "compute kubevirt.io/VirtualMachine ns/myvm\n"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestSelect(t *testing.T) {
	no := false
	byType := func(values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
			{Key: v1.LabelDependencyType, Operator: metav1.LabelSelectorOpIn, Values: values},
		}}
	}
	for name, c := range map[string]struct {
		options subresourcesv1.ObjectGraphOptions
		want    string
	}{
		"what is needed of networks": {subresourcesv1.ObjectGraphOptions{LabelSelector: byType(network)}, `compute kubevirt.io/VirtualMachine ns/myvm
 network k8s.cni.cncf.io/NetworkAttachmentDefinition ns/lan
 network k8s.cni.cncf.io/NetworkAttachmentDefinition other/wan
`},
		"storage, that of the instance too": {subresourcesv1.ObjectGraphOptions{LabelSelector: byType(storage)}, `compute kubevirt.io/VirtualMachine ns/myvm
 storage PersistentVolumeClaim ns/late
 storage cdi.kubevirt.io/DataVolume ns/root
  storage PersistentVolumeClaim ns/root
 storage PersistentVolumeClaim ns/data
 storage PersistentVolumeClaim ns/golden
 storage PersistentVolumeClaim ns/dump?
 storage PersistentVolumeClaim ns/scratch?
`},
		"needed storage": {subresourcesv1.ObjectGraphOptions{LabelSelector: byType(storage), IncludeOptionalNodes: &no}, `compute kubevirt.io/VirtualMachine ns/myvm
 storage cdi.kubevirt.io/DataVolume ns/root
  storage PersistentVolumeClaim ns/root
 storage PersistentVolumeClaim ns/data
 storage PersistentVolumeClaim ns/golden
`},
	} {
		vm, vmi := machine(t)
		graph := Machine(vm, vmi)
		if err := Select(graph, &c.options); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := lines(graph, 0); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
	wrong := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Like"}}}
	if err := Select(&Node{}, &subresourcesv1.ObjectGraphOptions{LabelSelector: wrong}); err == nil {
		t.Error("a selector with an unknown operator is accepted")
	}
}
