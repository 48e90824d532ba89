package component

import (
	"slices"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// virt-controller may read the definitions of networks only where nobody else does for
// it; its operator must be able to say so at any time.
func TestReadingNetworks(t *testing.T) {
	for gate, reads := range map[string]bool{"ExternalNetResourceInjection": true, "NodeRestriction": false} {
		kv := &v1.KubeVirt{}
		kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{DisabledFeatureGates: []string{gate}}
		config := configOf(t, kv, 0)
		for account, want := range map[string]bool{ControllerAccount: reads, OperatorAccount: true} {
			found := slices.ContainsFunc(append(controllerRights(config), operatorRights(config)...), func(object Object) bool {
				role, ok := object.(*rbacv1.ClusterRole)
				return ok && role.Name == account && slices.ContainsFunc(role.Rules, func(rule rbacv1.PolicyRule) bool {
					return slices.Contains(rule.Resources, "network-attachment-definitions")
				})
			})
			if found != want {
				t.Errorf("without %s: %s reads networks: %v", gate, account, found)
			}
		}
	}
}
