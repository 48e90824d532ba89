package agent

import (
	"net/http/httptest"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/metrics"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

func TestHealthTellsTheConfigurationInEffect(t *testing.T) {
	kv := &v1.KubeVirt{}
	kv.ResourceVersion = "4711"
	answer := httptest.NewRecorder()
	health(func() *clusterconfig.Config { return clusterconfig.New(kv) }).ServeHTTP(answer, httptest.NewRequest("GET", "/healthz", nil))
	if got := strings.TrimSpace(answer.Body.String()); answer.Code != 200 || got != `{"config-resource-version":"4711"}` {
		t.Errorf("answer %d %s", answer.Code, got)
	}
}

func TestMetrics(t *testing.T) {
	families, err := metrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, family := range families {
		found[family.GetName()] = true
	}
	for _, name := range []string{"kubevirt_info", "kubevirt_virt_handler_ready_status"} {
		if !found[name] {
			t.Errorf("there is no metric %s", name)
		}
	}
}
