package component

import (
	"os"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// additions are the rights that the contract does not know: for what is our own, and
// for the parents of subresources of subresources, which the API server asks for
// before it hands a request on.
const additions = `
kubevirt.io:admin virtualmachineinstances/exec create
kubevirt.io:admin virtualmachineinstances/file get
kubevirt.io:admin virtualmachineinstances/file update
kubevirt.io:admin virtualmachines/explain get
kubevirt.io:admin virtualmachineinstances/evacuate update
kubevirt.io:admin virtualmachines/evacuate update
kubevirt.io:admin virtualmachineinstances/sev update
kubevirt.io:admin virtualmachineinstances/sev get
kubevirt.io:edit virtualmachineinstances/exec create
kubevirt.io:edit virtualmachineinstances/file get
kubevirt.io:edit virtualmachineinstances/file update
kubevirt.io:edit virtualmachines/explain get
kubevirt.io:edit virtualmachineinstances/evacuate update
kubevirt.io:edit virtualmachines/evacuate update
kubevirt.io:edit virtualmachineinstances/sev update
kubevirt.io:edit virtualmachineinstances/sev get
kubevirt.io:view virtualmachines/explain get
kubevirt.io:view virtualmachineinstances/sev get
`

// TestUserRoles compares the roles for people with the API's table, right by right.
func TestUserRoles(t *testing.T) {
	text, err := os.ReadFile("testdata/user-roles.tsv")
	if err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		columns := strings.Split(strings.TrimRight(line, "\n"), "\t")
		if columns[2] == "#label" {
			wanted[columns[1]+" "+columns[3]] = true
			continue
		}
		for _, resource := range strings.Split(columns[3], ",") {
			for _, verb := range strings.Split(columns[5], ",") {
				wanted[strings.Join([]string{columns[1], columns[2], resource, verb}, " ")] = true
			}
		}
	}
	for _, line := range strings.Split(strings.TrimSpace(additions), "\n") {
		role, right, _ := strings.Cut(line, " ")
		if key := role + " " + SubresourceGroup + " " + right; wanted[key] {
			t.Errorf("no addition: %s", line)
		} else {
			wanted[key] = true
		}
	}
	granted := rightsOf(t, &v1.KubeVirt{})
	for right := range wanted {
		if !granted[right] {
			t.Errorf("missing: %s", right)
		}
	}
	for right := range granted {
		if !wanted[right] {
			t.Errorf("not in the contract: %s", right)
		}
	}
}

// TestRolesOfTheirOwn: who opts out keeps the roles and loses nothing but the labels.
func TestRolesOfTheirOwn(t *testing.T) {
	manual, kv := v1.RoleAggregationStrategyManual, &v1.KubeVirt{}
	kv.Spec.Configuration.RoleAggregationStrategy = &manual
	aggregated, alone := rightsOf(t, &v1.KubeVirt{}), rightsOf(t, kv)
	for right := range aggregated {
		if isLabel := strings.Contains(right, "/aggregate-to-"); isLabel == alone[right] {
			t.Errorf("%s: there is %t", right, alone[right])
		}
	}
	if len(alone) != len(aggregated)-3 {
		t.Errorf("%d rights and labels, with aggregation %d", len(alone), len(aggregated))
	}
}

// rightsOf lists "role group resource verb" of every role for people, and "role label"
// of the labels that aggregate them.
func rightsOf(t *testing.T, kv *v1.KubeVirt) map[string]bool {
	t.Helper()
	granted := map[string]bool{}
	for _, object := range userRoles(configOf(t, kv, 0)) {
		role, ok := object.(*rbacv1.ClusterRole)
		if !ok {
			continue
		}
		for label := range role.Labels {
			if strings.HasPrefix(label, rbacGroup) {
				granted[role.Name+" "+label] = true
			}
		}
		for _, r := range role.Rules {
			for _, group := range r.APIGroups {
				for _, resource := range r.Resources {
					for _, verb := range r.Verbs {
						granted[strings.Join([]string{role.Name, group, resource, verb}, " ")] = true
					}
				}
			}
		}
	}
	return granted
}
