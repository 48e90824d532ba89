//go:build envtest

package replicaset

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/steps"
	"kubevirt.io/kubevirt/test/builder"
)

// Making and removing instances takes one write for each and one for the status.
func TestScale(t *testing.T) {
	s := newSuite(t, 3, builder.Annotation("note", "y"))
	s.reconcile("3*POST vmi", "PATCH set status")
	s.wantEvents("3*Normal SuccessfulCreate")
	set := s.wantStatus(3, 0)
	for _, vmi := range s.all() {
		if !metav1.IsControlledBy(vmi, set) || !*vmi.OwnerReferences[0].BlockOwnerDeletion || vmi.Labels["app"] != "x" || vmi.Annotations["note"] != "y" {
			t.Errorf("owners %v, labels %v, annotations %v", vmi.OwnerReferences, vmi.Labels, vmi.Annotations)
		}
		if !strings.HasPrefix(vmi.Name, "set-") || len(vmi.Name) != len("set-")+5 || vmi.Spec.Domain.Memory.Guest.String() != "64Mi" {
			t.Errorf("instance %s: %+v", vmi.Name, vmi.Spec.Domain.Memory)
		}
	}
	s.reconcile()

	kept := s.all()[1]
	s.report(kept, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName = "node01"
		s.reached(v1.VMIPhaseScheduled, v1.VMIPhaseRunning)(vmi)
		vmi.Status.Conditions = []v1.Condition{{Type: v1.ConditionReady, Status: "True"}}
	})
	s.reconcile("PATCH set status")
	s.wantStatus(3, 1)
	s.reconcile()

	s.scaleTo(1)
	s.reconcile("2*DELETE vmi", "PATCH set status")
	s.wantEvents("2*Normal SuccessfulDelete")
	s.wantStatus(1, 1)
	if live := s.live(); len(live) != 1 || live[0].Name != kept.Name {
		t.Errorf("the one that was ready is not the one that is left: %v", live)
	}
	s.reconcile()
	s.released()
	s.reconcile()

	s.scaleTo(0)
	s.reconcile("DELETE vmi", "PATCH set status")
	s.wantStatus(0, 0)
	s.released()
	s.reconcile()
	s.wantEvents("Normal SuccessfulDelete")
}

// Without a number there is one instance, and one that is deleted is replaced
// while it is still on its way out.
func TestOneByDefault(t *testing.T) {
	s := newSuite(t, 1)
	s.change(func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Replicas = nil })
	s.reconcile("POST vmi", "PATCH set status")
	if err := cluster.Client.Delete(s.ctx, s.all()[0]); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST vmi")
	s.wantStatus(1, 0)
}

func TestBurst(t *testing.T) {
	s := newSuite(t, burst+2)
	s.reconcile(fmt.Sprintf("%d*POST vmi", burst), "PATCH set status")
	s.wantStatus(burst, 0)
	s.reconcile("2*POST vmi", "PATCH set status")
	s.wantStatus(burst+2, 0)
	s.reconcile()
	s.scaleTo(0)
	s.reconcile(fmt.Sprintf("%d*DELETE vmi", burst), "PATCH set status")
	s.reconcile("2*DELETE vmi", "PATCH set status")
	s.wantStatus(0, 0)
	s.released()
	if left := s.all(); len(left) > 0 {
		t.Errorf("%d instances are left", len(left))
	}
	s.reconcile()
}

// An orphan whose labels match becomes an instance of the set, once; one whose
// labels no longer match is let go and replaced.
func TestAdoptAndRelease(t *testing.T) {
	s := newReconciler(t, cluster.NewNamespace(t))
	orphan := builder.VMI(s.key.Namespace, "orphan", label)
	for _, vmi := range []*v1.VirtualMachineInstance{orphan, builder.VMI(s.key.Namespace, "stranger", builder.Label("app", "y"))} {
		if err := cluster.Client.Create(s.ctx, vmi); err != nil {
			t.Fatal(err)
		}
	}
	s.createSet(2, label)
	s.freeze()
	s.reconcile("PATCH vmi", "POST vmi", "PATCH set status")
	s.wantStatus(2, 0)
	s.reconcile()
	s.thaw()
	s.reconcile()
	adopted := s.get("orphan")
	if !metav1.IsControlledBy(adopted, s.set()) || adopted.UID != orphan.UID {
		t.Fatalf("owners: %v", adopted.OwnerReferences)
	}
	s.report(adopted, func(vmi *v1.VirtualMachineInstance) { vmi.Labels["app"] = "debugged" })
	s.reconcile("PATCH vmi", "POST vmi")
	if vmi := s.get("orphan"); len(vmi.OwnerReferences) != 0 || !vmi.DeletionTimestamp.IsZero() {
		t.Errorf("the instance was not just let go: %v", vmi.ObjectMeta)
	}
	s.reconcile()
	if vmi := s.get("stranger"); len(vmi.OwnerReferences) != 0 {
		t.Errorf("a stranger was adopted: %v", vmi.OwnerReferences)
	}
	s.wantEvents("2*Normal SuccessfulCreate")
}

// An orphan too many is adopted all the same, and counts.
func TestAdoptTooMany(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST vmi", "PATCH set status")
	running := builder.VMI(s.key.Namespace, "orphan", label)
	if err := cluster.Client.Create(s.ctx, running); err != nil {
		t.Fatal(err)
	}
	s.report(running, func(vmi *v1.VirtualMachineInstance) {
		vmi.Status.NodeName = "node01"
		s.reached(v1.VMIPhaseRunning)(vmi)
	})
	s.reconcile("PATCH vmi", "DELETE vmi")
	if live := s.live(); len(live) != 1 || live[0].Name != "orphan" {
		t.Errorf("left: %v", live)
	}
}

// Somebody has changed the orphan since the cache saw it.
func TestAdoptionConflict(t *testing.T) {
	s := newReconciler(t, cluster.NewNamespace(t))
	orphan := builder.VMI(s.key.Namespace, "orphan", label)
	if err := cluster.Client.Create(s.ctx, orphan); err != nil {
		t.Fatal(err)
	}
	s.createSet(1, label)
	s.freeze()
	s.report(orphan, func(vmi *v1.VirtualMachineInstance) { vmi.Labels["app"] = "y" })
	if result := s.reconcile("PATCH vmi failed", "PATCH set status"); result != steps.Soon {
		t.Errorf("tries again after %s", result.RequeueAfter)
	}
	if vmi := s.get("orphan"); len(vmi.OwnerReferences) != 0 {
		t.Errorf("owners: %v", vmi.OwnerReferences)
	}
	s.thaw()
	s.reconcile("POST vmi", "PATCH set status")
}

func TestPaused(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("2*POST vmi", "PATCH set status")
	s.wantEvents("2*Normal SuccessfulCreate")
	s.change(func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Paused = true })
	s.reconcile("PATCH set status")
	s.wantEvents("Normal SuccessfulPaused")
	s.wantCondition(v1.ConditionReplicaPaused, "True Paused")
	s.scaleTo(1)
	s.reconcile()
	s.scaleTo(5)
	s.report(s.all()[0], s.reached(v1.VMIPhaseFailed))
	s.reconcile("PATCH set status")
	s.wantStatus(1, 0)
	if n := len(s.live()); n != 2 {
		t.Errorf("%d instances", n)
	}
	s.wantEvents()
	s.change(func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Paused = false })
	s.reconcile("DELETE vmi", "4*POST vmi", "PATCH set status")
	s.wantCondition(v1.ConditionReplicaPaused, "")
	s.wantEvents("Normal SuccessfulDelete", "4*Normal SuccessfulCreate", "Normal SuccessfulResumed")
}

// A guest that has run and ended is replaced at once.
func TestFinishedIsReplaced(t *testing.T) {
	for _, end := range []v1.VirtualMachineInstancePhase{v1.VMIPhaseSucceeded, v1.VMIPhaseFailed} {
		t.Run(string(end), func(t *testing.T) {
			s := newSuite(t, 1)
			s.reconcile("POST vmi", "PATCH set status")
			first := s.all()[0]
			s.report(first, s.reached(v1.VMIPhaseScheduled, v1.VMIPhaseRunning))
			s.clock.SetTime(s.clock.Now().Add(time.Hour))
			s.report(first, s.reached(end))
			s.reconcile("DELETE vmi", "POST vmi")
			s.wantStatus(1, 0)
			if live := s.live(); len(live) != 1 || live[0].Name == first.Name || live[0].Annotations[v1.AnnotationFailuresInARow] != "" {
				t.Errorf("left: %v", live)
			}
			s.released()
			s.reconcile()
			s.wantEvents("Normal SuccessfulCreate", "Normal SuccessfulDelete", "Normal SuccessfulCreate")
		})
	}
}

// Instances that end as soon as they start are replaced ever more rarely, while
// the rest of the set goes on as ever.
func TestCrashLoop(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("2*POST vmi", "PATCH set status")
	s.report(s.all()[0], s.reached(v1.VMIPhaseFailed))
	s.reconcile("DELETE vmi", "POST vmi")
	for failures := 1; failures < 4; failures++ {
		s.released()
		s.report(s.after(failures), s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseFailed))
		delay := delayAfter(failures + 1)
		wait := s.reconcile("PATCH set status").RequeueAfter
		s.wantStatus(1, 0)
		if wait <= delay-2*time.Second || wait > delay {
			t.Fatalf("replaces it after %s, want about %s", wait, delay)
		}
		s.reconcile()
		s.clock.SetTime(s.clock.Now().Add(delay))
		s.reconcile("DELETE vmi", "POST vmi", "PATCH set status")
		s.wantStatus(2, 0)
	}
	s.scaleTo(3)
	s.reconcile("POST vmi", "PATCH set status")
	s.wantCondition(v1.ConditionReplicaFailure, "")
}

// What admission of instances refuses is told once, and tried again with back-off.
func TestRefusedInstances(t *testing.T) {
	s := newSuite(t, 3, builder.Annotation("refused", "y"))
	s.refuse("refused")
	for range 2 {
		if _, err := s.tryReconcile(); !apierrors.IsInvalid(err) {
			t.Fatalf("error %v", err)
		}
	}
	s.wantWrites("POST vmi failed", "PATCH set status", "POST vmi failed")
	s.wantEvents("Warning FailedCreate")
	c := s.wantCondition(v1.ConditionReplicaFailure, "True FailedCreate")
	if !strings.Contains(c.Message, "metadata.annotations") {
		t.Errorf("message %q", c.Message)
	}
	s.change(func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Template.Metadata.Annotations = nil })
	s.reconcile("3*POST vmi", "PATCH set status")
	s.wantCondition(v1.ConditionReplicaFailure, "")
	s.wantStatus(3, 0)
}

// refuse has the API server refuse instances with an annotation, as a cluster's own
// policy may: our webhooks find what they refuse in the template already.
func (s *suite) refuse(annotation string) {
	s.Helper()
	meta := metav1.ObjectMeta{Name: "refuse-" + s.key.Namespace}
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: meta, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{{
			RuleWithOperations: admissionv1.RuleWithOperations{
				Operations: []admissionv1.OperationType{admissionv1.Create},
				Rule: admissionv1.Rule{
					APIGroups: []string{v1.GroupName}, APIVersions: []string{v1.Version}, Resources: []string{v1.ResourceVirtualMachineInstances},
				},
			},
		}}},
		Validations: []admissionv1.Validation{{
			Expression: fmt.Sprintf("!(%q in object.metadata.?annotations.orValue({}))", annotation), Message: "metadata.annotations: not here",
		}},
	}}
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: meta, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: meta.Name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
	}}
	for _, object := range []client.Object{policy, binding} {
		if err := cluster.Client.Create(s.ctx, object); err != nil {
			s.Fatal(err)
		}
		s.Cleanup(func() { _ = cluster.Client.Delete(s.ctx, object) })
	}
	// The API server takes up a policy a moment after it is created.
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		vmi := builder.VMI(s.key.Namespace, "probe", builder.Annotation(annotation, "y"))
		if err := cluster.Client.Create(s.ctx, vmi, client.DryRunAll); apierrors.IsInvalid(err) {
			return
		} else if time.Now().After(end) {
			s.Fatalf("the policy is not in effect: %v", err)
		}
	}
}

// With its namespace the set goes too: there is nothing to complain about.
func TestNamespaceTerminates(t *testing.T) {
	s := newSuite(t, 3)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.key.Namespace}}
	if err := cluster.Client.Delete(s.ctx, namespace); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST vmi failed", "PATCH set status")
	s.reconcile("POST vmi failed")
	s.wantEvents()
	s.wantCondition(v1.ConditionReplicaFailure, "")
}

// An autoscaler sees and sets the number of instances through the scale
// subresource.
func TestScaleSubresource(t *testing.T) {
	s := newSuite(t, 1)
	s.reconcile("POST vmi", "PATCH set status")
	scale := &autoscalingv1.Scale{}
	subresource := cluster.Client.SubResource("scale")
	if err := subresource.Get(s.ctx, s.set(), scale); err != nil {
		t.Fatal(err)
	}
	selector, err := labels.Parse(scale.Status.Selector)
	if err != nil || scale.Spec.Replicas != 1 || scale.Status.Replicas != 1 {
		t.Fatalf("scale %+v %+v (%v)", scale.Spec, scale.Status, err)
	}
	if vmi := s.all()[0]; selector.Empty() || !selector.Matches(labels.Set(vmi.Labels)) {
		t.Errorf("selector %q does not find %v", scale.Status.Selector, vmi.Labels)
	}
	scale.Spec.Replicas = 4
	if err := subresource.Update(s.ctx, s.set(), client.WithSubResourceBody(scale)); err != nil {
		t.Fatal(err)
	}
	s.reconcile("3*POST vmi", "PATCH set status")
	if err := subresource.Get(s.ctx, s.set(), scale); err != nil || scale.Status.Replicas != 4 {
		t.Errorf("scale status %+v (%v)", scale.Status, err)
	}
	scale.Spec.Replicas = -1
	if err := subresource.Update(s.ctx, s.set(), client.WithSubResourceBody(scale)); !apierrors.IsInvalid(err) {
		t.Errorf("less than nothing: %v", err)
	}
}

// The garbage collector, which does not run here, deals with the instances of a
// set that is being deleted.
func TestDeletedSetIsLeftAlone(t *testing.T) {
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationOrphan, metav1.DeletePropagationForeground} {
		t.Run(string(policy), func(t *testing.T) {
			s := newSuite(t, 2)
			s.reconcile("2*POST vmi", "PATCH set status")
			s.scaleTo(1)
			if err := cluster.Client.Delete(s.ctx, s.set(), client.PropagationPolicy(policy)); err != nil {
				t.Fatal(err)
			}
			orphan := builder.VMI(s.key.Namespace, "orphan", label)
			if err := cluster.Client.Create(s.ctx, orphan); err != nil {
				t.Fatal(err)
			}
			s.reconcile()
			if live := s.live(); len(live) != 3 {
				t.Errorf("%d instances", len(live))
			}
			if vmi := s.get("orphan"); len(vmi.OwnerReferences) != 0 {
				t.Errorf("owners: %v", vmi.OwnerReferences)
			}
		})
	}
}

// A set that the cache still shows but that has been deleted, or made anew, adopts
// nothing.
func TestDeletedSetAdoptsNothing(t *testing.T) {
	s := newSuite(t, 1)
	old := s.set()
	if err := cluster.Client.Delete(s.ctx, old, client.PropagationPolicy(metav1.DeletePropagationOrphan)); err != nil {
		t.Fatal(err)
	}
	orphan := builder.VMI(s.key.Namespace, "orphan", label)
	if err := cluster.Client.Create(s.ctx, orphan); err != nil {
		t.Fatal(err)
	}
	scope, err := s.r.read(s.ctx, old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.r.claim(s.ctx, scope); err != nil || len(scope.instances) != 0 {
		t.Errorf("claimed %d instances (%v)", len(scope.instances), err)
	}
	s.wantWrites()
}

// Forgotten sets leave nothing behind in this process, and a new one of the name
// takes over what was orphaned.
func TestOrphansFindANewSet(t *testing.T) {
	s := newSuite(t, 2)
	s.reconcile("2*POST vmi", "PATCH set status")
	for _, vmi := range s.all() {
		s.report(vmi, func(vmi *v1.VirtualMachineInstance) { vmi.OwnerReferences = nil })
	}
	if err := cluster.Client.Delete(s.ctx, s.set()); err != nil {
		t.Fatal(err)
	}
	s.reconcile()
	s.createSet(2, label)
	s.reconcile("2*PATCH vmi", "PATCH set status")
	s.wantStatus(2, 0)
	s.reconcile()
}

// A selector that does not find what the set makes, stored without admission,
// makes nothing at all.
func TestSelectorWithoutEffect(t *testing.T) {
	s := newSuite(t, 2)
	set := s.set()
	set.Spec.Selector.MatchLabels["app"] = "y"
	scope, err := s.r.read(s.ctx, set)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := steps.Run(s.ctx, scope, s.r.claim, s.r.scale); !errors.Is(err, reconcile.TerminalError(nil)) {
		t.Errorf("error %v", err)
	}
	s.wantWrites()
	s.wantEvents("Warning FailedCreate")
	if setStatus(scope); !v1.IsConditionTrue(set.Status.Conditions, v1.ConditionReplicaFailure) {
		t.Errorf("conditions: %v", set.Status.Conditions)
	}
}

// The webhook stands between users and sets that cannot work.
func TestAdmission(t *testing.T) {
	s := newSuite(t, 1)
	for name, change := range map[string]func(*v1.VirtualMachineInstanceReplicaSet){
		"spec.template.metadata.labels": func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Selector.MatchLabels["app"] = "y" },
		"spec.selector":                 func(set *v1.VirtualMachineInstanceReplicaSet) { set.Spec.Selector.MatchLabels = nil },
		"spec.template.spec.domain.devices.tpm": func(set *v1.VirtualMachineInstanceReplicaSet) {
			set.Spec.Template.Spec.Domain.Devices.TPM = &v1.TPMDevice{}
		},
		"spec.replicas": func(set *v1.VirtualMachineInstanceReplicaSet) { *set.Spec.Replicas = -1 },
	} {
		set := s.set()
		change(set)
		if err := cluster.Client.Update(s.ctx, set); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), name+":") {
			t.Errorf("changing a set to a wrong %s: %v", name, err)
		}
		set.ObjectMeta = metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "other"}
		if err := cluster.Client.Create(s.ctx, set); !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), name+":") {
			t.Errorf("creating a set with a wrong %s: %v", name, err)
		}
	}
}

// after returns the instance that follows so many failures in a row.
func (s *suite) after(failures int) *v1.VirtualMachineInstance {
	s.Helper()
	for _, vmi := range s.live() {
		if vmi.Annotations[v1.AnnotationFailuresInARow] == fmt.Sprint(failures) {
			return vmi
		}
	}
	s.Fatalf("no instance after %d failures", failures)
	return nil
}

func (s *suite) get(name string) *v1.VirtualMachineInstance {
	s.Helper()
	vmi := &v1.VirtualMachineInstance{}
	if err := cluster.Client.Get(s.ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: name}, vmi); err != nil {
		s.Fatalf("reading instance %s: %v", name, err)
	}
	return vmi
}
