package kubevirt

import (
	"testing"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/logging"
)

func TestLevelFollows(t *testing.T) {
	s := &settings{log: logging.New("virt-operator", 1)}
	kv := &v1.KubeVirt{}
	kv.Spec.Configuration.DeveloperConfiguration = &v1.DeveloperConfiguration{LogVerbosity: &v1.LogVerbosity{VirtOperator: 4, VirtAPI: 6}}
	for _, step := range []struct {
		kv   *v1.KubeVirt
		want int
	}{{kv, 4}, {nil, 1}} {
		s.follow(clusterconfig.New(step.kv))
		if !s.log.V(step.want).Enabled() || s.log.V(step.want+1).Enabled() {
			t.Errorf("lines of V(%d) %t, of V(%d) %t", step.want, s.log.V(step.want).Enabled(), step.want+1, s.log.V(step.want+1).Enabled())
		}
	}
}
