package kubevirt

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

// tell emits events on what has changed with this reconcile.
func (r *Reconciler) tell(s *scope, before v1.KubeVirtPhase, wasAvailable bool, now situation) {
	switch {
	case now.reason == v1.ReasonDeploymentFailed && wasAvailable, now.reason == v1.ReasonDeploymentFailed && before == "":
		r.Events.Emit(s.kv, failed(now.message))
	case s.kv.Status.Phase == v1.KubeVirtPhaseDeployed && before != v1.KubeVirtPhaseDeployed:
		r.Events.Emit(s.kv, deployed(s.kv.Status.ObservedKubeVirtVersion))
	}
}

func replicasOverridden(replicas uint8) event.Event {
	return event.Normal(v1.EventAdvancedFeatureUse,
		"spec.infra.replicas sets the replicas of every Deployment to %d; the number that fits the cluster is no longer chosen", replicas)
}

func deployed(version string) event.Event {
	return event.Normal(v1.EventSuccessfulCreate, "all components of %s are ready", version)
}

func failed(message string) event.Event {
	return event.Warning(v1.EventFailedCreate, "the installation cannot be completed: %s", message)
}
