package kubevirt

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/condition"
)

// situation is what a reconcile came to; the conditions follow from it.
type situation struct {
	reason, message                              string
	available, progressing, degraded, notInSynch bool
	// created: everything is there.
	created bool
	// keep leaves the conditions but Synchronized as they were.
	keep bool
}

// former is what the status said before a reconcile, as far as events depend on it.
type former struct {
	phase v1.KubeVirtPhase
	// reason and message are why it was degraded, or that it was not.
	reason, message string
}

// knew: the same had been found before.
func (f former) knew(now situation) bool { return f.reason == now.reason && f.message == now.message }

func rememberStatus(status *v1.KubeVirtStatus) former {
	before := former{phase: status.Phase}
	if c := v1.FindCondition(status.Conditions, v1.ConditionDegraded); c != nil {
		before.reason, before.message = c.Reason, c.Message
	}
	return before
}

// report writes the status: the one place that does.
func (r *Reconciler) report(s *scope, err error) {
	status := &s.kv.Status
	before := rememberStatus(status)
	now := s.situation(err)
	s.setConditions(now)
	if s.primary != nil || s.kv.Namespace != r.Environment.Namespace {
		return
	}
	status.Phase = s.phase(now)
	status.OperatorVersion = r.Environment.Version
	status.DefaultArchitecture = clusterconfig.New(s.kv).DefaultArchitecture
	if s.config != nil {
		s.setDeployment(now)
	}
	if err == nil && s.sent && s.invalid == "" && !s.removed {
		if replicas := s.kv.Spec.Infra; replicas != nil && replicas.Replicas != nil && ptr.Deref(status.ObservedGeneration, 0) != s.kv.Generation {
			r.Events.Emit(s.kv, replicasOverridden(*replicas.Replicas))
		}
		status.ObservedGeneration = ptr.To(s.kv.Generation)
	}
	if now.reason == v1.ReasonAllComponentsReady {
		r.complete.Store(true)
	}
	r.tell(s, before, now)
}

func (s *scope) situation(err error) situation {
	serves := v1.IsConditionTrue(s.kv.Status.Conditions, v1.ConditionAvailable)
	deployed := s.deployed()
	deleting := !s.kv.DeletionTimestamp.IsZero()
	passing := err != nil && !lasting(err)
	switch {
	case s.primary != nil:
		return situation{reason: v1.ReasonExistingDeployment, notInSynch: true, keep: true,
			message: fmt.Sprintf("KubeVirt %s/%s manages the installation", s.primary.Namespace, s.primary.Name)}
	case deleting && (lasting(err) || s.invalid != "" || s.blocked != ""):
		return situation{reason: v1.ReasonDeletionFailed, notInSynch: true, keep: true, message: explain(cmp.Or(s.blocked, s.invalid), err)}
	case deleting && !s.removing && !s.removed:
		// Nobody could say whether machines exist: nothing is begun.
		return situation{keep: true}
	case deleting:
		return situation{reason: v1.ReasonDeletionInProgress, degraded: true, message: cmp.Or(s.waiting, "the installation is being removed")}
	case s.invalid != "" || lasting(err):
		return situation{reason: v1.ReasonDeploymentFailed, available: deployed && s.stillServes(), notInSynch: true, degraded: true,
			message: explain(s.invalid, err)}
	case s.halted() && deployed:
		return situation{reason: v1.ReasonUpdateHalted, available: s.stillServes(), degraded: true, message: s.explainTrouble()}
	case s.waiting == "" && err == nil:
		return situation{reason: v1.ReasonAllComponentsReady, available: true, created: true, message: "All components are ready."}
	case s.updating():
		return situation{reason: v1.ReasonUpdateInProgress, available: true, progressing: true, degraded: true, message: cmp.Or(s.waiting, "beginning")}
	case s.switching && serves && !passing:
		return situation{reason: v1.ReasonDeploymentInProgress, available: s.stillServes(), progressing: true, message: s.awaited()}
	case passing && serves:
		return situation{keep: true}
	case passing:
		return situation{reason: v1.ReasonDeploymentInProgress, progressing: true, message: "trying again: " + err.Error()}
	case serves && s.stillServes():
		return situation{keep: true}
	}
	return situation{reason: v1.ReasonDeploymentInProgress, available: deployed && s.stillServes(), progressing: true,
		degraded: s.trouble != nil, message: s.awaited()}
}

// deployed: everything was there before.
func (s *scope) deployed() bool {
	return v1.IsConditionTrue(s.kv.Status.Conditions, v1.ConditionAvailable) || s.kv.Status.ObservedDeploymentID != ""
}

// awaited says what is, or why it does not come.
func (s *scope) awaited() string {
	if s.trouble != nil {
		return s.explainTrouble()
	}
	return s.waiting
}

// halted: the pods that were to be replaced first do not work, so no more are.
func (s *scope) halted() bool {
	return s.trouble != nil && (s.rolling || s.updating())
}

// explainTrouble keeps its words for as long as the trouble is the same: what a
// program says last differs each time it falls, if only in the time of day.
func (s *scope) explainTrouble() string {
	degraded := v1.FindCondition(s.kv.Status.Conditions, v1.ConditionDegraded)
	if degraded != nil && strings.HasPrefix(degraded.Message, s.trouble.what) {
		return degraded.Message
	}
	return s.trouble.String()
}

// lasting tells errors that trying again will not mend. Any other says nothing about
// the installation: somebody wrote in between, or the API server was busy.
func lasting(err error) bool {
	return apierrors.IsInvalid(err) || apierrors.IsForbidden(err) || apierrors.IsBadRequest(err) ||
		apierrors.IsNotFound(err) || meta.IsNoMatchError(err)
}

// stillServes: an installation that was complete goes on being available while
// pods come and go, as long as one of each component answers, of whatever version.
// Those that were not looked at this time are taken to be as they were.
func (s *scope) stillServes() bool {
	if s.merged != nil && s.merged.Status.ReadyReplicas > 0 {
		return true
	}
	for _, object := range s.live {
		switch o := object.(type) {
		case *appsv1.Deployment:
			if o.Status.ReadyReplicas == 0 {
				return false
			}
		case *appsv1.DaemonSet:
			if o.Status.DesiredNumberScheduled > 0 && o.Status.NumberReady == 0 {
				return false
			}
		}
	}
	return true
}

func explain(invalid string, err error) string {
	if err == nil {
		return invalid
	}
	if meta.IsNoMatchError(err) {
		return "the cluster lacks a kind that is needed: " + err.Error()
	}
	return errors.Join(err).Error()
}

func (s *scope) setConditions(now situation) {
	conditions := &s.kv.Status.Conditions
	set := func(t v1.ConditionType, is bool) {
		status := corev1.ConditionFalse
		if is {
			status = corev1.ConditionTrue
		}
		condition.Set(conditions, v1.Condition{Type: t, Status: status, Reason: now.reason, Message: now.message}, s.now)
	}
	if now.notInSynch {
		set(v1.ConditionSynchronized, false)
	} else if now.reason != "" {
		condition.Remove(conditions, v1.ConditionSynchronized)
	}
	if now.keep {
		return
	}
	set(v1.ConditionAvailable, now.available)
	set(v1.ConditionProgressing, now.progressing)
	set(v1.ConditionDegraded, now.degraded)
	if now.created {
		condition.True(conditions, v1.ConditionCreated, v1.ReasonAllResourcesCreated, "All resources were created.", s.now)
	}
}

func (s *scope) phase(now situation) v1.KubeVirtPhase {
	current := s.kv.Status.Phase
	switch {
	case s.removed:
		return v1.KubeVirtPhaseDeleted
	case now.reason == v1.ReasonDeletionInProgress:
		return v1.KubeVirtPhaseDeleting
	case now.reason == v1.ReasonAllComponentsReady:
		return v1.KubeVirtPhaseDeployed
	case current == "":
		return v1.KubeVirtPhaseDeploying
	}
	return current
}

// setDeployment says what is being installed, and once that is done, what is installed.
func (s *scope) setDeployment(now situation) {
	status, c := &s.kv.Status, s.config
	status.TargetKubeVirtRegistry = c.Registry
	status.TargetKubeVirtVersion = c.Version
	status.TargetDeploymentConfig = c.DeploymentConfig()
	status.TargetDeploymentID = c.DeploymentID()
	if len(s.live) > 0 {
		status.Generations = s.generations(now.reason == v1.ReasonAllComponentsReady)
	}
	if now.reason == v1.ReasonAllComponentsReady {
		status.ObservedKubeVirtRegistry = status.TargetKubeVirtRegistry
		status.ObservedKubeVirtVersion = status.TargetKubeVirtVersion
		status.ObservedDeploymentConfig = status.TargetDeploymentConfig
		status.ObservedDeploymentID = status.TargetDeploymentID
	}
}

// generations lists the objects whose changes the server counts, with the count
// that was applied. Objects not reached this time keep their entry, but once all are.
func (s *scope) generations(complete bool) []v1.GenerationStatus {
	entries := map[string]v1.GenerationStatus{}
	key := func(g v1.GenerationStatus) string {
		return g.Group + "/" + g.Resource + "/" + g.Namespace + "/" + g.Name
	}
	for _, g := range s.kv.Status.Generations {
		if !complete {
			entries[key(g)] = g
		}
	}
	for id, object := range s.live {
		if object.GetGeneration() == 0 {
			continue
		}
		g := v1.GenerationStatus{
			Group: id.kind.Group, Resource: resourceOf(id.kind), Namespace: id.key.Namespace, Name: id.key.Name,
			LastGeneration: object.GetGeneration(), Hash: object.GetAnnotations()[component.AnnotationHash],
		}
		entries[key(g)] = g
	}
	sorted := make([]v1.GenerationStatus, 0, len(entries))
	for _, g := range entries {
		sorted = append(sorted, g)
	}
	slices.SortFunc(sorted, func(a, b v1.GenerationStatus) int { return cmp.Compare(key(a), key(b)) })
	return sorted
}

// resourceOf is the name of a kind's resource, as status.generations has it.
func resourceOf(kind schema.GroupKind) string {
	plural, _ := meta.UnsafeGuessKindToResource(kind.WithVersion(""))
	return plural.Resource
}
