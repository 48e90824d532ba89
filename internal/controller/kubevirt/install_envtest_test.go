//go:build envtest

package kubevirt

import (
	"bytes"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

func TestInstallConverges(t *testing.T) {
	s := newSuite(t)
	kv := s.create("kubevirt", v1.KubeVirtSpec{})
	s.until(kv, "begun", func() bool { return kv.Status.Phase == v1.KubeVirtPhaseDeploying })
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionFalse, v1.ReasonDeploymentInProgress)
	s.expectCondition(kv, v1.ConditionProgressing, corev1.ConditionTrue, v1.ReasonDeploymentInProgress)
	if len(kv.Finalizers) != 1 || kv.Finalizers[0] != v1.FinalizerKubeVirt {
		t.Errorf("finalizers %v", kv.Finalizers)
	}

	s.until(kv, "virt-api's Deployment exists", func() bool { return s.exists(&appsv1.Deployment{}, component.API) })
	if s.exists(&appsv1.Deployment{}, "v1."+component.SubresourceGroup) {
		t.Error("the API server is told to ask virt-api before that serves")
	}
	if !s.exists(&admissionv1.ValidatingWebhookConfiguration{}, component.APIValidator) {
		t.Error("virtual machines can be created unchecked before virt-api serves")
	}
	s.settle(kv)

	for _, c := range []struct {
		t      v1.ConditionType
		status corev1.ConditionStatus
		reason string
	}{
		{v1.ConditionAvailable, corev1.ConditionTrue, v1.ReasonAllComponentsReady},
		{v1.ConditionProgressing, corev1.ConditionFalse, v1.ReasonAllComponentsReady},
		{v1.ConditionDegraded, corev1.ConditionFalse, v1.ReasonAllComponentsReady},
		{v1.ConditionCreated, corev1.ConditionTrue, v1.ReasonAllResourcesCreated},
	} {
		s.expectCondition(kv, c.t, c.status, c.reason)
	}
	status := kv.Status
	if status.OperatorVersion != environment.Version || status.ObservedKubeVirtVersion != environment.Version ||
		status.ObservedKubeVirtRegistry != "registry.test/kv" || status.ObservedDeploymentID == "" ||
		status.ObservedDeploymentID != status.TargetDeploymentID || status.ObservedDeploymentConfig != status.TargetDeploymentConfig {
		t.Errorf("status %+v", status)
	}
	if len(status.Generations) < 20 {
		t.Errorf("only %d objects are counted", len(status.Generations))
	}
	crds := &apiextensionsv1.CustomResourceDefinitionList{}
	s.must(admin.List(s.ctx, crds, managedByUs), "listing CRDs")
	if len(crds.Items) != len(s.r.Definitions.stubs) {
		t.Errorf("%d CRDs are installed, want %d", len(crds.Items), len(s.r.Definitions.stubs))
	}
	for _, e := range s.events.Take() {
		if e.Type == corev1.EventTypeWarning {
			t.Errorf("a warning on a healthy path: %+v", e)
		}
	}
}

// exists tells whether an object of the installation's namespace, or of a
// cluster-wide kind, is there.
func (s *suite) exists(object client.Object, name string) bool {
	s.Helper()
	key := client.ObjectKey{Name: name}
	if namespaced, err := admin.IsObjectNamespaced(object); err != nil || namespaced {
		key.Namespace = namespace
	}
	err := admin.Get(s.ctx, key, object)
	if client.IgnoreNotFound(err) != nil {
		s.Fatalf("reading %T %s: %v", object, name, err)
	}
	return err == nil
}

func TestIdleInstallationCostsNothing(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})
	for range 3 {
		s.reconcile(kv)
	}
	if got := s.writes.take(); len(got) > 0 {
		t.Errorf("written without a reason: %v", got)
	}
	// Another operator's process knows nothing of what this one has done.
	other := newSuite(t)
	other.until(kv, "the cache is filled", func() bool { return len(other.writes.take()) == 0 })
	for range 3 {
		other.reconcile(kv)
	}
	if got := other.writes.take(); len(got) > 0 {
		t.Errorf("a restarted operator writes: %v", got)
	}
}

func TestDriftIsRepaired(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})

	deployment := &appsv1.Deployment{}
	s.exists(deployment, component.API)
	deployment.Spec.Template.Spec.Containers[0].Image = "elsewhere:latest"
	deployment.Spec.Replicas = ptr.To[int32](5)
	s.must(admin.Update(s.ctx, deployment), "changing the Deployment")
	s.until(kv, "the Deployment is as it was", func() bool {
		s.exists(deployment, component.API)
		return deployment.Spec.Template.Spec.Containers[0].Image == environment.Image && *deployment.Spec.Replicas == 2
	})

	role := &rbacv1.ClusterRole{}
	s.exists(role, component.HandlerAccount)
	role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}})
	s.must(admin.Update(s.ctx, role), "changing the role")
	want := len(role.Rules) - 1
	s.until(kv, "the role has only its own rules", func() bool { s.exists(role, component.HandlerAccount); return len(role.Rules) == want })

	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: component.HandlerAccount}}
	s.must(admin.Delete(s.ctx, account), "deleting the account")
	s.until(kv, "the account is back", func() bool {
		s.forget(account)
		return s.exists(&corev1.ServiceAccount{}, component.HandlerAccount)
	})

	crd := &apiextensionsv1.CustomResourceDefinition{}
	s.exists(crd, "virtualmachines.kubevirt.io")
	crd.Spec.Names.ShortNames = []string{"changed"}
	s.must(admin.Update(s.ctx, crd), "changing the CRD")
	s.until(kv, "the CRD is as it was", func() bool {
		s.exists(crd, "virtualmachines.kubevirt.io")
		return len(crd.Spec.Names.ShortNames) == 2
	})
}

// forget tells the reconciler of a deletion, as its watch would.
func (s *suite) forget(object client.Object) {
	gvk, err := admin.GroupVersionKindFor(object)
	s.must(err, "finding a kind")
	s.r.applied.forget(identity{gvk.GroupKind(), client.ObjectKeyFromObject(object)})
}

func TestWhatOthersAddIsLeftAlone(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})
	deployment := &appsv1.Deployment{}
	s.exists(deployment, component.API)
	deployment.Labels["theirs"] = "yes"
	deployment.Spec.Template.Spec.Containers = append(deployment.Spec.Template.Spec.Containers, corev1.Container{Name: "theirs", Image: "theirs"})
	s.must(admin.Update(s.ctx, deployment), "changing the Deployment")
	s.until(kv, "the cache shows it", func() bool {
		cached := &appsv1.Deployment{}
		s.must(s.r.Client.Get(s.ctx, client.ObjectKeyFromObject(deployment), cached), "reading the Deployment")
		return cached.Labels["theirs"] == "yes"
	})
	for range 5 {
		s.reconcile(kv)
	}
	if got := matching(s.writes.take(), "/deployments/virt-api"); len(got) > 1 {
		t.Errorf("fighting over the Deployment: %v", got)
	}
}

func TestChangedSpecReachesTheComponents(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})
	kv.Spec.Infra = &v1.ComponentConfig{Replicas: ptr.To[uint8](1), NodePlacement: &v1.NodePlacement{NodeSelector: map[string]string{"infra": "yes"}}}
	kv.Spec.Workloads = &v1.ComponentConfig{NodePlacement: &v1.NodePlacement{Tolerations: []corev1.Toleration{{Key: "guests", Operator: corev1.TolerationOpExists}}}}
	s.must(admin.Update(s.ctx, kv), "changing the KubeVirt object")
	s.settle(kv)
	deployment, set := &appsv1.Deployment{}, &appsv1.DaemonSet{}
	s.exists(deployment, component.Controller)
	s.exists(set, component.Handler)
	if *deployment.Spec.Replicas != 1 || deployment.Spec.Template.Spec.NodeSelector["infra"] != "yes" {
		t.Errorf("virt-controller has %d replicas on nodes %v", *deployment.Spec.Replicas, deployment.Spec.Template.Spec.NodeSelector)
	}
	if last := set.Spec.Template.Spec.Tolerations; last[len(last)-1].Key != "guests" {
		t.Errorf("virt-handler tolerates %v", last)
	}
	found := false
	for _, e := range s.events.Take() {
		found = found || e.Reason == v1.EventAdvancedFeatureUse
	}
	if !found {
		t.Error("nobody is told that the replicas are overridden")
	}
}

func TestUpdateReplacesVirtAPILast(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})
	s.r.Environment.Image = "registry.test/kv/kubevirt:v2"
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
	s.kubelets()
	s.until(kv, "virt-controller is updated", func() bool { return image(&appsv1.Deployment{}, component.Controller) == next })
	if image(&appsv1.Deployment{}, component.API) == next {
		t.Error("virt-api is updated before virt-controller is")
	}
	before := kv.Status.ObservedDeploymentID
	s.until(kv, "everything is updated", func() bool { s.kubelets(); return kv.Status.ObservedDeploymentID != before })
	if image(&appsv1.Deployment{}, component.API) != next {
		t.Error("virt-api is not updated")
	}
}

func TestLeftoversArePruned(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})
	ours := map[string]string{v1.LabelManagedBy: v1.ManagedByOperator}
	former := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "former", Labels: ours},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}},
	}
	theirs := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "theirs"}}
	s.must(admin.Create(s.ctx, former), "creating a Service")
	s.must(admin.Create(s.ctx, theirs), "creating a ConfigMap")
	t.Cleanup(func() { _ = admin.Delete(s.ctx, theirs) })
	s.until(kv, "the former Service is gone", func() bool { return !s.exists(&corev1.Service{}, "former") })
	if !s.exists(&corev1.ConfigMap{}, "theirs") {
		t.Error("somebody else's object is gone")
	}
}

func TestSecondObjectIsTurnedAway(t *testing.T) {
	s := newSuite(t)
	kv := s.installed(v1.KubeVirtSpec{})
	second := s.create("second", v1.KubeVirtSpec{})
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

func TestWebhooksTrustTheAuthority(t *testing.T) {
	s := newSuite(t)
	s.installed(v1.KubeVirtSpec{})
	if s.exists(&admissionv1.ValidatingWebhookConfiguration{}, component.OperatorValidator) {
		t.Error("KubeVirt objects are refused before the operator serves its webhooks")
	}
	s.serving = true
	_, err := s.identity.Reconcile(s.ctx, ctrl.Request{})
	s.must(err, "reconciling the identity")
	registered := &admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: component.OperatorValidator}}
	defer func() { s.must(admin.Delete(s.ctx, registered), "deleting the registration") }()
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
