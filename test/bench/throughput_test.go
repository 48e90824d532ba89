//go:build bench

package bench

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk/iso9660"
)

const (
	// leastRatio is how fast a guest has to be, beside one that a plain QEMU runs with
	// the same devices on the same node.
	leastRatio = 0.80
	// comparisons of each figure.
	comparisons = 5
	plainName   = "plain"
	peerName    = "peer"
	peerPort    = "8080"
)

var (
	//go:embed testdata/guest.sh
	guestScript string
	//go:embed testdata/plain.sh
	plainScript string
)

// peerScript serves what guests read, and is where they are asked from.
const peerScript = `cd /var/run/kubevirt && dd if=/dev/zero of=zeros bs=1M count=0 seek=64 && exec httpd -f -p ` + peerPort

// TestThroughput compares what disks and networks of guests bring with what they
// bring to a guest of a plain QEMU.
func TestThroughput(t *testing.T) {
	b := newBench(t)
	node := b.node()
	peer := b.address(b.runPod(b.peer(node)))
	bindings := map[string]v1.InterfaceBindingMethod{
		"masquerade": {Masquerade: &v1.InterfaceMasquerade{}}, "bridge": {Bridge: &v1.InterfaceBridge{}},
	}
	guests := map[string]string{}
	for name, binding := range bindings {
		guests[name] = b.guest(name, node, binding)
	}
	guests[plainName] = b.address(b.runPod(b.plain(node, "masquerade")))
	for name, address := range guests {
		b.answers(name, address)
	}
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "WHAT\tPLAIN QEMU\tVMI\tRATIO\tBAR\t")
	compare := func(what, name string, bytes float64, ask func(address string) string) {
		var plain, ours float64
		for range comparisons {
			// In turn, and the best of each: what else the machine does only takes away.
			plain = max(plain, b.rate(ask(guests[plainName]), bytes))
			ours = max(ours, b.rate(ask(guests[name]), bytes))
		}
		ratio, verdict := ours/plain, "ok"
		if ratio < leastRatio {
			verdict = "MISSED"
			b.Errorf("%s: %.2f of a plain QEMU, want at least %.2f", what, ratio, leastRatio)
		}
		fmt.Fprintf(w, "%s\t%.0f MiB/s\t%.0f MiB/s\t%.2f\t%.2f\t%s\n", what, plain, ours, ratio, leastRatio, verdict)
	}
	measure := func(query string) func(string) string {
		return func(address string) string {
			return b.fromPeer("wget -q -O - 'http://" + address + "/cgi-bin/measure?" + query + "'")
		}
	}
	for _, query := range []string{"write", "read"} { // what is read has been written
		compare("disk: "+query, "masquerade", 128*mib, measure(query))
	}
	for _, name := range []string{"masquerade", "bridge"} {
		compare("network, "+name+": to the guest", name, 64*mib, measure("from="+peer+":"+peerPort+"/zeros"))
		compare("network, "+name+": from the guest", name, 64*mib, func(address string) string {
			return b.fromPeer("read began rest </proc/uptime; wget -q -O /dev/null http://" + address + "/zeros && " +
				"read ended rest </proc/uptime && echo 67108864 $began $ended")
		})
	}
}

// node is one where guests can run.
func (b *bench) node() string {
	b.Helper()
	var nodes corev1.NodeList
	b.must(b.k8s.List(b.ctx, &nodes, client.MatchingLabels{v1.LabelSchedulable: "true"}))
	if len(nodes.Items) == 0 {
		b.Fatal("no node can run guests")
	}
	return nodes.Items[0].Name
}

// claim makes a claim for one guest's disk.
func (b *bench) claim(name string) {
	b.Helper()
	b.must(b.k8s.Create(b.ctx, &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: ptr.To("local-wait"),
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("256Mi")}},
		},
	}))
}

// guest starts an instance and returns the address at which it is reached.
func (b *bench) guest(name, node string, binding v1.InterfaceBindingMethod) string {
	b.Helper()
	vmi := newInstance(name)
	vmi.Spec.NodeSelector = map[string]string{corev1.LabelHostname: node}
	vmi.Spec.Domain.Memory.Guest = ptr.To(resource.MustParse("256Mi"))
	vmi.Spec.Domain.Devices.Interfaces[0].InterfaceBindingMethod = binding
	b.claim(name)
	virtio := v1.DiskDevice{Disk: &v1.DiskTarget{Bus: v1.DiskBusVirtio}}
	vmi.Spec.Domain.Devices.Disks = append(vmi.Spec.Domain.Devices.Disks,
		v1.Disk{Name: "seed", DiskDevice: virtio},
		v1.Disk{Name: "data", DiskDevice: virtio, Serial: "data", Cache: v1.DriverCacheNone, IO: v1.DriverIONative})
	claim := &v1.PersistentVolumeClaimVolumeSource{}
	claim.ClaimName = name
	vmi.Spec.Volumes = append(vmi.Spec.Volumes,
		v1.Volume{Name: "seed", VolumeSource: v1.VolumeSource{CloudInitNoCloud: &v1.CloudInitNoCloudSource{UserData: guestScript}}},
		v1.Volume{Name: "data", VolumeSource: v1.VolumeSource{PersistentVolumeClaim: claim}})
	address := ""
	b.watch(time.Now(), &v1.VirtualMachineInstanceList{}, func(object client.Object, _ bool) bool {
		seen, ok := object.(*v1.VirtualMachineInstance)
		if ok && seen.Name == name && seen.Status.Phase == v1.VMIPhaseRunning && len(seen.Status.Interfaces) > 0 {
			address = seen.Status.Interfaces[0].IP
		}
		return address != ""
	}, func() { b.must(b.k8s.Create(b.ctx, vmi)) })
	return address
}

// pod is one of the launcher's image.
func (b *bench) pod(name, node, script string) *corev1.Pod {
	b.Helper()
	grace := int64(0)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.PodSpec{
			NodeSelector:                  map[string]string{corev1.LabelHostname: node},
			TerminationGracePeriodSeconds: &grace,
			AutomountServiceAccountToken:  ptr.To(false),
			EnableServiceLinks:            ptr.To(false),
			Volumes:                       []corev1.Volume{{Name: "run", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
			Containers: []corev1.Container{{
				Name: "compute", Image: b.launcherImage(), Command: []string{"sh", "-c", script},
				SecurityContext: &corev1.SecurityContext{RunAsUser: ptr.To[int64](0)},
				VolumeMounts:    []corev1.VolumeMount{{Name: "run", MountPath: "/var/run/kubevirt"}},
				// As much of a busy node as a guest's pod gets.
				Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}},
			}},
		},
	}
}

func (b *bench) launcherImage() string {
	b.Helper()
	return strings.TrimSpace(b.script("kubectl.sh", "get", "daemonset", "-n", installNamespace, "virt-handler",
		"-o", "jsonpath={.spec.template.spec.initContainers[0].image}"))
}

func (b *bench) peer(node string) *corev1.Pod { return b.pod(peerName, node, peerScript) }

// plain runs a QEMU by hand, with the CPU and the accelerator of an instance's.
func (b *bench) plain(node, like string) *corev1.Pod {
	b.Helper()
	image, err := iso9660.Image("cidata", map[string][]byte{
		"user-data": []byte(guestScript), "meta-data": []byte("instance-id: plain\nlocal-hostname: plain\n"),
	}, time.Unix(0, 0))
	b.must(err)
	b.must(b.k8s.Create(b.ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: plainName}, BinaryData: map[string][]byte{"seed.iso": image},
	}))
	b.claim(plainName)
	pod := b.pod(plainName, node, plainScript)
	arguments := strings.Split(b.inPod(b.launcherOf(like), "tr '\\0' '\\n' <\"/proc/$(pidof qemu-system-x86_64)/cmdline\""), "\n")
	for i, argument := range arguments {
		if name := map[string]string{"-cpu": "CPU", "-accel": "ACCELERATOR"}[argument]; name != "" {
			pod.Spec.Containers[0].Env = append(pod.Spec.Containers[0].Env, corev1.EnvVar{Name: name, Value: arguments[i+1]})
		}
	}
	pod.Spec.Containers[0].SecurityContext.Privileged = ptr.To(true) // a bridge, a tap device
	for mount, source := range map[string]corev1.VolumeSource{
		"/guest": {Image: &corev1.ImageVolumeSource{Reference: guestImage, PullPolicy: corev1.PullIfNotPresent}},
		"/seed":  {ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: plainName}}},
		"/claim": {PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: plainName}},
	} {
		name := strings.Trim(mount, "/")
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
		pod.Spec.Containers[0].VolumeMounts = append(pod.Spec.Containers[0].VolumeMounts, corev1.VolumeMount{Name: name, MountPath: mount})
	}
	return pod
}

// runPod starts a pod and waits until it is ready.
func (b *bench) runPod(pod *corev1.Pod) *corev1.Pod {
	b.Helper()
	var ready *corev1.Pod
	b.watch(time.Now(), &corev1.PodList{}, func(object client.Object, _ bool) bool {
		seen, ok := object.(*corev1.Pod)
		if ok && seen.Name == pod.Name && podReady(seen) {
			ready = seen
		}
		return ready != nil
	}, func() { b.must(b.k8s.Create(b.ctx, pod)) })
	return ready
}

func (b *bench) address(pod *corev1.Pod) string { return pod.Status.PodIP }

func (b *bench) launcherOf(vmi string) string {
	b.Helper()
	return strings.TrimSpace(b.script("kubectl.sh", "get", "pods", "-n", namespace, "-l", "vm.kubevirt.io/name="+vmi,
		"-o", "jsonpath={.items[0].metadata.name}"))
}

func (b *bench) inPod(pod, command string) string {
	b.Helper()
	return b.script("kubectl.sh", "exec", "-n", namespace, pod, "-c", "compute", "--", "sh", "-c", command)
}

func (b *bench) fromPeer(command string) string {
	b.Helper()
	return b.inPod(peerName, command)
}

// answers waits until a guest has run its user data.
func (b *bench) answers(name, address string) {
	b.Helper()
	b.fromPeer("for i in $(seq 90); do wget -q -T 2 -O - 'http://" + address + "/cgi-bin/measure?hello' && exit; sleep 1; done; " +
		"echo " + name + " does not answer >&2; exit 1")
}

// rate is what a measurement says, in MiB/s, if it moved all bytes.
func (b *bench) rate(said string, bytes float64) float64 {
	b.Helper()
	var moved, began, ended float64
	if _, err := fmt.Sscan(said, &moved, &began, &ended); err != nil || moved != bytes || ended <= began {
		b.Fatalf("of %.0f bytes, a measurement says %q", bytes, said)
	}
	return moved / mib / (ended - began)
}
