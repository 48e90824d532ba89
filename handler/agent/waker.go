package agent

import (
	"maps"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// waker brings a node's next heartbeat forward when what it looks at in the cluster's
// configuration changes: not whenever the object does, which would be a write on every
// node.
type waker struct {
	last    *clusterconfig.Config
	channel chan struct{}
}

func newWaker(config *clusterconfig.Config) *waker {
	return &waker{last: config, channel: make(chan struct{}, 1)}
}

// inEffect is told of one configuration at a time.
func (w *waker) inEffect(config *clusterconfig.Config) {
	before := w.last
	w.last = config
	if maps.Equal(before.ObsoleteCPUModels, config.ObsoleteCPUModels) && apiequality.Semantic.DeepEqual(before.KSMNodes, config.KSMNodes) {
		return
	}
	select {
	case w.channel <- struct{}{}:
	default: // it is awake
	}
}
