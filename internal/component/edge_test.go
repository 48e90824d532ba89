package component

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
)

// effective returns what accounts may do by the installation's bindings: the rules of
// our roles, and the names of those that are the cluster's, each with where it holds.
func effective(t *testing.T, objects []Object, accounts ...string) []string {
	t.Helper()
	rules := map[string][]rbacv1.PolicyRule{}
	for _, object := range objects {
		switch role := object.(type) {
		case *rbacv1.ClusterRole:
			rules["ClusterRole/"+role.Name] = role.Rules
		case *rbacv1.Role:
			rules["Role/"+role.Namespace+"/"+role.Name] = role.Rules
		}
	}
	var rights []string
	grant := func(scope, role, foreign string, subjects []rbacv1.Subject) {
		if !slices.ContainsFunc(subjects, func(s rbacv1.Subject) bool { return slices.Contains(accounts, s.Name) }) {
			return
		}
		known, ours := rules[role]
		if !ours {
			rights = append(rights, scope+" as "+foreign)
		}
		for _, r := range known {
			for _, group := range r.APIGroups {
				for _, resource := range r.Resources {
					for _, verb := range r.Verbs {
						for _, name := range append(slices.Clone(r.ResourceNames), "")[:max(1, len(r.ResourceNames))] {
							rights = append(rights, scope+" "+verb+" "+resource+"."+group+" "+name)
						}
					}
				}
			}
		}
	}
	for _, object := range objects {
		switch binding := object.(type) {
		case *rbacv1.ClusterRoleBinding:
			grant("*", "ClusterRole/"+binding.RoleRef.Name, binding.RoleRef.Name, binding.Subjects)
		case *rbacv1.RoleBinding:
			grant(binding.Namespace, "Role/"+binding.Namespace+"/"+binding.RoleRef.Name, binding.RoleRef.Name, binding.Subjects)
		}
	}
	slices.Sort(rights)
	return slices.Compact(rights)
}

// In the edge profile one account has the rights of two, and nobody else has any of them.
func TestRightsOfTheControlPlane(t *testing.T) {
	installation := func(directory string) []Object {
		i, err := New(configOf(t, readKubeVirt(t, directory), 0), nil)
		if err != nil {
			t.Fatal(err)
		}
		return i.Objects()
	}
	standard, edge := installation("testdata/default"), installation("testdata/edge")
	of := func(objects []Object, accounts ...string) []string { return effective(t, objects, accounts...) }

	wanted := of(standard, APIAccount, ControllerAccount)
	for _, some := range []string{"* as system:auth-delegator", "kube-system as extension-apiserver-authentication-reader",
		"* create pods. ", "kubevirt update leases.coordination.k8s.io ", "kubevirt watch pods. "} {
		if !slices.Contains(wanted, some) {
			t.Errorf("virt-api and virt-controller may not: %s", some)
		}
	}
	if got := of(edge, ControlPlaneAccount); !slices.Equal(got, wanted) {
		t.Errorf("the control plane's rights are not the sum of virt-api's and virt-controller's:\n%q\nwant\n%q", got, wanted)
	}
	if got := of(edge, APIAccount, ControllerAccount); len(got) > 0 {
		t.Errorf("accounts that are not used have rights: %q", got)
	}
	if got := of(standard, ControlPlaneAccount); len(got) > 0 {
		t.Errorf("without the profile its account has rights: %q", got)
	}
	if got, want := of(edge, HandlerAccount), of(standard, HandlerAccount); !slices.Equal(got, want) {
		t.Errorf("virt-handler's rights change: %q, want %q", got, want)
	}
	for _, objects := range [][]Object{standard, edge} {
		for _, object := range objects {
			account, ok := object.(*corev1.ServiceAccount)
			if ok && len(of(objects, account.Name)) == 0 {
				t.Errorf("account %s has no rights", account.Name)
			}
		}
	}
}
