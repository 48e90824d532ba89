//go:build envtest

package kubevirt

import (
	"fmt"
	"slices"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/certificate"
	"kubevirt.io/kubevirt/internal/component"
)

// testHealing deletes every object of the installation, takes our label off every
// one, and changes what every one says.
func testHealing(s *suite, kv *v1.KubeVirt) {
	// What others have added to it does not come back.
	s.must(admin.Delete(s.ctx, &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: component.API}}), "deleting virt-api")
	*s.serving = true
	s.settle(kv)
	defer func() {
		*s.serving = false
		s.must(admin.Delete(s.ctx, &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: component.OperatorValidator}}), "deleting the registration")
		s.settle(kv)
	}()
	authority := func(object client.Object) bool {
		_, isSecret := object.(*corev1.Secret)
		_, isMap := object.(*corev1.ConfigMap)
		return isSecret && object.GetName() == component.CASecret || isMap && object.GetName() == component.CAConfigMap
	}
	for _, damage := range []struct {
		how, said string
		do        func(client.Object) bool
	}{
		{"deleted", "deleted", func(object client.Object) bool {
			s.must(admin.Delete(s.ctx, object), "deleting")
			return true
		}},
		{"unlabelled", "changed", func(object client.Object) bool {
			return s.alter(object, func() bool { delete(object.GetLabels(), v1.LabelManagedBy); return true })
		}},
		{"changed", "changed", func(object client.Object) bool { return s.alter(object, func() bool { return spoil(object) }) }},
		{"made to trust others", "changed", func(object client.Object) bool { return s.alter(object, func() bool { return s.subvert(object) }) }},
		{"replaced", "changed", func(object client.Object) bool {
			class, ok := object.(*schedulingv1.PriorityClass)
			if !ok {
				return false
			}
			s.must(admin.Delete(s.ctx, object), "deleting")
			class.ResourceVersion, class.UID, class.Value = "", "", 7 // which cannot be changed back
			s.must(admin.Create(s.ctx, class), "making another one")
			return true
		}},
	} {
		s.heal(kv, damage.how, damage.said, func(object client.Object) bool { return !authority(object) && damage.do(object) })
		// With another authority others are told of it: that is no damage of theirs.
		s.heal(kv, damage.how, damage.said, func(object client.Object) bool {
			_, isSecret := object.(*corev1.Secret)
			return authority(object) && isSecret && damage.do(object)
		})
		s.heal(kv, damage.how, damage.said, func(object client.Object) bool {
			_, isMap := object.(*corev1.ConfigMap)
			return authority(object) && isMap && damage.do(object)
		})
	}
}

// alter changes an object as it is now.
func (s *suite) alter(object client.Object, change func() bool) bool {
	s.Helper()
	if !change() {
		return false
	}
	for err := admin.Update(s.ctx, object); err != nil; err = admin.Update(s.ctx, object) {
		if !apierrors.IsConflict(err) {
			s.Fatalf("changing %T %s: %v", object, object.GetName(), err)
		}
		s.must(admin.Get(s.ctx, client.ObjectKeyFromObject(object), object), "reading it again")
		change()
	}
	return true
}

// heal damages objects, waits until all is as it was, and expects one event for each.
func (s *suite) heal(kv *v1.KubeVirt, how, said string, damage func(client.Object) bool) {
	s.Helper()
	// What happened before is no fight.
	s.clock.SetTime(s.clock.Now().Add(peace))
	before := s.everything()
	s.events.Take()
	var want []string
	for id, object := range before {
		if damage(object.DeepCopyObject().(client.Object)) {
			want = append(want, fmt.Sprintf("%s was %s and is as it was again", id, said))
		}
	}
	started, missing, waits := time.Now(), "nothing", 0
	defer func() {
		if missing != "" {
			s.Logf("%s: last awaited: %s", how, missing)
		}
	}()
	s.until(kv, "all is as it was after it was "+how, func() bool {
		s.kubelets()
		missing = s.missing(before)
		if time.Since(started) > time.Duration(waits+1)*removalRetry {
			// The API server may have to be reminded of a CRD, once in a while.
			s.clock.SetTime(s.clock.Now().Add(removalRetry))
			waits++
		}
		return missing == ""
	})
	s.settle(kv)
	s.Logf("%d objects %s and put back in %s", len(want), how, time.Since(started).Round(time.Millisecond))
	var got []string
	for _, e := range s.events.Take() {
		if e.Reason != v1.EventRestored || e.About != client.ObjectKeyFromObject(kv) {
			s.Errorf("event %+v", e)
		}
		got = append(got, e.Message)
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, line := range got {
		if !slices.Contains(want, line) {
			s.Errorf("%s: told without a reason, or in other words: %s", how, line)
		}
	}
	for _, line := range want {
		if n := len(matching(got, line)); n != 1 {
			s.Errorf("%s: told %d times: %s", how, n, line)
		}
	}
}

// everything lists the objects that carry our label.
func (s *suite) everything() map[identity]client.Object {
	s.Helper()
	found := map[identity]client.Object{}
	for _, object := range watched() {
		gvk, err := apiutil.GVKForObject(object, admin.Scheme())
		s.must(err, "finding a kind")
		list, err := admin.Scheme().New(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		s.must(err, "making a list")
		s.must(admin.List(s.ctx, list.(client.ObjectList), managedByUs), "listing "+gvk.Kind)
		s.must(meta.EachListItem(list, func(item runtime.Object) error {
			object := item.(client.Object)
			found[identity{gvk.GroupKind(), client.ObjectKeyFromObject(object)}] = object
			return nil
		}), "listing "+gvk.Kind)
	}
	return found
}

// missing is what is not as it was; empty if all is. Certificates may be others.
func (s *suite) missing(before map[identity]client.Object) string {
	now := s.everything()
	for id, object := range before {
		found, ok := now[id]
		switch {
		case !ok || found.GetDeletionTimestamp() != nil || found.GetLabels()[v1.LabelManagedBy] == "":
			return id.String()
		case digestOf(s, found) != digestOf(s, object):
			return fmt.Sprintf("%s is %.2000s, was %.2000s", id, digestOf(s, found), digestOf(s, object))
		}
		switch o := found.(type) {
		case *corev1.Secret:
			if len(o.Data[corev1.TLSCertKey]) < 100 {
				return id.String()
			}
		case *corev1.ConfigMap:
			if len(o.Data[component.CABundleKey]) < 100 {
				return id.String()
			}
		}
	}
	for id := range now {
		if before[id] == nil {
			return "too many: " + id.String()
		}
	}
	return ""
}

// digestOf is what an object says, without what differs between two of the same.
func digestOf(s *suite, object client.Object) string {
	form, err := newManifest(object)
	s.must(err, "encoding")
	text := fmt.Sprint(form["spec"], form["rules"], form["subjects"], form["description"])
	if hooks, ok := form["webhooks"].([]any); ok {
		for _, hook := range hooks {
			text += fmt.Sprint(hook.(map[string]any)["failurePolicy"])
		}
	}
	if spec, ok := form["spec"].(map[string]any); ok {
		for _, drop := range []string{"caBundle", "clusterIP", "clusterIPs"} {
			delete(spec, drop)
		}
		text = fmt.Sprint(spec, len(text) > 0)
	}
	return text
}

// spoil changes what an object says; false if it says nothing but its name.
func spoil(object client.Object) bool {
	switch o := object.(type) {
	case *appsv1.Deployment:
		o.Spec.Replicas = ptr.To[int32](7)
	case *appsv1.DaemonSet:
		o.Spec.Template.Spec.PriorityClassName = ""
	case *policyv1.PodDisruptionBudget:
		o.Spec.MinAvailable.IntVal = 9
	case *corev1.Service:
		o.Spec.Ports[0].Port = 4711
	case *corev1.Secret:
		o.Data[corev1.TLSCertKey] = []byte("spoilt")
	case *corev1.ConfigMap:
		o.Data[component.CABundleKey] = "spoilt"
	case *rbacv1.ClusterRole:
		o.Rules = nil
	case *rbacv1.Role:
		o.Rules = nil
	case *rbacv1.ClusterRoleBinding:
		o.Subjects = nil
	case *rbacv1.RoleBinding:
		o.Subjects = nil
	case *schedulingv1.PriorityClass:
		o.Description = "spoilt"
	case *admissionv1.ValidatingWebhookConfiguration:
		o.Webhooks[0].FailurePolicy = ptr.To(admissionv1.Ignore)
	case *admissionv1.MutatingWebhookConfiguration:
		o.Webhooks[0].FailurePolicy = ptr.To(admissionv1.Ignore)
	case *admissionv1.ValidatingAdmissionPolicy:
		o.Spec.FailurePolicy = ptr.To(admissionv1.Ignore)
	case *admissionv1.ValidatingAdmissionPolicyBinding:
		o.Spec.ValidationActions = []admissionv1.ValidationAction{admissionv1.Warn}
	case *apiregistrationv1.APIService:
		o.Spec.VersionPriority = 3
	case *apiextensionsv1.CustomResourceDefinition:
		o.Spec.Versions[0].Schema.OpenAPIV3Schema.Description = "spoilt"
	default:
		return false
	}
	return true
}

// subvert adds an authority to those that are trusted.
func (s *suite) subvert(object client.Object) bool {
	trusted, ok := object.(*corev1.ConfigMap)
	if !ok {
		return false
	}
	foreign, err := certificate.NewAuthority("kubevirt.io", s.clock.Now(), time.Hour)
	s.must(err, "making an authority")
	trusted.Data[component.CABundleKey] += string(foreign.CertificatePEM)
	return true
}

// testContest has somebody else want other replicas again and again.
func testContest(s *suite, kv *v1.KubeVirt) {
	t := s.T
	deployment, now := &appsv1.Deployment{}, &appsv1.Deployment{}
	id := identity{schema.GroupKind{Group: "apps", Kind: "Deployment"}, client.ObjectKey{Namespace: namespace, Name: component.Controller}}
	disturb := func() {
		s.exists(deployment, component.Controller)
		deployment.Spec.Replicas = ptr.To(*deployment.Spec.Replicas + 3)
		s.must(admin.Update(s.ctx, deployment), "changing the Deployment")
		s.until(kv, "it is put back or left for now", func() bool {
			s.must(s.r.Client.Get(s.ctx, id.key, now), "reading the Deployment")
			left := now.ResourceVersion == deployment.ResourceVersion && s.r.applied.mayRestore(id, s.clock.Now()).After(s.clock.Now())
			s.exists(now, component.Controller)
			return left || now.ResourceVersion != deployment.ResourceVersion
		})
		for range 3 {
			s.reconcile(kv)
		}
	}
	s.clock.SetTime(s.clock.Now().Add(2 * peace))
	s.writes.take()
	s.events.Take()
	for range 2 * free {
		disturb()
	}
	if n := len(matching(s.writes.take(), "/deployments/virt-controller")); n != free {
		t.Errorf("put back %d times, want %d", n, free)
	}
	reasons, events := map[string]int{}, s.events.Take()
	for _, e := range events {
		reasons[e.Reason]++
	}
	if reasons[v1.EventRestored] != free-1 || reasons[v1.EventContested] != 1 || len(reasons) != 2 {
		t.Errorf("events %+v", events)
	}
	s.clock.SetTime(s.clock.Now().Add(firstPause))
	s.until(kv, "it is put back after a while", func() bool { s.exists(deployment, component.Controller); return *deployment.Spec.Replicas == 2 })
	s.settle(kv)
	s.clock.SetTime(s.clock.Now().Add(2 * peace))
}
