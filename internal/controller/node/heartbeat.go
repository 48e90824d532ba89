package node

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// silence is how long a node agent may go without a heartbeat; it reports about
// once a minute.
const silence = 5 * time.Minute

// Silent reports whether the agent of a node has reported before but not for too
// long. A node on which no agent ever reported is not silent.
func Silent(node *corev1.Node, now time.Time) bool {
	last, ok := heartbeat(node)
	return ok && !now.Before(last.Add(silence))
}

// heartbeat returns when the node agent last reported.
func heartbeat(node *corev1.Node) (time.Time, bool) {
	last, err := time.Parse(time.RFC3339, node.Annotations[v1.AnnotationHeartbeat])
	return last, err == nil
}
