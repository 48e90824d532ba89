//go:build cluster

package selftest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const patience = 40 * time.Second

// pod is a pod of the probe. Its extra parts are YAML in flow form.
type pod struct {
	name, node, image string
	// spec and extra are lines of the pod's spec and of its container.
	spec, extra, volumes string
	// networks are those beside the first one, as Multus takes them; labels
	// are more than its name.
	networks, labels string
}

func (p pod) manifest() string {
	if p.image == "" {
		p.image = probeImage
	}
	if p.volumes == "" {
		p.volumes = "[]"
	}
	return fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: %s, labels: {name: %[1]s%s}, annotations: {k8s.v1.cni.cncf.io/networks: %q}}
spec:
  nodeSelector: {kubernetes.io/hostname: %s}
  terminationGracePeriodSeconds: 1
  volumes: %s
  %s
  containers:
  - name: probe
    image: %s
    %s
`, p.name, p.labels, p.networks, p.node, p.volumes, p.spec, p.image, p.extra)
}

// apply creates the pod and removes it when the test ends.
func (p pod) apply(t *testing.T) {
	t.Helper()
	apply(t, p.manifest())
}

func apply(t *testing.T, manifest string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t)(kubectl("apply", "-f", file))
	t.Cleanup(func() {
		if _, err := kubectl("delete", "--ignore-not-found", "--now", "-f", file); err != nil {
			t.Error(err)
		}
	})
}

// run creates the pod and waits for it to be ready.
func (p pod) run(t *testing.T) {
	t.Helper()
	p.apply(t)
	must(t)(kubectl("wait", "pod", p.name, "--for=condition=Ready", "--timeout="+patience.String()))
}

// exec runs the probe in the pod.
func (p pod) exec(t *testing.T, args ...string) string {
	t.Helper()
	return must(t)(p.try(args...))
}

func (p pod) try(args ...string) (string, error) {
	return kubectl(append([]string{"exec", p.name, "--", "/probe"}, args...)...)
}
