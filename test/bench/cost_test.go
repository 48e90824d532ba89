//go:build bench

package bench

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	installNamespace = "kubevirt"
	mib              = 1 << 20
)

// writes are the API writes of our own service accounts.
type writes struct{ objects, events, failed float64 }

func (b *bench) script(name string, args ...string) string {
	b.Helper()
	out, err := exec.CommandContext(b.ctx, filepath.Join("..", "..", "hack", name), args...).Output()
	if err != nil {
		b.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// writes counts in the API server's audit log since a moment.
func (b *bench) writes(since time.Time) writes {
	b.Helper()
	out := b.script("cli.sh", "audit", "--json", "--writes", "--no-leases", "--since", since.UTC().Format(time.RFC3339Nano),
		"--user", "system:serviceaccount:"+installNamespace+":")
	var counts []struct {
		Resource      string
		Verb          string
		Count, Failed int
	}
	b.must(json.Unmarshal([]byte(out), &counts))
	var w writes
	for _, c := range counts {
		switch {
		case strings.HasPrefix(c.Resource, "nodes"), strings.Contains(c.Resource, "accessreviews"), strings.Contains(c.Resource, "tokenreviews"):
			// The heartbeat, and reviews that store nothing.
		case strings.HasPrefix(c.Resource, "events"):
			w.events += float64(c.Count)
		default:
			w.objects += float64(c.Count)
			w.failed += float64(c.Failed)
		}
	}
	return w
}

// idle counts what the control plane asks while nothing happens.
func (b *bench) idle() {
	b.settle()
	from := time.Now()
	time.Sleep(20 * time.Second)
	w := b.writes(from)
	b.report.add("writes in 20 idle seconds", w.objects+w.events, 0.5, "")
}

// pss sums the proportional memory of the processes of a pod, in MiB by name.
func (b *bench) pss(pod *corev1.Pod) map[string]float64 {
	b.Helper()
	id := strings.ReplaceAll(string(pod.UID), "-", "[-_]")
	script := `for p in /proc/[0-9]*; do grep -q 'pod` + id + `' $p/cgroup 2>/dev/null || continue; ` +
		`echo "$(awk '/^Pss:/{print $2}' $p/smaps_rollup 2>/dev/null || echo 0) $(cat $p/comm)"; done`
	sums := map[string]float64{}
	for _, line := range strings.Split(b.script("cli.sh", "ssh", pod.Spec.NodeName, "--", "sh", "-c", script), "\n") {
		kib, name, ok := strings.Cut(strings.TrimSpace(line), " ")
		if value, err := strconv.ParseFloat(kib, 64); ok && err == nil {
			sums[name] += value / 1024
		}
	}
	return sums
}

// memory measures while the ten instances of together run, then removes them.
func (b *bench) memory() {
	time.Sleep(10 * time.Second)
	var pods corev1.PodList
	b.must(b.k8s.List(b.ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1.LabelComponent: "virt-launcher"}))
	if len(pods.Items) == 0 {
		b.Fatal("no launcher pod to measure")
	}
	pod := &pods.Items[0]
	var rest float64
	for name, value := range b.pss(pod) {
		b.report.add("launcher pod PSS: "+name, value, 0, "MiB")
		if !strings.HasPrefix(name, "qemu") && name != "pause" {
			rest += value
		}
	}
	b.report.add("launcher pod PSS without QEMU", rest, 40, "MiB")
	request := pod.Spec.Containers[0].Resources.Requests.Memory().Value()
	b.report.add("memory request of a 128 MiB guest's pod", float64(request)/mib, 250, "MiB")

	b.must(b.k8s.List(b.ctx, &pods, client.InNamespace(installNamespace)))
	var all float64
	for i := range pods.Items {
		if strings.HasPrefix(pods.Items[i].Labels[v1.LabelComponent], "virt-") {
			for name, value := range b.pss(&pods.Items[i]) {
				if name != "pause" {
					all += value
				}
			}
		}
	}
	b.report.add(fmt.Sprintf("control plane PSS, %d pods, 10 VMs", len(pods.Items)), all, 250, "MiB")
	b.must(b.k8s.DeleteAllOf(b.ctx, &v1.VirtualMachineInstance{}, client.InNamespace(namespace)))
	for left := (v1.VirtualMachineInstanceList{Items: make([]v1.VirtualMachineInstance, 1)}); len(left.Items) > 0; {
		time.Sleep(200 * time.Millisecond)
		b.must(b.k8s.List(b.ctx, &left, client.InNamespace(namespace)))
	}
}

func (b *bench) images() {
	size := func(name string) float64 {
		info, err := os.Stat(filepath.Join("..", "..", "_out", "images", name+".tar"))
		b.must(err)
		return float64(info.Size()) / mib
	}
	b.report.add("image size: kubevirt", size("kubevirt"), 110, "MiB")
	b.report.add("image size: virt-launcher", size("virt-launcher"), 130, "MiB")
}

// install removes the KubeVirt object and measures a new installation.
func (b *bench) install() {
	var list v1.KubeVirtList
	b.must(b.k8s.List(b.ctx, &list))
	if len(list.Items) != 1 {
		b.Fatalf("%d KubeVirt objects, want one", len(list.Items))
	}
	old := &list.Items[0]
	b.must(b.k8s.Delete(b.ctx, old))
	for b.k8s.Get(b.ctx, client.ObjectKeyFromObject(old), &v1.KubeVirt{}) == nil {
		time.Sleep(200 * time.Millisecond)
	}
	fresh := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: old.Namespace, Name: old.Name}, Spec: old.Spec}
	began := time.Now()
	b.must(b.k8s.Create(b.ctx, fresh))
	for !v1.IsConditionTrue(fresh.Status.Conditions, v1.ConditionAvailable) {
		time.Sleep(100 * time.Millisecond)
		b.must(b.k8s.Get(b.ctx, client.ObjectKeyFromObject(fresh), fresh))
	}
	b.report.add("KubeVirt object applied -> Available", time.Since(began).Seconds(), 25, "s")
}
