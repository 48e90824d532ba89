package apiserver

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"k8s.io/component-base/metrics/legacyregistry"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
)

// metrics answers with all that this program counts: what the API server's library
// does, and what controllers do, where virt-controller runs in the same program. The
// ServiceMonitor brings no credentials, so anybody may ask, but not for much work.
func metrics() http.Handler {
	return promhttp.HandlerFor(registries{legacyregistry.DefaultGatherer, ctrlmetrics.Registry}, promhttp.HandlerOpts{
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	})
}

// registries are several that may know the same metric, such as those of the process:
// the first one's counts.
type registries []prometheus.Gatherer

// Gather implements prometheus.Gatherer.
func (r registries) Gather() ([]*dto.MetricFamily, error) {
	var all []*dto.MetricFamily
	var errs []error
	for _, registry := range r {
		families, err := registry.Gather()
		errs = append(errs, err)
		for _, family := range families {
			known := func(other *dto.MetricFamily) bool { return other.GetName() == family.GetName() }
			if !slices.ContainsFunc(all, known) {
				all = append(all, family)
			}
		}
	}
	return all, errors.Join(errs...)
}
