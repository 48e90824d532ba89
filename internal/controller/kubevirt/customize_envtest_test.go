//go:build envtest

package kubevirt

import (
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// testCustomization puts patches and flags on and takes them off again: what they
// gave goes, and nothing else does.
func testCustomization(s *suite, kv *v1.KubeVirt) {
	t := s.T
	deployment, secret := &appsv1.Deployment{}, &corev1.Secret{}
	s.exists(deployment, component.API)
	plain := deployment.Spec.DeepCopy()
	patch := func(kind, name, text string) v1.CustomizeComponentsPatch {
		return v1.CustomizeComponentsPatch{ResourceType: kind, ResourceName: name, Type: v1.PatchTypeStrategic, Patch: text}
	}
	kv.Spec.CustomizeComponents = v1.CustomizeComponents{
		Patches: []v1.CustomizeComponentsPatch{
			patch("Deployment", component.API, `{"spec":{"replicas":3,"template":{"metadata":{"annotations":{"theirs":"yes"}},
				"spec":{"containers":[{"name":"virt-api","resources":{"limits":{"memory":"1Gi"}},"env":[{"name":"A","value":"b"}]}]}}}}`),
			patch("Secret", component.APISecret, `{"metadata":{"labels":{"backup":"no"}}}`),
		},
		Flags: &v1.Flags{API: map[string]string{"v": "5"}},
	}
	s.must(admin.Update(s.ctx, kv), "customizing")
	s.writes.take()
	s.until(kv, "virt-api is customized", func() bool {
		s.exists(deployment, component.API)
		return *deployment.Spec.Replicas == 3
	})
	if got := matching(s.writes.take(), "/customresourcedefinitions/"); len(got) > 0 {
		t.Errorf("kinds are sent again: %v", got)
	}
	s.settle(kv)
	s.exists(deployment, component.API)
	container := deployment.Spec.Template.Spec.Containers[0]
	if *deployment.Spec.Replicas != 3 || deployment.Spec.Template.Annotations["theirs"] != "yes" || container.Resources.Limits.Memory().Value() != 1<<30 ||
		container.Env[len(container.Env)-1].Name != "A" && container.Env[0].Name != "A" || !strings.HasSuffix(strings.Join(container.Args, " "), "--v 5") {
		t.Errorf("customized: %+v", deployment.Spec)
	}
	if deployment.Annotations[v1.AnnotationCustomizerIdentifier] == "" {
		t.Error("the Deployment does not say that it was customized")
	}
	budget := &policyv1.PodDisruptionBudget{}
	if s.exists(budget, component.API+"-pdb"); budget.Spec.MinAvailable.IntValue() != 2 {
		t.Errorf("of 3 pods %s must stay", budget.Spec.MinAvailable)
	}
	s.exists(secret, component.APISecret)
	key := string(secret.Data[corev1.TLSPrivateKeyKey])
	if secret.Labels["backup"] != "no" || key == "" || secret.Type != corev1.SecretTypeTLS {
		t.Errorf("the Secret has labels %v and is of type %s", secret.Labels, secret.Type)
	}

	deployment.Spec.Template.Spec.Containers[0].Resources.Limits = nil
	s.must(admin.Update(s.ctx, deployment), "undoing a customization")
	s.until(kv, "the customization is back", func() bool {
		s.exists(deployment, component.API)
		return deployment.Spec.Template.Spec.Containers[0].Resources.Limits.Memory().Value() == 1<<30
	})
	s.settle(kv)

	testBrokenCustomization(s, kv)

	kv.Spec.CustomizeComponents = v1.CustomizeComponents{}
	s.must(admin.Update(s.ctx, kv), "taking the customizations back")
	s.settle(kv)
	s.exists(deployment, component.API)
	if container := deployment.Spec.Template.Spec.Containers[0]; *deployment.Spec.Replicas != *plain.Replicas || deployment.Spec.Template.Annotations["theirs"] != "" ||
		len(container.Resources.Limits) > 0 || len(container.Env) != len(plain.Template.Spec.Containers[0].Env) ||
		strings.Join(container.Args, " ") != strings.Join(plain.Template.Spec.Containers[0].Args, " ") {
		t.Errorf("after the customization: %+v", deployment.Spec)
	}
	s.exists(secret, component.APISecret)
	if _, left := secret.Labels["backup"]; left || string(secret.Data[corev1.TLSPrivateKeyKey]) != key || secret.Labels[v1.LabelManagedBy] != v1.ManagedByOperator {
		t.Errorf("after the customization the Secret has labels %v", secret.Labels)
	}
}

// testBrokenCustomization: a patch that no longer fits, as after an update, is said to
// be none and changes nothing.
func testBrokenCustomization(s *suite, kv *v1.KubeVirt) {
	good := kv.Spec.CustomizeComponents
	kv.Spec.CustomizeComponents.Patches = append([]v1.CustomizeComponentsPatch{{
		ResourceType: "Deployment", ResourceName: component.API, Type: v1.PatchTypeJSON, Patch: `[{"op":"remove","path":"/spec/nothing"}]`,
	}}, good.Patches...)
	s.must(admin.Update(s.ctx, kv), "breaking a customization")
	s.writes.take()
	s.until(kv, "told so", func() bool {
		c := v1.FindCondition(kv.Status.Conditions, v1.ConditionSynchronized)
		return c != nil && c.Reason == v1.ReasonDeploymentFailed && strings.Contains(c.Message, "spec.customizeComponents.patches[0].patch")
	})
	if got := matching(s.writes.take(), "/apis/apps/"); len(got) > 0 {
		s.Errorf("written nevertheless: %v", got)
	}
	deployment := &appsv1.Deployment{}
	if !s.exists(deployment, component.API) || *deployment.Spec.Replicas != 3 {
		s.Error("virt-api suffers from it")
	}
	kv.Spec.CustomizeComponents = good
	s.must(admin.Update(s.ctx, kv), "mending the customization")
	s.settle(kv)
	if c := v1.FindCondition(kv.Status.Conditions, v1.ConditionSynchronized); c != nil {
		s.Errorf("mended, but %+v", c)
	}
}
