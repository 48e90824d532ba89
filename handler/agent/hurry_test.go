package agent

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func TestGraceLeft(t *testing.T) {
	now := time.Unix(1000, 0)
	for name, tc := range map[string]struct {
		seconds *int64
		deleted int64
		want    time.Duration
	}{
		"the default":  {deleted: 990, want: 20 * time.Second},
		"the spec's":   {seconds: new(int64), deleted: 1000, want: 0},
		"already over": {deleted: 900, want: -70 * time.Second},
	} {
		vmi := &v1.VirtualMachineInstance{}
		deleted := metav1.Unix(tc.deleted, 0)
		vmi.DeletionTimestamp = &deleted
		vmi.Spec.TerminationGracePeriodSeconds = tc.seconds
		if got := graceLeft(vmi, now); got != tc.want {
			t.Errorf("%s: %v left, want %v", name, got, tc.want)
		}
	}
}
