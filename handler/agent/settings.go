package agent

import (
	"sync/atomic"

	"github.com/go-logr/logr"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/internal/ratelimit"
	"kubevirt.io/kubevirt/internal/tlspolicy"
)

// settings are what the KubeVirt object changes of the running process itself.
type settings struct {
	log      logr.Logger
	node     string
	requests *ratelimit.Limiter
	tls      tlspolicy.Policy
	// current is the configuration in effect, that of no object at first.
	current atomic.Pointer[clusterconfig.Config]
}

func newSettings(o Options) *settings {
	s := &settings{log: o.Log, node: o.NodeName}
	s.current.Store(clusterconfig.New(nil))
	s.requests = ratelimit.New(s.current.Load().Requests.Handler)
	return s
}

func (s *settings) follow(config *clusterconfig.Config) {
	verbosity, _ := config.LogVerbosity.On(s.node)
	s.tls.Follow(config)
	logging.SetVerbosity(s.log, verbosity)
	s.requests.Set(config.Requests.Handler)
	s.current.Store(config)
}
