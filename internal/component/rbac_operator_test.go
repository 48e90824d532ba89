package component

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/golden"
)

// ownUses are what the operator does itself, where (everywhere, or in a namespace), by
// API group, resource and, after a colon, name. internal/controller/kubevirt's TestRights sees each of
// them done.
const ownUses = `
everywhere kubevirt.io kubevirts get list watch patch
everywhere kubevirt.io kubevirts/status patch
everywhere kubevirt.io virtualmachines list
everywhere kubevirt.io virtualmachineinstances list
everywhere kubevirt.io virtualmachineinstancereplicasets list
everywhere apiextensions.k8s.io customresourcedefinitions get list watch create patch delete
everywhere admissionregistration.k8s.io validatingwebhookconfigurations get list watch create patch delete
everywhere admissionregistration.k8s.io mutatingwebhookconfigurations get list watch create patch delete
everywhere admissionregistration.k8s.io validatingadmissionpolicies get list watch create patch delete
everywhere admissionregistration.k8s.io validatingadmissionpolicybindings get list watch create patch delete
everywhere apiregistration.k8s.io apiservices get list watch create patch delete
everywhere scheduling.k8s.io priorityclasses get list watch create patch
everywhere scheduling.k8s.io priorityclasses:kubevirt-cluster-critical delete
everywhere rbac.authorization.k8s.io clusterroles get list watch create patch delete
everywhere rbac.authorization.k8s.io clusterrolebindings get list watch create patch delete
everywhere rbac.authorization.k8s.io clusterroles:system:auth-delegator bind
everywhere monitoring.coreos.com servicemonitors get list watch create patch delete
everywhere monitoring.coreos.com prometheusrules get list watch
everywhere - nodes get list patch
everywhere - namespaces get list watch
kubevirt - namespaces patch
kubevirt - serviceaccounts get list watch create patch delete
kubevirt - services get list watch create patch delete
kubevirt - secrets get list watch create update patch delete
kubevirt - configmaps get list watch create update delete
kubevirt - events create patch
kubevirt - pods list patch delete
kubevirt apps deployments get list watch create patch delete
kubevirt apps daemonsets get list watch create patch delete
kubevirt policy poddisruptionbudgets get list watch create patch delete
kubevirt rbac.authorization.k8s.io roles get list watch create patch delete
kubevirt rbac.authorization.k8s.io rolebindings get list watch create patch delete
kubevirt discovery.k8s.io endpointslices list
kubevirt coordination.k8s.io leases get create update
kubevirt monitoring.coreos.com prometheusrules create patch delete
kube-system rbac.authorization.k8s.io rolebindings get list watch
kube-system rbac.authorization.k8s.io rolebindings:kubevirt-apiserver-auth-reader create patch delete
kube-system rbac.authorization.k8s.io rolebindings:kubevirt-control-plane-apiserver-auth-reader create patch delete
kube-system rbac.authorization.k8s.io roles:extension-apiserver-authentication-reader bind
`

// rightSet is "where group resource[:name] verb".
type rightSet map[string]bool

func (r rightSet) add(where string, rules []rbacv1.PolicyRule) {
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			if group == "" {
				group = "-"
			}
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					if len(rule.ResourceNames) == 0 {
						r[strings.Join([]string{where, group, resource, verb}, " ")] = true
					}
					for _, name := range rule.ResourceNames {
						r[strings.Join([]string{where, group, resource + ":" + name, verb}, " ")] = true
					}
				}
			}
		}
	}
}

// covers tells whether a right is held, in its place or everywhere, by its object's name or for all.
func (r rightSet) covers(right string) bool {
	where, rest, _ := strings.Cut(right, " ")
	fields := strings.Fields(rest)
	resource, _, _ := strings.Cut(fields[1], ":")
	for _, place := range []string{where, "everywhere"} {
		if r[place+" "+rest] || r[strings.Join([]string{place, fields[0], resource, fields[2]}, " ")] {
			return true
		}
	}
	return false
}

// rolesOf collects the rights of all roles in a list of objects, and which roles others' bindings name.
func rolesOf(objects []Object) (given rightSet, bound map[string]bool) {
	given, bound, made := rightSet{}, map[string]bool{}, map[string]bool{}
	for _, object := range objects {
		switch o := object.(type) {
		case *rbacv1.ClusterRole:
			given.add("everywhere", o.Rules)
			made["ClusterRole "+o.Name] = true
		case *rbacv1.Role:
			given.add(o.Namespace, o.Rules)
			made["Role "+o.Name] = true
		}
	}
	for _, object := range objects {
		switch o := object.(type) {
		case *rbacv1.ClusterRoleBinding:
			if !made["ClusterRole "+o.RoleRef.Name] {
				bound["everywhere rbac.authorization.k8s.io clusterroles:"+o.RoleRef.Name+" bind"] = true
			}
		case *rbacv1.RoleBinding:
			if !made[o.RoleRef.Kind+" "+o.RoleRef.Name] {
				bound[o.Namespace+" rbac.authorization.k8s.io roles:"+o.RoleRef.Name+" bind"] = true
			}
		}
	}
	return given, bound
}

// everyConfig are configurations that between them ask for all that can be granted:
// those of the cases, and every switch on and off.
func everyConfig(t *testing.T) []*Config {
	var all []*Config
	for _, directory := range golden.Cases(t, "testdata", "kubevirt.yaml") {
		all = append(all, configOf(t, readKubeVirt(t, directory), 0))
	}
	for _, on := range []bool{false, true} {
		for _, edge := range []bool{false, true} {
			c := configOf(t, &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevirt"}}, 0)
			switches := reflect.ValueOf(c).Elem()
			for i := range switches.NumField() {
				if field := switches.Field(i); field.Kind() == reflect.Bool {
					field.SetBool(on)
				}
			}
			c.Edge = edge
			all = append(all, c)
		}
	}
	return all
}

// TestOperatorRights: the operator may grant whatever any KubeVirt object makes it
// grant, may do what it does, and may nothing else.
func TestOperatorRights(t *testing.T) {
	held, _ := rolesOf(operatorRights(configOf(t, &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevirt"}}, 0)))
	wanted := rightSet{}
	for line := range strings.Lines(strings.TrimSpace(ownUses)) {
		fields := strings.Fields(line)
		for _, verb := range fields[3:] {
			wanted[strings.Join(append(slices.Clone(fields[:3]), verb), " ")] = true
		}
	}
	for _, config := range everyConfig(t) {
		installation, err := New(config, nil)
		if err != nil {
			t.Fatal(err)
		}
		given, bound := rolesOf(installation.Objects())
		for right := range given {
			wanted[right] = true
		}
		for right := range bound {
			wanted[right] = true
		}
	}
	for right := range wanted {
		if !held.covers(right) {
			t.Errorf("the operator lacks: %s", right)
		}
	}
	for right := range held {
		if !wanted.covers(right) {
			t.Errorf("the operator holds what it neither uses nor grants: %s", right)
		}
	}
	if len(held) < 100 {
		t.Errorf("only %d rights are compared", len(held))
	}
}
