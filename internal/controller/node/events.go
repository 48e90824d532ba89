package node

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

func unresponsive(node string) event.Event {
	return event.Warning(v1.EventNodeUnresponsive, "virt-handler on node %s has not reported for %s; no more guests are placed there", node, silence)
}
