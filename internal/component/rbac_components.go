package component

import (
	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
)

// apiRights: virt-api reads virtual machines, changes what start and stop change,
// finds the handler on a node and lets the API server check who asks.
func apiRights(c *Config) []Object {
	everywhere := []rbacv1.PolicyRule{
		rule(v1.GroupName, on(v1.ResourceVirtualMachines, v1.ResourceVirtualMachineInstances), look("patch")),
		rule(v1.GroupName, on("virtualmachines/status"), may("patch")),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), look()),
		// Whose guest a pod runs that is to be evicted.
		rule("", on("pods"), may("get")),
		// What explains why a machine is not running; no Secret and no ConfigMap.
		rule("", on("pods", "events", "resourcequotas", "limitranges"), may("list")),
		rule("", on("nodes"), may("get", "list")),
		rule("", on("persistentvolumeclaims"), may("get")),
		rule("cdi.kubevirt.io", on("datavolumes"), may("get")),
		rule("storage.k8s.io", on("storageclasses"), may("list")),
	}
	home := []rbacv1.PolicyRule{
		rule("", on("pods"), look()),
	}
	subject := account(c.Namespace, APIAccount)
	reader := named(c, authReaderBinding, API)
	reader.Namespace = SystemNamespace
	return append(rights(c, API, APIAccount, everywhere, home),
		clusterRoleBinding(APIAccount+"-auth-delegator", API, delegatorRole, subject),
		roleBinding(reader, authReaderRole, subject),
	)
}

// controllerRights: virt-controller owns the instances of virtual machines and their pods.
func controllerRights(c *Config) []Object {
	everywhere := []rbacv1.PolicyRule{
		rule(v1.GroupName, on(v1.ResourceVirtualMachines), look("create", "patch", "delete")),
		rule(v1.GroupName, on(v1.ResourceVirtualMachineInstances), look("create", "patch", "delete")),
		rule(v1.GroupName, on(v1.ResourceVirtualMachineInstanceReplicaSets), look()),
		rule(v1.GroupName, on("virtualmachines/status", "virtualmachineinstancereplicasets/status"), may("patch")),
		// An owner's deletion may be blocked only by who may set its finalizers.
		rule(v1.GroupName, on("virtualmachines/finalizers", "virtualmachineinstances/finalizers",
			"virtualmachineinstancereplicasets/finalizers"), may("update")),
		rule(poolv1beta1.GroupName, on(poolv1beta1.ResourceVirtualMachinePools), look()),
		rule(poolv1beta1.GroupName, on("virtualmachinepools/status"), may("patch")),
		rule(poolv1beta1.GroupName, on("virtualmachinepools/finalizers"), may("update")),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), look()),
		// Bringing guests to the current launcher.
		rule("", on("pods/eviction"), may("create")),
		// Patched are annotations, for the sidecars of a pod.
		rule("", on("pods"), look("create", "patch", "delete")),
		rule("", on("pods/status"), may("patch")),
		rule("", on("nodes"), look("patch")),
		rule("", on("persistentvolumeclaims"), look("patch")),
		// Cloning with these rights follows a check of the machine's own (SubjectAccessReview).
		rule("cdi.kubevirt.io", on("datavolumes"), look("create", "patch")),
		rule("cdi.kubevirt.io", on("datavolumes/source"), may("create")),
		rule("cdi.kubevirt.io", on("datasources"), may("get")),
		rule("authorization.k8s.io", on("subjectaccessreviews"), may("create")),
		// Whether a claim of devices exists that a pod names.
		rule("resource.k8s.io", on("resourceclaims", "resourceclaimtemplates"), may("get")),
		// Whether the cluster has data volumes.
		{APIGroups: []string{"apiextensions.k8s.io"}, Resources: on("customresourcedefinitions"), ResourceNames: []string{"datavolumes.cdi.kubevirt.io"}, Verbs: look()},
		// What the kubelet says of a launcher pod whose containers do not start.
		rule("", on("events"), may("create", "patch", "list")),
		rule("apps", on("controllerrevisions"), look("create", "delete")),
	}
	if c.ReadNetworks {
		// Which devices a network takes that a pod is to be attached to.
		everywhere = append(everywhere, rule("k8s.cni.cncf.io", on("network-attachment-definitions"), may("get")))
	}
	if c.ReadNamespaces {
		// Whether the launchers of a namespace get a limit of CPU.
		everywhere = append(everywhere, rule("", on("namespaces"), may("get")))
	}
	home := []rbacv1.PolicyRule{
		// How many guests run in an older launcher.
		rule(v1.GroupName, on("kubevirts/status"), may("patch")),
		rule("coordination.k8s.io", on("leases"), may("get", "create", "update")),
	}
	return rights(c, Controller, ControllerAccount, everywhere, home)
}

// handlerRights: virt-handler reports on its own node and its own instances. That
// it keeps to its own is enforced by nodePolicy and by virt-api's webhooks; it may
// read no Secret and no ConfigMap anywhere.
func handlerRights(c *Config) []Object {
	everywhere := []rbacv1.PolicyRule{
		rule(v1.GroupName, on(v1.ResourceVirtualMachineInstances), look("patch")),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), look()),
		rule("", on("nodes"), may("get", "patch")),
		rule("", on("events"), may("create", "patch")),
	}
	return rights(c, Handler, HandlerAccount, everywhere, nil)
}
