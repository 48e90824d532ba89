//go:build envtest

package vm

import (
	"context"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// Where a guest may run is changed with it running, and back.
func TestPlacement(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.change(func(vm *v1.VirtualMachine) {
		vm.Spec.Template.Spec.NodeSelector = map[string]string{"zone": "a", "disk": "fast"}
	})
	s.started()
	toleration := []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists}}
	affinity := &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
		TopologyKey: corev1.LabelHostname, LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}},
	}}}}
	s.change(func(vm *v1.VirtualMachine) {
		spec := &vm.Spec.Template.Spec
		spec.NodeSelector, spec.Affinity, spec.Tolerations = map[string]string{"zone": "b"}, affinity, toleration
	})
	s.reconcile("PATCH vmi", "PATCH vm status")
	want := placement{map[string]string{"zone": "b"}, affinity, toleration}
	if got := placementOf(&s.vmi().Spec); !equality.Semantic.DeepEqual(got, want) {
		t.Errorf("placement %+v", got)
	}
	s.wantCondition(v1.ConditionRestartRequired, "")
	if vm := s.vm(); vm.Status.ObservedGeneration != vm.Generation {
		t.Errorf("generation %d of %d", vm.Status.ObservedGeneration, vm.Generation)
	}
	s.reconcile()

	s.change(func(vm *v1.VirtualMachine) { placement{}.into(&vm.Spec.Template.Spec) })
	s.reconcile("PATCH vmi", "PATCH vm status")
	if got := placementOf(&s.vmi().Spec); !equality.Semantic.DeepEqual(got, placement{}) {
		t.Errorf("placement %+v", got)
	}
	s.reconcile()
}

// Where the cluster wants changes to wait, they do, until it no longer does.
func TestPlacementWaits(t *testing.T) {
	stage := v1.VMRolloutStrategyStage
	s := newSuite(t, v1.RunStrategyAlways)
	s.config = clusterconfig.New(&v1.KubeVirt{Spec: v1.KubeVirtSpec{Configuration: v1.KubeVirtConfiguration{VMRolloutStrategy: &stage}}})
	s.started()
	s.change(func(vm *v1.VirtualMachine) { vm.Spec.Template.Spec.NodeSelector = map[string]string{"zone": "b"} })
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionRestartRequired, "True TemplateChanged")
	s.config = clusterconfig.New(nil)
	s.reconcile("PATCH vmi", "PATCH vm status")
	s.wantCondition(v1.ConditionRestartRequired, "")
}

// A change that cannot be brought to the instance is reported.
func TestPlacementFails(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.started()
	own := s.r.Client
	handler, err := client.New(cluster.As("kubevirt-handler", "some-node", nil), client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	for reason, change := range map[string]func(*v1.VirtualMachineInstanceSpec){
		v1.ReasonAffinityChangeError: func(spec *v1.VirtualMachineInstanceSpec) { spec.NodeSelector = map[string]string{"zone": "c"} },
		v1.ReasonTolerationsChangeError: func(spec *v1.VirtualMachineInstanceSpec) {
			spec.Tolerations = []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists}}
		},
	} {
		s.change(func(vm *v1.VirtualMachine) {
			placementOf(&s.vmi().Spec).into(&vm.Spec.Template.Spec)
			change(&vm.Spec.Template.Spec)
		})
		// This account may change instances, but not where they may run.
		s.r.Client = divided{own, handler}
		if _, err := s.tryReconcile(); err == nil {
			t.Fatal("no error")
		}
		s.wantCondition(v1.ConditionFailure, "True "+reason)
		s.r.Client = own
	}
	s.requests.Take()
	s.reconcile("PATCH vmi", "PATCH vm status")
	s.wantCondition(v1.ConditionFailure, "")
}

func TestChangedFields(t *testing.T) {
	before, after := &v1.VirtualMachineInstanceSpec{}, &v1.VirtualMachineInstanceSpec{}
	before.Domain.CPU = &v1.CPU{Cores: 1, Sockets: 1}
	after.Domain.CPU = &v1.CPU{Cores: 2, Sockets: 1}
	after.Volumes = []v1.Volume{{Name: "a"}}
	after.Hostname = "x"
	got, err := changedFields("spec", before, after)
	if want := "spec.domain.cpu.cores spec.hostname spec.volumes"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("%q (%v), want %q", got, err, want)
	}
	if got, err := changedFields("spec", after, after.DeepCopy()); err != nil || got == nil || len(got) != 0 {
		t.Errorf("%q (%v) although nothing differs", got, err)
	}
}

// divided sends the patches of instances with other rights than the rest.
type divided struct {
	client.Client
	instances client.Client
}

func (d divided) Patch(ctx context.Context, obj client.Object, patch client.Patch, options ...client.PatchOption) error {
	if _, ok := obj.(*v1.VirtualMachineInstance); ok {
		return d.instances.Patch(ctx, obj, patch, options...)
	}
	return d.Client.Patch(ctx, obj, patch, options...)
}
