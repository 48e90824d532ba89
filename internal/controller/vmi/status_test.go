package vmi

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func TestRevisionName(t *testing.T) {
	controlled := true
	owner := func(kind string) []metav1.OwnerReference {
		return []metav1.OwnerReference{{Kind: kind, UID: "u", Controller: &controlled}}
	}
	generation := map[string]string{v1.AnnotationVMGeneration: "3"}
	for name, c := range map[string]struct {
		owners      []metav1.OwnerReference
		annotations map[string]string
		want        string
	}{
		"of a machine":                     {owner(v1.KindVirtualMachine), generation, "revision-start-vm-u-3"},
		"of a replica set":                 {owner(v1.KindVirtualMachineInstanceReplicaSet), generation, ""},
		"of nobody":                        {nil, generation, ""},
		"of a machine, generation unknown": {owner(v1.KindVirtualMachine), nil, ""},
	} {
		vmi := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{OwnerReferences: c.owners, Annotations: c.annotations}}
		if got := revisionName(vmi); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
