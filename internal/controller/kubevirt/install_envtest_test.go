//go:build envtest

package kubevirt

import (
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// TestInstallation takes one installation from its beginning to its end. The parts
// build on each other: installing costs the API server tens of seconds.
func TestInstallation(t *testing.T) {
	s := newSuite(t)
	t.Cleanup(s.forgetCertificates)
	kv := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "kubevirt"}}
	s.must(admin.Create(s.ctx, kv), "creating a KubeVirt object")
	for _, part := range []struct {
		name string
		test func(*suite, *v1.KubeVirt)
	}{
		{"converges", testConvergence},
		{"costs nothing when idle", testIdle},
		{"repairs drift", testDrift},
		{"leaves alone what others add", testForeign},
		{"passes a changed spec on", testChangedSpec},
		{"prunes leftovers", testPruning},
		{"switches to the edge profile and back", testEdge},
		{"customizes what it installs, and back", testCustomization},
		{"has Prometheus watch over it", testMonitoring},
		{"turns a second object away", testSecond},
		{"has the API server trust its authority", testTrust},
		{"puts everything back that is deleted or changed", testHealing},
		{"costs nothing when healed", testIdle},
		{"does not fight for ever", testContest},
		{"halts an update at the first pod that fails", testCanary},
		{"updates virt-api last", testUpdate},
		{"stays while there are virtual machines", testBlockedRemoval},
		{"goes without a trace", testRemoval},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.test(s.in(t), kv) }) {
			t.Fatal("what follows builds on this")
		}
	}
}

func testConvergence(s *suite, kv *v1.KubeVirt) {
	t := s.T
	s.until(kv, "begun", func() bool { return kv.Status.Phase == v1.KubeVirtPhaseDeploying })
	s.expectCondition(kv, v1.ConditionAvailable, corev1.ConditionFalse, v1.ReasonDeploymentInProgress)
	s.expectCondition(kv, v1.ConditionProgressing, corev1.ConditionTrue, v1.ReasonDeploymentInProgress)
	if len(kv.Finalizers) != 1 || kv.Finalizers[0] != v1.FinalizerKubeVirt {
		t.Errorf("finalizers %v", kv.Finalizers)
	}

	s.until(kv, "virt-api's Deployment exists", func() bool { return s.exists(&appsv1.Deployment{}, component.API) })
	if s.exists(&apiregistrationv1.APIService{}, "v1."+component.SubresourceGroup) {
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

func testIdle(s *suite, kv *v1.KubeVirt) {
	t := s.T
	for range 3 {
		s.reconcile(kv)
	}
	if got := s.writes.take(); len(got) > 0 {
		t.Errorf("written without a reason: %v", got)
	}
	// Another process of the operator knows nothing of what this one has done.
	other := newSuite(t)
	other.until(kv, "the cache is filled", func() bool { return len(other.writes.take()) == 0 })
	for range 3 {
		other.reconcile(kv)
	}
	if got := other.writes.take(); len(got) > 0 {
		t.Errorf("a restarted operator writes: %v", got)
	}
}

func testDrift(s *suite, kv *v1.KubeVirt) {

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
	s.until(kv, "the account is back", func() bool { return s.exists(&corev1.ServiceAccount{}, component.HandlerAccount) })

	crd := &apiextensionsv1.CustomResourceDefinition{}
	s.exists(crd, "virtualmachines.kubevirt.io")
	crd.Spec.Names.ShortNames = []string{"changed"}
	s.must(admin.Update(s.ctx, crd), "changing the CRD")
	s.until(kv, "the CRD is as it was", func() bool {
		s.exists(crd, "virtualmachines.kubevirt.io")
		return len(crd.Spec.Names.ShortNames) == 2
	})
}

func testForeign(s *suite, kv *v1.KubeVirt) {
	t := s.T
	s.writes.take()
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
	s.exists(deployment, component.API)
	deployment.Spec.Template.Spec.Containers = deployment.Spec.Template.Spec.Containers[:1]
	s.must(admin.Update(s.ctx, deployment), "taking it back")
}

func testChangedSpec(s *suite, kv *v1.KubeVirt) {
	t := s.T
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
	kv.Spec.Infra, kv.Spec.Workloads = nil, nil
	s.must(admin.Update(s.ctx, kv), "changing the KubeVirt object back")
	s.settle(kv)
}

func testPruning(s *suite, kv *v1.KubeVirt) {
	t := s.T
	ours := map[string]string{v1.LabelManagedBy: v1.ManagedByOperator}
	former := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "former", Labels: ours},
		Spec:       corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}},
	}
	formers := []client.Object{
		&corev1.ConfigMap{ObjectMeta: former.ObjectMeta},
		&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "former", Labels: ours}},
		&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "former", Labels: ours}},
	}
	for _, object := range formers {
		s.must(admin.Create(s.ctx, object), "creating an object of a former version")
	}
	theirs := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "theirs"}}
	s.must(admin.Create(s.ctx, former), "creating a Service")
	s.must(admin.Create(s.ctx, theirs), "creating a ConfigMap")
	defer func() { s.must(admin.Delete(s.ctx, theirs), "deleting the ConfigMap") }()
	s.until(kv, "the former Service is gone", func() bool { return !s.exists(&corev1.Service{}, "former") })
	for _, object := range formers {
		s.until(kv, "what a former version had is gone", func() bool { return !s.exists(object, "former") })
	}
	if !s.exists(&corev1.ConfigMap{}, "theirs") {
		t.Error("somebody else's object is gone")
	}
}
