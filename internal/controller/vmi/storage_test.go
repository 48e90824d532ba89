package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
)

func TestClaimState(t *testing.T) {
	with := func(phase cdiv1beta1.DataVolumePhase) *cdiv1beta1.DataVolume {
		return &cdiv1beta1.DataVolume{Status: cdiv1beta1.DataVolumeStatus{Phase: phase}}
	}
	pvc := &corev1.PersistentVolumeClaim{}
	for name, c := range map[string]struct {
		claim claim
		want  claimState
	}{
		"a claim":                         {claim{pvc: pvc}, claimUsable},
		"no claim":                        {claim{}, claimMissing},
		"a claim whose data volume left":  {claim{pvc: pvc, fromDataVolume: true}, claimUsable},
		"neither of both":                 {claim{fromDataVolume: true}, claimMissing},
		"filled":                          {claim{pvc: pvc, dataVolume: with(cdiv1beta1.DataVolumeSucceeded)}, claimUsable},
		"filled, and the claim is gone":   {claim{dataVolume: with(cdiv1beta1.DataVolumeSucceeded)}, claimMissing},
		"failed":                          {claim{pvc: pvc, dataVolume: with(cdiv1beta1.DataVolumeFailed)}, claimFailed},
		"failed before there was a claim": {claim{dataVolume: with(cdiv1beta1.DataVolumeFailed)}, claimFailed},
		"a populator waits":               {claim{pvc: pvc, dataVolume: with(cdiv1beta1.DataVolumePendingPopulation)}, claimUsable},
		"a populator waits for the claim": {claim{dataVolume: with(cdiv1beta1.DataVolumePendingPopulation)}, claimFilling},
		"an importer waits":               {claim{pvc: pvc, dataVolume: with(cdiv1beta1.DataVolumeWaitForFirstConsumer)}, claimUnconsumed},
		"an importer waits for the claim": {claim{dataVolume: with(cdiv1beta1.DataVolumeWaitForFirstConsumer)}, claimFilling},
		"just made":                       {claim{dataVolume: with("")}, claimFilling},
		"paused":                          {claim{pvc: pvc, dataVolume: with(cdiv1beta1.DataVolumePaused)}, claimFilling},
		"a phase of another version":      {claim{pvc: pvc, dataVolume: with("Polishing")}, claimFilling},
	} {
		if got := c.claim.state(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestWaitsForConsumer(t *testing.T) {
	in := func(phase cdiv1beta1.DataVolumePhase) claim {
		return claim{pvc: &corev1.PersistentVolumeClaim{}, dataVolume: &cdiv1beta1.DataVolume{Status: cdiv1beta1.DataVolumeStatus{Phase: phase}}}
	}
	waiting, filled := in(cdiv1beta1.DataVolumeWaitForFirstConsumer), in(cdiv1beta1.DataVolumeSucceeded)
	for name, c := range map[string]struct {
		claims []claim
		want   bool
	}{
		"no claims":                {nil, false},
		"all filled":               {[]claim{filled}, false},
		"one waits":                {[]claim{filled, waiting}, true},
		"another is being filled":  {[]claim{waiting, in(cdiv1beta1.DataVolumeImportInProgress)}, true},
		"another is missing":       {[]claim{waiting, {}}, false}, // no pod with it can start
		"another cannot be filled": {[]claim{waiting, in(cdiv1beta1.DataVolumeFailed)}, false},
	} {
		s := &scope{claims: c.claims}
		if got := s.waitsForConsumer(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
