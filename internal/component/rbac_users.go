package component

import (
	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// authenticated is everybody whom the cluster knows.
var authenticated = rbacv1.Subject{APIGroup: rbacGroup, Kind: rbacv1.GroupKind, Name: "system:authenticated"}

// namespacedKinds are the resources that users of virtual machines manage, by group.
var namespacedKinds = []struct {
	group     string
	resources []string
}{
	{"kubevirt.io", []string{
		"virtualmachines", "virtualmachineinstances", "virtualmachineinstancepresets", "virtualmachineinstancereplicasets",
	}},
	{"snapshot.kubevirt.io", []string{"virtualmachinesnapshots", "virtualmachinesnapshotcontents", "virtualmachinerestores"}},
	{"backup.kubevirt.io", []string{"virtualmachinebackups", "virtualmachinebackuptrackers"}},
	{"export.kubevirt.io", []string{"virtualmachineexports"}},
	{"clone.kubevirt.io", []string{"virtualmachineclones"}},
	{"instancetype.kubevirt.io", []string{
		"virtualmachineinstancetypes", "virtualmachineclusterinstancetypes", "virtualmachinepreferences", "virtualmachineclusterpreferences",
	}},
	{"pool.kubevirt.io", []string{"virtualmachinepools"}},
}

var (
	watching = []string{"get", "list", "watch"}
	editing  = []string{"get", "delete", "create", "update", "patch", "list", "watch"}
	owning   = append(append([]string{}, editing...), "deletecollection")
)

// reading are the subresources that tell something about a guest and change nothing.
var reading = []string{
	"virtualmachineinstances/guestosinfo", "virtualmachineinstances/filesystemlist", "virtualmachineinstances/userlist",
	"virtualmachineinstances/sev/fetchcertchain", "virtualmachineinstances/sev/querylaunchmeasurement",
	"virtualmachines/objectgraph", "virtualmachineinstances/objectgraph",
	"virtualmachines/explain",
}

// connecting are the streams into a guest.
var connecting = []string{
	"virtualmachineinstances/console", "virtualmachineinstances/vnc", "virtualmachineinstances/portforward",
	"virtualmachineinstances/usbredir",
}

// inside are the subresources that act in a guest as its agent, which is all-powerful
// there: not for those who may only look.
var inside = []rbacv1.PolicyRule{
	rule(SubresourceGroup, on("virtualmachineinstances/exec"), may("create")),
	rule(SubresourceGroup, on("virtualmachineinstances/file"), may("get", "update")),
}

// operating are the subresources that act on a machine or its guest.
var operating = []string{
	"virtualmachineinstances/pause", "virtualmachineinstances/unpause",
	"virtualmachineinstances/addvolume", "virtualmachineinstances/removevolume",
	"virtualmachineinstances/freeze", "virtualmachineinstances/unfreeze",
	"virtualmachineinstances/softreboot", "virtualmachineinstances/reset",
	"virtualmachineinstances/sev/setupsession", "virtualmachineinstances/sev/injectlaunchsecret",
	"virtualmachineinstances/evacuate/cancel",
	"virtualmachines/start", "virtualmachines/stop", "virtualmachines/restart",
	"virtualmachines/addvolume", "virtualmachines/removevolume",
	"virtualmachines/memorydump", "virtualmachines/removememorydump", "virtualmachines/evacuate/cancel",
	"expand-vm-spec",
}

// proxied completes a list of subresources of subresources: the cluster's API
// server authorizes the first segment before it hands a request on, virt-api the
// whole path, so a caller needs both.
func proxied(resources []string) []string {
	seen := map[string]bool{}
	for _, resource := range resources {
		seen[resource] = true
	}
	all := append([]string{}, resources...)
	for _, resource := range resources {
		slashes := 0
		for i, letter := range resource {
			if letter != '/' {
				continue
			}
			if slashes++; slashes == 2 && !seen[resource[:i]] {
				seen[resource[:i]] = true
				all = append(all, resource[:i])
			}
		}
	}
	return all
}

func managing(verbs []string) []rbacv1.PolicyRule {
	var rules []rbacv1.PolicyRule
	for _, kind := range namespacedKinds {
		rules = append(rules, rule(kind.group, kind.resources, verbs))
	}
	return rules
}

// userRoles are what a cluster's administrator gives to people. Admin, edit and
// view become part of the cluster's own roles of those names unless the KubeVirt
// object asks to leave those alone.
func userRoles(c *Config) []Object {
	streams := append(append([]string{}, connecting...), "virtualmachines/portforward", "virtualmachines/expand-spec")
	use := []rbacv1.PolicyRule{
		rule(SubresourceGroup, proxied(append(streams, reading...)), may("get")),
		rule(SubresourceGroup, proxied(operating), may("update")),
		rule(v1.GroupName, on("virtualmachineinstancemigrations"), watching),
		rule("migrations.kubevirt.io", on("migrationpolicies"), watching),
	}
	use = append(use, inside...)
	admin := append(append([]rbacv1.PolicyRule{}, use...), managing(owning)...)
	admin = append(admin,
		rule(SubresourceGroup, on("virtualmachineinstances/vnc/screenshot"), may("get")),
		rule("plugin.kubevirt.io", on("plugins"), owning),
	)
	edit := append(append([]rbacv1.PolicyRule{}, use...), managing(editing)...)
	edit = append(edit, rule(v1.GroupName, on(v1.ResourceKubeVirts), may("get", "list")))
	view := append(managing(watching),
		rule(v1.GroupName, on(v1.ResourceKubeVirts), may("get", "list")),
		rule(SubresourceGroup, proxied(append([]string{"virtualmachines/expand-spec"}, reading...)), may("get")),
		rule(SubresourceGroup, on("expand-vm-spec"), may("update")),
		rule(v1.GroupName, on("virtualmachineinstancemigrations"), watching),
		rule("migrations.kubevirt.io", on("migrationpolicies"), watching),
		rule("plugin.kubevirt.io", on("plugins"), watching),
	)
	aggregated := func(name, into string, rules []rbacv1.PolicyRule) Object {
		role := clusterRole(name, "", rules)
		if c.AggregateRoles {
			role.Labels[rbacGroup+"/aggregate-to-"+into] = "true"
		}
		return role
	}
	return []Object{
		clusterRole("kubevirt.io:default", "", []rbacv1.PolicyRule{
			rule(v1.GroupName, on(v1.ResourceKubeVirts), may("get", "list")),
			rule(SubresourceGroup, on("version", "guestfs"), may("get", "list")),
		}),
		clusterRoleBinding("kubevirt.io:default", "", "kubevirt.io:default", authenticated),
		aggregated("kubevirt.io:admin", "admin", admin),
		aggregated("kubevirt.io:edit", "edit", edit),
		aggregated("kubevirt.io:view", "view", view),
		clusterRole("kubevirt.io:migrate", "", []rbacv1.PolicyRule{
			rule(SubresourceGroup, on("virtualmachines/migrate"), may("update")),
			rule(v1.GroupName, on("virtualmachineinstancemigrations"), owning),
		}),
		clusterRole("instancetype.kubevirt.io:view", "", []rbacv1.PolicyRule{
			rule("instancetype.kubevirt.io", on("virtualmachineclusterinstancetypes", "virtualmachineclusterpreferences"), watching),
		}),
		clusterRoleBinding("instancetype.kubevirt.io:view", "", "instancetype.kubevirt.io:view", authenticated),
	}
}
