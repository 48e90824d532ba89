package apiserver

import (
	"sync/atomic"

	"github.com/go-logr/logr"

	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/logging"
	"kubevirt.io/kubevirt/internal/ratelimit"
	"kubevirt.io/kubevirt/internal/tlspolicy"
)

// surveyShare divides the rate of virt-api for what reads the whole cluster to explain
// a machine.
const surveyShare = 5

// settings are what the KubeVirt object changes of the running process itself.
type settings struct {
	log logr.Logger
	// live, admitting and surveyor limit the client of verbs, that of the webhooks and
	// that of explanations.
	live, admitting, surveyor *ratelimit.Limiter
	tls                       tlspolicy.Policy
	// current is the configuration in effect, that of no object at first.
	current atomic.Pointer[clusterconfig.Config]
}

func newSettings(log logr.Logger) *settings {
	standard := clusterconfig.New(nil)
	s := &settings{
		log: log, live: ratelimit.New(standard.Requests.API), admitting: ratelimit.New(standard.Requests.Webhook),
		surveyor: ratelimit.New(standard.Requests.API.Share(surveyShare)),
	}
	s.current.Store(standard)
	return s
}

func (s *settings) follow(config *clusterconfig.Config) {
	s.tls.Follow(config)
	logging.SetVerbosity(s.log, config.LogVerbosity.API)
	s.live.Set(config.Requests.API)
	s.admitting.Set(config.Requests.Webhook)
	s.surveyor.Set(config.Requests.API.Share(surveyShare))
	s.current.Store(config)
}
