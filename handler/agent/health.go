package agent

import (
	"encoding/json"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/version"
)

// readyGauge is 1 once this process serves.
var readyGauge = prometheus.NewGauge(prometheus.GaugeOpts{
	Name: "kubevirt_virt_handler_ready_status",
	Help: "Whether virt-handler serves its node.",
})

// infoGauge tells what runs.
var infoGauge = prometheus.NewGauge(prometheus.GaugeOpts{
	Name:        "kubevirt_info",
	Help:        "Version of KubeVirt; always 1.",
	ConstLabels: prometheus.Labels{"goversion": runtime.Version(), "kubeversion": version.Reported()},
})

func init() {
	infoGauge.Set(1)
	metrics.Registry.MustRegister(readyGauge, infoGauge)
}

// health answers with the version of the configuration in effect.
func health(config func() *clusterconfig.Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// The client may be gone; there is nobody to tell.
		_ = json.NewEncoder(w).Encode(map[string]string{"config-resource-version": config().ResourceVersion})
	})
}
