package component

import (
	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// apiRights: virt-api reads virtual machines, changes what start and stop change,
// finds the handler on a node and lets the API server check who asks.
func apiRights(c *Config) []Object {
	everywhere := []rbacv1.PolicyRule{
		rule(v1.GroupName, on(v1.ResourceVirtualMachines, v1.ResourceVirtualMachineInstances), look("patch")),
		rule(v1.GroupName, on("virtualmachines/status"), may("patch")),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), look()),
	}
	home := []rbacv1.PolicyRule{
		rule("", on("pods"), look()),
	}
	subject := account(c.Namespace, APIAccount)
	reader := named(c, APIAccount+"-auth-reader", API)
	reader.Namespace = SystemNamespace
	return append(rights(c, API, APIAccount, everywhere, home),
		clusterRoleBinding(APIAccount+"-auth-delegator", API, delegatorRole, subject),
		roleBinding(reader, authReaderRole, subject),
	)
}

// controllerRights: virt-controller owns the instances of virtual machines and their pods.
func controllerRights(c *Config) []Object {
	everywhere := []rbacv1.PolicyRule{
		rule(v1.GroupName, on(v1.ResourceVirtualMachines), look("patch")),
		rule(v1.GroupName, on(v1.ResourceVirtualMachineInstances), look("create", "patch", "delete")),
		rule(v1.GroupName, on("virtualmachines/status"), may("patch")),
		// An owner's deletion may be blocked only by who may set its finalizers.
		rule(v1.GroupName, on("virtualmachines/finalizers", "virtualmachineinstances/finalizers"), may("update")),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), look()),
		rule("", on("pods"), look("create", "delete")),
		rule("", on("pods/status"), may("patch")),
		rule("", on("nodes"), look("patch")),
		rule("", on("events"), may("create", "patch")),
		rule("apps", on("controllerrevisions"), may("get", "list", "create", "delete")),
	}
	home := []rbacv1.PolicyRule{
		rule("coordination.k8s.io", on("leases"), may("get", "create", "update", "patch")),
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
