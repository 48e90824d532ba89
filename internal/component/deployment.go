package component

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// api is virt-api: the aggregated API and the webhooks of virtual machines.
func api(c *Config) []Object {
	if c.Edge {
		return apiAndController(c)
	}
	// As much as a guest: whoever starts guests, and every stream, waits for it.
	pod := podTemplate(c, actor{
		name: API, command: "api", account: APIAccount, cpu: "100m", memory: "50Mi",
		args: []string{
			"--cert-dir=" + certDir,
			"--ca-file=" + caDir + "/" + CABundleKey,
			"--handler-port=" + strconv.Itoa(HandlerPort),
			"--handler-client-cert-dir=" + handlerClientDir,
		},
		mounts: []secretMount{
			certificates(APISecret, certDir),
			certificates(HandlerClientSecret, handlerClientDir),
			trustedCAs(),
		},
	})
	placeInfra(&pod.Spec, API, c.InfraPlacement)
	return []Object{deploymentOf(c, API, c.APIReplicas, pod), disruptionBudget(c, API, c.APIReplicas)}
}

// controller is virt-controller: the reconcilers of virtual machines.
func controller(c *Config) []Object {
	if c.Edge {
		return nil
	}
	pod := podTemplate(c, actor{
		name: Controller, command: "controller", account: ControllerAccount, cpu: "10m", memory: "50Mi",
		args: []string{
			"--cert-dir=" + certDir,
			"--ca-file=" + caDir + "/" + CABundleKey,
			"--launcher-image=" + c.LauncherImage,
		},
		mounts: []secretMount{certificates(ControllerSecret, certDir), trustedCAs()},
	})
	placeInfra(&pod.Spec, Controller, c.InfraPlacement)
	return []Object{deploymentOf(c, Controller, c.ControllerReplicas, pod), disruptionBudget(c, Controller, c.ControllerReplicas)}
}

func deploymentOf(c *Config, name string, replicas int32, pod corev1.PodTemplateSpec) *appsv1.Deployment {
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: named(c, name, name),
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			// A program that serves for a moment and then falls does not replace one that goes on.
			MinReadySeconds:      5,
			RevisionHistoryLimit: ptr.To[int32](2),
			Selector:             &metav1.LabelSelector{MatchLabels: map[string]string{v1.LabelComponent: name}},
			Template:             pod,
		},
	}
}

// disruptionBudget lets all replicas but one be evicted at a time. A single
// replica may go as well, or it would block the drain of its node.
func disruptionBudget(c *Config, name string, replicas int32) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: named(c, name+"-pdb", name),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: ptr.To(intstr.FromInt32(replicas - 1)),
			Selector:     &metav1.LabelSelector{MatchLabels: map[string]string{v1.LabelComponent: name}},
		},
	}
}

// PriorityClass is that of every component's pods. The operator's manifest brings
// it, for the operator's own pods carry it, and it stays when a KubeVirt object goes.
func PriorityClass() *schedulingv1.PriorityClass {
	return &schedulingv1.PriorityClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: "scheduling.k8s.io/v1", Kind: "PriorityClass"},
		ObjectMeta: metav1.ObjectMeta{Name: priorityClassName, Labels: map[string]string{v1.LabelOperator: ""}},
		Value:      1000000000,
		Description: "For the components that keep virtual machines running; " +
			"they are evicted only after everything of a lower class.",
	}
}
