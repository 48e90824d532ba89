package workload

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// outdatedGauge is set by the replica that leads; the others say 0.
var outdatedGauge = prometheus.NewGauge(prometheus.GaugeOpts{
	Name: "kubevirt_vmi_number_of_outdated",
	Help: "Number of running guests whose launcher is older than the installation.",
})

// register adds the metric in the processes that reconcile; again for a second manager does no harm.
func register() error {
	var already prometheus.AlreadyRegisteredError
	if err := metrics.Registry.Register(outdatedGauge); err != nil && !errors.As(err, &already) {
		return fmt.Errorf("registering the metric of outdated guests: %w", err)
	}
	return nil
}
