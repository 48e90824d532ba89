package controller

import (
	"encoding/json"
	"net/http"
	"sync/atomic"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// health answers /healthz with the resourceVersion of the KubeVirt object whose
// configuration is in effect.
type health struct {
	version atomic.Pointer[string]
}

func (h *health) inEffect(cfg *clusterconfig.Config) { h.version.Store(&cfg.ResourceVersion) }

func (h *health) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	answer := map[string]string{"config-resource-version": ""}
	if version := h.version.Load(); version != nil {
		answer["config-resource-version"] = *version
	}
	w.Header().Set("Content-Type", "application/json")
	// The client may be gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(answer)
}
