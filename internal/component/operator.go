package component

import (
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Environment variables by which the operator's Deployment tells it the images.
const (
	ImageVariable         = "KUBEVIRT_IMAGE"
	LauncherImageVariable = "VIRT_LAUNCHER_IMAGE"
)

// OperatorManifest is what an administrator applies before the KubeVirt object: all
// that virt-operator needs to run. definition is the KubeVirt kind's CRD.
func OperatorManifest(c *Config, replicas int32, definition Object) []Object {
	list := []Object{
		&corev1.Namespace{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
			ObjectMeta: metav1.ObjectMeta{Name: c.Namespace, Labels: map[string]string{
				v1.LabelComponent: "",
				// virt-handler is privileged.
				"pod-security.kubernetes.io/enforce": "privileged",
			}},
		},
		definition,
		PriorityClass(),
		serviceAccount(named(c, OperatorAccount, Operator)),
	}
	list = append(list, operatorRights(c)...)
	list = append(list,
		service(named(c, OperatorWebhookService, Operator), map[string]string{v1.LabelComponent: Operator},
			corev1.ServicePort{Name: "webhooks", Port: 443, TargetPort: intstr.FromString("webhooks")}),
		operatorDeployment(c, replicas),
	)
	for _, object := range list {
		labels := object.GetLabels()
		labels[v1.LabelOperator] = ""
		object.SetLabels(labels)
	}
	return list
}

func operatorDeployment(c *Config, replicas int32) Object {
	pod := podTemplate(c, actor{
		name: Operator, command: "operator", account: OperatorAccount, cpu: "10m", memory: "60Mi",
		args: []string{"--webhook-port=" + strconv.Itoa(OperatorWebhookPort)},
	})
	placeInfra(&pod.Spec, Operator, nil)
	container := &pod.Spec.Containers[0]
	container.Env = append(container.Env,
		corev1.EnvVar{Name: ImageVariable, Value: c.Image},
		corev1.EnvVar{Name: LauncherImageVariable, Value: c.LauncherImage},
	)
	container.Ports = append(container.Ports, corev1.ContainerPort{
		Name: "webhooks", ContainerPort: OperatorWebhookPort, Protocol: corev1.ProtocolTCP,
	})
	return deploymentOf(c, Operator, replicas, pod)
}

// operatorRights: what the operator does itself, and everything it grants to others,
// for nobody may give away rights that he does not hold.
func operatorRights(c *Config) []Object {
	most := *c
	most.ReadNetworks, most.ReadNamespaces = true, true // as some KubeVirt object may want
	c = &most
	subject := account(c.Namespace, OperatorAccount)
	manage := look("create", "patch", "delete")
	everywhere := append(granted(c, ""),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), look("patch")),
		rule(v1.GroupName, on("kubevirts/status"), may("patch")),
		rule(v1.GroupName, on("virtualmachines", "virtualmachineinstances", "virtualmachineinstancereplicasets"), may("list")),
		rule("apiextensions.k8s.io", on("customresourcedefinitions"), manage),
		rule("admissionregistration.k8s.io", on("validatingwebhookconfigurations", "mutatingwebhookconfigurations",
			"validatingadmissionpolicies", "validatingadmissionpolicybindings"), manage),
		rule("apiregistration.k8s.io", on("apiservices"), manage),
		rule("scheduling.k8s.io", on("priorityclasses"), look("create", "patch")),
		// Its value cannot be changed: one that is spoilt is replaced.
		rbacv1.PolicyRule{APIGroups: []string{"scheduling.k8s.io"}, Resources: on("priorityclasses"), ResourceNames: []string{priorityClassName}, Verbs: may("delete")},
		rule(rbacGroup, on("clusterroles", "clusterrolebindings"), manage),
		rbacv1.PolicyRule{APIGroups: []string{rbacGroup}, Resources: on("clusterroles"), ResourceNames: []string{delegatorRole}, Verbs: may("bind")},
		// Whose handler cannot be updated because it does not answer; what a removal cleans.
		rule("", on("nodes"), may("get", "list", "patch")),
		rule("", on("namespaces"), look()),
		rule(monitoringGroup.Group, on("servicemonitors"), manage),
		rule(monitoringGroup.Group, on("prometheusrules"), look()),
	)
	home := append(granted(c, c.Namespace),
		rule("", on("serviceaccounts", "services", "secrets"), manage),
		rule("", on("secrets"), may("update")),
		rule("", on("configmaps"), look("create", "update", "delete")),
		rule("apps", on("deployments", "daemonsets"), manage),
		// The waves of an update: which pods work, and which are next. Kubelets bring what
		// a pod mounts up to date when the pod changes.
		rule("", on("pods"), may("list", "patch", "delete")),
		rule("policy", on("poddisruptionbudgets"), manage),
		rule(rbacGroup, on("roles", "rolebindings"), manage),
		rule("discovery.k8s.io", on("endpointslices"), may("list")),
		rule(monitoringGroup.Group, on("prometheusrules"), may("create", "patch", "delete")),
		// A namespace counts as within itself.
		rule("", on("namespaces"), may("patch")),
		rule("coordination.k8s.io", on("leases"), may("get", "create", "update")),
		rule("", on("events"), may("create", "patch")),
	)
	// One binding and no other: where OLM installs the operator, it has this in every namespace.
	system := []rbacv1.PolicyRule{
		rule(rbacGroup, on("rolebindings"), look()),
		{APIGroups: []string{rbacGroup}, Resources: on("rolebindings"), ResourceNames: []string{authReaderBinding, edgeBinding(authReaderBinding)}, Verbs: may("create", "patch", "delete")},
		{APIGroups: []string{rbacGroup}, Resources: on("roles"), ResourceNames: []string{authReaderRole}, Verbs: may("bind")},
	}
	away := named(c, OperatorAccount, Operator)
	away.Namespace = SystemNamespace
	return []Object{
		clusterRole(OperatorAccount, Operator, merge(everywhere)),
		clusterRoleBinding(OperatorAccount, Operator, OperatorAccount, subject),
		role(named(c, OperatorAccount, Operator), merge(home)),
		roleBinding(named(c, OperatorAccount+"-rolebinding", Operator), OperatorAccount, subject),
		role(away, merge(system)),
		roleBinding(away, OperatorAccount, subject),
	}
}

// granted collects the rules of the roles that the operator makes in a namespace,
// or cluster-wide.
func granted(c *Config, namespace string) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, object := range concat(userRoles(c), apiRights(c), controllerRights(c), handlerRights(c), monitoringRights(c)) {
		switch role := object.(type) {
		case *rbacv1.ClusterRole:
			if namespace == "" {
				rules = append(rules, role.Rules...)
			}
		case *rbacv1.Role:
			if namespace == role.Namespace {
				rules = append(rules, role.Rules...)
			}
		}
	}
	return rules
}

// merge says the same with few rules: one for each set of verbs in an API group.
func merge(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	type target struct{ group, resource, name string }
	verbs := map[target][]string{}
	for _, r := range rules {
		names := r.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, name := range names {
					key := target{group, resource, name}
					verbs[key] = append(verbs[key], r.Verbs...)
				}
			}
		}
	}
	type grant struct{ group, name, verbs string }
	resources := map[grant][]string{}
	for key, list := range verbs {
		slices.Sort(list)
		same := grant{key.group, key.name, strings.Join(slices.Compact(list), " ")}
		resources[same] = append(resources[same], key.resource)
	}
	merged := make([]rbacv1.PolicyRule, 0, len(resources))
	for g, list := range resources {
		slices.Sort(list)
		r := rule(g.group, list, strings.Fields(g.verbs))
		if g.name != "" {
			r.ResourceNames = []string{g.name}
		}
		merged = append(merged, r)
	}
	slices.SortFunc(merged, func(a, b rbacv1.PolicyRule) int {
		return strings.Compare(sortKey(a), sortKey(b))
	})
	return merged
}

func sortKey(r rbacv1.PolicyRule) string {
	return strings.Join([]string{r.APIGroups[0], strings.Join(r.Resources, ","), strings.Join(r.ResourceNames, ","), strings.Join(r.Verbs, ",")}, " ")
}
