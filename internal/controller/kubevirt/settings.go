package kubevirt

import (
	"github.com/go-logr/logr"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/internal/tlspolicy"
)

// settings are what the KubeVirt object changes of the running process itself.
type settings struct {
	log logr.Logger
	tls tlspolicy.Policy
}

func (s *settings) follow(config *clusterconfig.Config) {
	s.tls.Follow(config)
	logging.SetVerbosity(s.log, config.LogVerbosity.Operator)
}
