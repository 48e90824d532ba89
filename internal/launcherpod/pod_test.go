package launcherpod

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/test/golden"
)

const base = "testdata/base"

// TestBase renders the plainest instance; its golden file is the whole pod.
func TestBase(t *testing.T) {
	golden.Equal(t, filepath.Join(base, "pod.yaml"), toYAML(t, renderCase(t, base)))
}

// TestGolden renders each case under testdata/<feature>/<case>. Its golden file,
// pod.yaml, is what the case changes in the base's pod, as a strategic merge patch.
func TestGolden(t *testing.T) {
	plain, err := json.Marshal(renderCase(t, base))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range golden.Cases(t, "testdata", "vmi.yaml") {
		if dir == base {
			continue
		}
		name, err := filepath.Rel("testdata", dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			vmi, config, options := readCase(t, dir)
			pod, err := Render(vmi, config, options, readClaims(t, dir))
			var change []byte
			if err == nil {
				change = difference(t, plain, pod)
			}
			golden.Outcome(t, dir, "pod.yaml", change, err)
		})
	}
}

func difference(t *testing.T, plain []byte, pod *corev1.Pod) []byte {
	t.Helper()
	rendered, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(plain, rendered, corev1.Pod{})
	if err != nil {
		t.Fatalf("comparing with the base: %v", err)
	}
	text, err := yaml.JSONToYAML(patch)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func renderCase(t *testing.T, dir string) *corev1.Pod {
	t.Helper()
	vmi, config, options := readCase(t, dir)
	pod, err := Render(vmi, config, options, readClaims(t, dir))
	if err != nil {
		t.Fatalf("rendering %s: %v", dir, err)
	}
	return pod
}

// readCase reads an instance, the KubeVirt object (kubevirt.yaml) and the options
// (options.yaml) of a case; the last two have defaults. An architecture is set,
// so that the outcome does not depend on the one the test runs on.
func readCase(t *testing.T, dir string) (*v1.VirtualMachineInstance, *clusterconfig.Config, Options) {
	t.Helper()
	vmi, kv, options := &v1.VirtualMachineInstance{}, &v1.KubeVirt{}, Options{LauncherImage: "virt-launcher:1"}
	read(t, filepath.Join(dir, "vmi.yaml"), vmi)
	vmi.Namespace = "ns"
	if vmi.Name == "" {
		vmi.Name = "vm"
	}
	vmi.UID = "2f0a7c9a-5a7e-4a53-9b3e-1c1f5d4c2b1a"
	if vmi.Spec.Architecture == "" {
		vmi.Spec.Architecture = "amd64"
	}
	read(t, filepath.Join(dir, "kubevirt.yaml"), kv)
	read(t, filepath.Join(dir, "options.yaml"), &options)
	return vmi, clusterconfig.New(kv), options
}

// readClaims reads the modes of the claims behind a case's volumes (claims.yaml).
func readClaims(t *testing.T, dir string) Claims {
	t.Helper()
	claims := Claims{}
	read(t, filepath.Join(dir, "claims.yaml"), &claims)
	return claims
}

func read(t *testing.T, path string, into any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return
	}
	if err == nil {
		err = yaml.UnmarshalStrict(data, into)
	}
	if err != nil {
		t.Fatalf("reading %s: %v", path, err)
	}
}

func toYAML(t *testing.T, object any) []byte {
	t.Helper()
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestPodName(t *testing.T) {
	instance := func(name string, uid types.UID) *v1.VirtualMachineInstance {
		vmi := &v1.VirtualMachineInstance{}
		vmi.Name, vmi.UID = name, uid
		return vmi
	}
	for _, name := range []string{"vm", "a.b", strings.Repeat("x", 40), strings.Repeat("x", 39) + ".y", strings.Repeat("long-", 50) + "z"} {
		got := PodName(instance(name, "u1"))
		if problems := validation.IsDNS1123Subdomain(got); len(problems) > 0 || len(got) > maxNameLength {
			t.Errorf("name %q of %d characters: %v", got, len(got), problems)
		}
		if again := PodName(instance(name, "u1")); again != got {
			t.Errorf("%q, then %q for the same instance", got, again)
		}
		if other := PodName(instance(name, "u2")); other == got {
			t.Errorf("%q for two instances", got)
		}
	}
	if got := PodName(instance("vm", "u1")); !strings.HasPrefix(got, "virt-launcher-vm-") {
		t.Errorf("name %q", got)
	}
}

// TestRenderLeavesItsInputsAlone guards the caches that instances come from.
func TestRenderLeavesItsInputsAlone(t *testing.T) {
	for _, dir := range golden.Cases(t, "testdata", "vmi.yaml") {
		vmi, config, options := readCase(t, dir)
		before := toYAML(t, vmi)
		_, _ = Render(vmi, config, options, readClaims(t, dir))
		if after := toYAML(t, vmi); string(after) != string(before) {
			t.Errorf("%s: rendering changed the instance", dir)
		}
	}
}

// TestSmallGuestsStaySmall is the bar for what a guest of 128 MiB may ask of a node.
func TestSmallGuestsStaySmall(t *testing.T) {
	for dir, bar := range map[string]int64{"testdata/pod/emulation": 250, base: 220} {
		request := renderCase(t, dir).Spec.Containers[0].Resources.Requests.Memory()
		if request.Value() > bar*mebi {
			t.Errorf("%s requests %d MiB, more than %d", dir, request.Value()/mebi, bar)
		}
	}
}

// TestConsumer keeps what decides where a launcher pod can run, and drops what is
// for its guest.
func TestConsumer(t *testing.T) {
	const dir = "testdata/disk/data-volume"
	vmi, _, _ := readCase(t, dir)
	launcher := renderCase(t, dir)
	consumer := Consumer(vmi, launcher.DeepCopy(), []string{"my-root"})
	if consumer.Name == launcher.Name || consumer.Name != ConsumerName(vmi) || consumer.Annotations[v1.AnnotationEphemeralProvisioning] != "true" {
		t.Errorf("it is called %s and has the annotations %v", consumer.Name, consumer.Annotations)
	}
	if len(consumer.Spec.Containers) != 1 || strings.Contains(strings.Join(consumer.Spec.Containers[0].Command, " "), "virt-launcher") {
		t.Errorf("it runs %v", consumer.Spec.Containers)
	}
	if mounts := consumer.Spec.Containers[0].VolumeMounts; len(mounts) != 1 || mounts[0].Name != "root" {
		t.Errorf("it mounts %v", mounts)
	}
	for _, pod := range []*corev1.Pod{launcher, consumer} {
		pod.Spec.Containers[0].VolumeMounts = nil
		pod.ObjectMeta = metav1.ObjectMeta{Labels: pod.Labels, OwnerReferences: pod.OwnerReferences}
		pod.Spec.ReadinessGates = nil
		pod.Spec.Containers[0].Command, pod.Spec.Containers[0].Args = nil, nil
	}
	if string(toYAML(t, launcher)) != string(toYAML(t, consumer)) {
		t.Errorf("beyond that it is\n%s\nthe launcher pod\n%s", toYAML(t, consumer), toYAML(t, launcher))
	}
}

// TestConsumerMountsNoOtherClaim keeps it off what another instance may be writing to,
// while the scheduler knows of all claims.
func TestConsumerMountsNoOtherClaim(t *testing.T) {
	const dir = "testdata/disk/claims"
	vmi, _, _ := readCase(t, dir)
	launcher := renderCase(t, dir)
	consumer := Consumer(vmi, launcher.DeepCopy(), nil)
	compute := consumer.Spec.Containers[0]
	if len(compute.VolumeMounts) != 0 || len(compute.VolumeDevices) != 0 {
		t.Errorf("it mounts %v and %v", compute.VolumeMounts, compute.VolumeDevices)
	}
	if len(consumer.Spec.Volumes) != len(launcher.Spec.Volumes) {
		t.Errorf("it names the volumes %v", consumer.Spec.Volumes)
	}
}
