package validate

import (
	"encoding/json"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/test/builder"
)

func TestReplicaSet(t *testing.T) {
	type change = func(*v1.VirtualMachineInstanceReplicaSetSpec)
	for name, c := range map[string]struct {
		change change
		// wants are paths of errors with a part of the message.
		wants []string
	}{
		"as it should be": {func(*v1.VirtualMachineInstanceReplicaSetSpec) {}, nil},
		"no instances":    {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Replicas = new(int32) }, nil},
		"paused":          {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Paused = true }, nil},
		"by expression": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) {
			s.Selector = &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpExists}}}
		}, nil},
		"fewer than none": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { n := int32(-1); s.Replicas = &n },
			[]string{"spec.replicas: greater than or equal to 0"}},
		"no template": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Template = nil },
			[]string{"spec.template: must be of type object"}},
		"a template with a label of ours": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) {
			s.Template.Metadata.Labels[v1.LabelNodeName] = "node02"
		}, []string{"spec.template.metadata.labels[kubevirt.io/nodeName]: set by the system only"}},
		"no selector": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Selector = nil },
			[]string{"spec.selector: say by which labels"}},
		"an empty selector": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Selector = &metav1.LabelSelector{} },
			[]string{"spec.selector: say by which labels"}},
		"a selector without a meaning": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) {
			s.Selector.MatchExpressions = []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}}
		}, []string{"spec.selector.matchExpressions[0].operator: not a valid selector operator"}},
		"a selector with a value that cannot be": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) {
			s.Selector.MatchLabels["app"] = "a b"
		}, []string{"spec.selector.matchLabels: a valid label"}},
		"a selector that finds nothing": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Template.Metadata.Labels = nil },
			[]string{"spec.template.metadata.labels: must be matched by spec.selector"}},
		"a label that cannot be": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) { s.Template.Metadata.Labels["b c"] = "" },
			[]string{"spec.template.metadata.labels: "}},
		"a template that is not supported": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) {
			s.Template.Spec.Domain.Devices.TPM = &v1.TPMDevice{}
		}, []string{"spec.template.spec.domain.devices.tpm: spec.template.spec.domain.devices.tpm is not supported yet"}},
		"a template that cannot work": {func(s *v1.VirtualMachineInstanceReplicaSetSpec) {
			s.Template.Spec.Volumes = append(s.Template.Spec.Volumes, v1.Volume{Name: "a"})
		}, []string{"spec.template.spec.volumes[0]: "}},
	} {
		t.Run(name, func(t *testing.T) {
			set := builder.ReplicaSet("ns", "set", 3, builder.Label("app", "x"))
			c.change(&set.Spec)
			cfg := clusterconfig.New(nil)
			manifest, err := json.Marshal(set)
			if err != nil {
				t.Fatal(err)
			}
			errs := bySchema(t, v1.KindVirtualMachineInstanceReplicaSet, string(manifest))
			errs = append(errs, ReplicaSet(set, cfg, func(vmi *v1.VirtualMachineInstance) { fill(vmi, cfg) })...)
			for _, want := range c.wants {
				path, message, _ := strings.Cut(want, ": ")
				found := false
				for _, err := range errs {
					found = found || err.Field == path && strings.Contains(err.ErrorBody(), message)
				}
				if !found {
					t.Errorf("no error %q", want)
				}
			}
			if t.Failed() || len(c.wants) == 0 && len(errs) > 0 {
				t.Errorf("got %v", errs.ToAggregate())
			}
		})
	}
}
