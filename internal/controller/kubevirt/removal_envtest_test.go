//go:build envtest

package kubevirt

import (
	"bytes"
	"slices"
	"strings"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

func testSecond(s *suite, kv *v1.KubeVirt) {
	t := s.T
	second := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "second"}}
	s.must(admin.Create(s.ctx, second), "creating a second KubeVirt object")
	s.until(second, "told so", func() bool { return len(second.Status.Conditions) > 0 })
	s.expectCondition(second, v1.ConditionSynchronized, corev1.ConditionFalse, v1.ReasonExistingDeployment)
	if second.Status.Phase != "" || len(second.Finalizers) > 0 {
		t.Errorf("phase %q, finalizers %v", second.Status.Phase, second.Finalizers)
	}
	s.must(admin.Delete(s.ctx, second), "deleting the second object")
	s.until(second, "gone", func() bool { return second.UID == "" })
	s.reconcile(kv)
	if !s.exists(&appsv1.Deployment{}, component.API) || kv.Status.Phase != v1.KubeVirtPhaseDeployed {
		t.Error("the installation suffers from the second object's deletion")
	}
}

func testTrust(s *suite, kv *v1.KubeVirt) {
	t := s.T
	if s.exists(&admissionv1.ValidatingWebhookConfiguration{}, component.OperatorValidator) {
		t.Error("KubeVirt objects are refused before the operator serves its webhooks")
	}
	*s.serving = true
	_, err := s.identity.Reconcile(s.ctx, ctrl.Request{})
	s.must(err, "reconciling the identity")
	registered := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: component.OperatorValidator}}
	defer func() { *s.serving = false; s.must(admin.Delete(s.ctx, registered), "deleting the registration") }()
	published := &corev1.ConfigMap{}
	s.exists(published, component.CAConfigMap)
	bundle := []byte(published.Data[component.CABundleKey])
	for _, name := range []string{component.APIValidator, component.OperatorValidator} {
		configuration := &admissionv1.ValidatingWebhookConfiguration{}
		if !s.exists(configuration, name) {
			t.Errorf("%s is missing", name)
			continue
		}
		for _, hook := range configuration.Webhooks {
			if !bytes.Equal(hook.ClientConfig.CABundle, bundle) {
				t.Errorf("%s trusts something else", hook.Name)
			}
		}
	}
}

func testUpdate(s *suite, kv *v1.KubeVirt) {
	t := s.T
	s.r.Environment.Image = "registry.test/kv/kubevirt:v2"
	defer s.settle(kv)
	image := func(object client.Object, name string) string {
		s.exists(object, name)
		switch o := object.(type) {
		case *appsv1.Deployment:
			return o.Spec.Template.Spec.Containers[0].Image
		case *appsv1.DaemonSet:
			return o.Spec.Template.Spec.Containers[0].Image
		}
		return ""
	}
	next := s.r.Environment.Image
	s.until(kv, "virt-handler is updated", func() bool { return image(&appsv1.DaemonSet{}, component.Handler) == next })
	s.until(kv, "an update is reported", func() bool {
		c := v1.FindCondition(kv.Status.Conditions, v1.ConditionProgressing)
		return c.Reason == v1.ReasonUpdateInProgress
	})
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionTrue, v1.ReasonUpdateInProgress)
	if image(&appsv1.Deployment{}, component.Controller) == next {
		t.Error("virt-controller is updated before all of virt-handler is")
	}
	s.until(kv, "virt-controller is updated", func() bool {
		s.kubelets()
		return image(&appsv1.Deployment{}, component.Controller) == next
	})
	if image(&appsv1.Deployment{}, component.API) == next {
		t.Error("virt-api is updated before virt-controller is")
	}
	before := kv.Status.ObservedDeploymentID
	s.until(kv, "everything is updated", func() bool { s.kubelets(); return kv.Status.ObservedDeploymentID != before })
	if image(&appsv1.Deployment{}, component.API) != next {
		t.Error("virt-api is not updated")
	}
}

func testBlockedRemoval(s *suite, kv *v1.KubeVirt) {
	s.unguarded()
	vm := &v1.VirtualMachine{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "guest", Finalizers: []string{v1.FinalizerVM}}}
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	s.must(admin.Create(s.ctx, vm), "creating a virtual machine")
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
		Name: "node01", Labels: map[string]string{"theirs": "kept", v1.LabelSchedulable: "true", v1.LabelCPUModelPrefix + "Penryn": "true", v1.LabelCPUManagerLegacy: "false"},
		Annotations: map[string]string{"theirs": "kept", v1.AnnotationHeartbeat: "now"},
	}}
	s.must(admin.Create(s.ctx, node), "creating a node")
	s.must(admin.Delete(s.ctx, kv), "deleting the KubeVirt object")
	s.until(kv, "refused", func() bool {
		c := v1.FindCondition(kv.Status.Conditions, v1.ConditionSynchronized)
		return c != nil && c.Reason == v1.ReasonDeletionFailed && strings.Contains(c.Message, "default/guest")
	})
	if kv.Status.Phase != v1.KubeVirtPhaseDeployed || !s.exists(&appsv1.Deployment{}, component.API) {
		s.Errorf("phase %s: the removal has begun", kv.Status.Phase)
	}
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionTrue, v1.ReasonAllComponentsReady)
}

// unguarded takes the registration of virt-api's webhooks away, because nobody
// answers here; the next reconcile brings it back.
func (s *suite) unguarded() {
	s.must(admin.Delete(s.ctx, &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: component.APIValidator}}), "deleting webhooks")
	s.must(admin.Delete(s.ctx, &admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: component.APIMutator}}), "deleting webhooks")
}

func testRemoval(s *suite, kv *v1.KubeVirt) {
	kv.Spec.UninstallStrategy = v1.UninstallStrategyRemoveWorkloads
	s.must(admin.Update(s.ctx, kv), "allowing the removal")
	crd := &apiextensionsv1.CustomResourceDefinition{}
	s.until(kv, "the kinds are being deleted", func() bool {
		return s.exists(crd, "virtualmachines.kubevirt.io") && !crd.DeletionTimestamp.IsZero()
	})
	s.until(kv, "the phase says so", func() bool { return kv.Status.Phase == v1.KubeVirtPhaseDeleting })
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionFalse, v1.ReasonDeletionInProgress)
	vm := &v1.VirtualMachine{}
	vm.Namespace, vm.Name = "default", "guest"
	s.until(kv, "the virtual machine is being deleted", func() bool {
		s.must(admin.Get(s.ctx, client.ObjectKeyFromObject(vm), vm), "reading the virtual machine")
		return !vm.DeletionTimestamp.IsZero()
	})
	for range 3 {
		s.reconcile(kv)
	}
	if d := (&appsv1.Deployment{}); !s.exists(d, component.Controller) || !d.DeletionTimestamp.IsZero() {
		s.Error("virt-controller is gone before the virtual machines are")
	}
	s.unguarded()
	// The API server forgets the webhooks a moment later.
	s.until(kv, "the virtual machine is finished", func() bool {
		s.must(admin.Get(s.ctx, client.ObjectKeyFromObject(vm), vm), "reading the virtual machine")
		vm.Finalizers = nil
		return admin.Update(s.ctx, vm) == nil
	})
	s.until(kv, "the components stop", func() bool {
		// The API server may have to be reminded of a CRD, some time after its deletion.
		s.clock.SetTime(time.Now())
		d := &appsv1.Deployment{}
		return s.exists(d, component.Controller) && !d.DeletionTimestamp.IsZero()
	})
	if !s.exists(&rbacv1.ClusterRole{}, component.ControllerAccount) || !s.exists(&corev1.Secret{}, component.APISecret) {
		s.Error("what the components use is gone before them")
	}
	s.until(kv, "gone", func() bool { s.collect(); return kv.UID == "" })
	s.nothingLeft()
}

// nothingLeft looks for anything of the installation but the operator's own.
func (s *suite) nothingLeft() {
	s.Helper()
	for _, k := range kinds {
		list := k.list.DeepCopyObject().(client.ObjectList)
		err := admin.List(s.ctx, list, managedByUs)
		if meta.IsNoMatchError(err) {
			continue
		}
		s.must(err, "listing")
		left, err := k.items(list)
		s.must(err, "listing")
		for _, object := range left {
			s.Errorf("%T %s is left", object, object.GetName())
		}
	}
	crds := &apiextensionsv1.CustomResourceDefinitionList{}
	s.must(admin.List(s.ctx, crds), "listing CRDs")
	crds.Items = slices.DeleteFunc(crds.Items, func(crd apiextensionsv1.CustomResourceDefinition) bool { return foreignKinds[crd.Name].Kind != "" })
	if len(crds.Items) != 1 || crds.Items[0].Name != kubeVirtDefinition {
		s.Errorf("%d CRDs are left", len(crds.Items))
	}
	node := &corev1.Node{}
	s.exists(node, "node01")
	if len(node.Labels) != 1 || len(node.Annotations) != 1 || node.Labels["theirs"] != "kept" || node.Annotations["theirs"] != "kept" {
		s.Errorf("the node has labels %v and annotations %v", node.Labels, node.Annotations)
	}
	if !s.exists(&corev1.Secret{}, component.CASecret) {
		s.Error("the operator's own authority is gone")
	}
}
