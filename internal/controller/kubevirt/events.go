package kubevirt

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
)

// atOnce is how many events may be about one object in a moment: every object of an
// installation may be put back at the same time.
const atOnce = 200

// tell emits events on what has changed with this reconcile.
func (r *Reconciler) tell(s *scope, before former, now situation) {
	switch {
	case now.reason == v1.ReasonDeploymentFailed && !before.knew(now):
		r.Events.Emit(s.kv, failed(now.message))
	case now.reason == v1.ReasonUpdateHalted && !before.knew(now):
		r.Events.Emit(s.kv, halted(now.message))
	case s.kv.Status.Phase == v1.KubeVirtPhaseDeployed && before.phase != v1.KubeVirtPhaseDeployed:
		r.Events.Emit(s.kv, deployed(s.kv.Status.ObservedKubeVirtVersion))
	}
	r.tellRestored(s)
}

// tellRestored says what was put back. Whoever keeps changing an object is told of
// once, and then waited for.
func (r *Reconciler) tellRestored(s *scope) {
	for _, one := range s.restorations.take() {
		switch {
		case s.kv.UID == "", one.times > free:
		case one.times == free:
			r.Events.Emit(s.kv, contested(one))
		default:
			r.Events.Emit(s.kv, putBack(one))
		}
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

func halted(message string) event.Event {
	return event.Warning(v1.EventFailedUpdate, "the update is halted, what is not updated yet goes on working: %s", message)
}

func putBack(one restoration) event.Event {
	what := "changed"
	if one.deleted {
		what = "deleted"
	}
	return event.Normal(v1.EventRestored, "%s was %s and is as it was again", one.id, what)
}

func contested(one restoration) event.Event {
	return event.Warning(v1.EventContested,
		"%s was put back %d times; it is put back less and less often as long as somebody keeps changing it", one.id, one.times)
}
