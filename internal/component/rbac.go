package component

import (
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	rbacGroup   = "rbac.authorization.k8s.io"
	rbacVersion = rbacGroup + "/v1"
	// SystemNamespace holds what the API server tells extension API servers.
	SystemNamespace = "kube-system"
	// authReaderRole lets its holder read how the API server authenticates requests.
	authReaderRole = "extension-apiserver-authentication-reader"
	// authReaderBinding gives that role to virt-api.
	authReaderBinding = APIAccount + "-auth-reader"
	// delegatorRole lets its holder ask the API server to check tokens and rights.
	delegatorRole = "system:auth-delegator"
)

// rule grants verbs on resources of one API group.
func rule(group string, resources, verbs []string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: verbs}
}

// on and may spell out a rule's lists.
func on(resources ...string) []string { return resources }
func may(verbs ...string) []string    { return verbs }

// look are the verbs of a client that keeps a cache.
func look(more ...string) []string { return append([]string{"get", "list", "watch"}, more...) }

func clusterRole(name, component string, rules []rbacv1.PolicyRule) *rbacv1.ClusterRole {
	return &rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacVersion, Kind: "ClusterRole"},
		ObjectMeta: global(name, component),
		Rules:      rules,
	}
}

func clusterRoleBinding(name, component, role string, subject rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacVersion, Kind: "ClusterRoleBinding"},
		ObjectMeta: global(name, component),
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacGroup, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{subject},
	}
}

func role(meta metav1.ObjectMeta, rules []rbacv1.PolicyRule) *rbacv1.Role {
	return &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacVersion, Kind: "Role"},
		ObjectMeta: meta,
		Rules:      rules,
	}
}

func roleBinding(meta metav1.ObjectMeta, role string, subject rbacv1.Subject) *rbacv1.RoleBinding {
	return &rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacVersion, Kind: "RoleBinding"},
		ObjectMeta: meta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacGroup, Kind: "Role", Name: role},
		Subjects:   []rbacv1.Subject{subject},
	}
}

func account(namespace, name string) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}
}

func serviceAccount(meta metav1.ObjectMeta) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta: meta,
	}
}

func accounts(c *Config) []Object {
	handler := serviceAccount(named(c, HandlerAccount, Handler))
	if c.Edge {
		return []Object{serviceAccount(named(c, ControlPlaneAccount, API)), handler}
	}
	return []Object{serviceAccount(named(c, APIAccount, API)), serviceAccount(named(c, ControllerAccount, Controller)), handler}
}

// rights binds a component's account to its roles, cluster-wide and at home.
func rights(c *Config, component, name string, everywhere, home []rbacv1.PolicyRule) []Object {
	subject := account(c.Namespace, name)
	list := []Object{
		clusterRole(name, component, everywhere),
		clusterRoleBinding(name, component, name, subject),
	}
	if len(home) > 0 {
		list = append(list, role(named(c, name, component), home), roleBinding(named(c, name, component), name, subject))
	}
	return list
}
