package controller

import (
	"github.com/go-logr/logr"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/internal/ratelimit"
	"kubevirt.io/kubevirt/internal/tlspolicy"
)

// settings are what the KubeVirt object changes of the running process itself.
type settings struct {
	log      logr.Logger
	requests *ratelimit.Limiter
	tls      tlspolicy.Policy
	health   health
}

func newSettings(log logr.Logger) *settings {
	return &settings{log: log, requests: ratelimit.New(clusterconfig.New(nil).Requests.Controller)}
}

func (s *settings) follow(config *clusterconfig.Config) {
	s.tls.Follow(config)
	logging.SetVerbosity(s.log, config.LogVerbosity.Controller)
	s.requests.Set(config.Requests.Controller)
	s.health.inEffect(config)
}
