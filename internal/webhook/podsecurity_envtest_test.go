//go:build envtest

package webhook_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/test/builder"
)

// TestPodSecurity has the API server's own admission judge the launcher pods of every
// case that internal/launcherpod has, in a namespace of each standard.
func TestPodSecurity(t *testing.T) {
	ctx := context.Background()
	namespaces := map[string]string{}
	for _, standard := range []string{"restricted", "baseline"} {
		namespaces[standard] = cluster.NewNamespace(t)
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespaces[standard]}}
		if err := merge(cluster.Client, ns, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"`+standard+`"}}}`); err != nil {
			t.Fatal(err)
		}
	}
	// The standards are in effect here: what they forbid is refused.
	privileged := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespaces["baseline"], Name: "privileged"},
		Spec:       corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{Name: "c", Image: "i"}}},
	}
	if err := cluster.Client.Create(ctx, privileged); !apierrors.IsForbidden(err) {
		t.Fatalf("a pod in the node's namespaces: %v", err)
	}
	cases, err := filepath.Glob("../launcherpod/testdata/*/*/vmi.yaml")
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	cases = append(cases, "../launcherpod/testdata/base/vmi.yaml")
	for _, file := range cases {
		for standard, namespace := range namespaces {
			pod := launcher(t, file, namespace)
			if pod == nil {
				continue
			}
			// An SELinux type of the cluster administrator's choice is for namespaces without a standard.
			refused := ""
			if pod.Spec.SecurityContext.SELinuxOptions != nil {
				refused = "seLinuxOptions"
			}
			// A guest gets the node's files where a pod of its namespace may have them, not elsewhere.
			if slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.HostPath != nil }) {
				refused = "hostPath"
			}
			want(t, file+" under "+standard, cluster.Client.Create(ctx, pod, client.DryRunAll), refused)
		}
	}
}

// launcher renders the pod of a case, nil for a case that has none.
func launcher(t *testing.T, file, namespace string) *corev1.Pod {
	t.Helper()
	vmi, kv := builder.VMI(namespace, "vm"), &v1.KubeVirt{}
	for path, into := range map[string]any{file: vmi, filepath.Join(filepath.Dir(file), "kubevirt.yaml"): kv} {
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.Unmarshal(data, into); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	vmi.Namespace, vmi.UID, vmi.Spec.Architecture = namespace, types.UID("1"), "amd64"
	claims := launcherpod.Claims{}
	for i := range vmi.Spec.Volumes {
		if name := vmi.Spec.Volumes[i].ClaimName(); name != "" {
			claims[name] = corev1.PersistentVolumeFilesystem
		}
	}
	pod, err := launcherpod.Render(vmi, clusterconfig.New(kv), launcherpod.Options{LauncherImage: "virt-launcher:1"}, claims)
	if err != nil {
		return nil
	}
	// These would have to exist.
	pod.Spec.RuntimeClassName, pod.Spec.PriorityClassName = nil, ""
	return pod
}
