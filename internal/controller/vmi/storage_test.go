package vmi

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
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

func TestClaimLeaves(t *testing.T) {
	now := metav1.Now()
	ref := func(kind, name string, uid types.UID) *metav1.OwnerReference {
		return &metav1.OwnerReference{Kind: kind, Name: name, UID: uid, Controller: ptr.To(true)}
	}
	of := func(owner *metav1.OwnerReference) *corev1.PersistentVolumeClaim {
		return &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{*owner}}}
	}
	filled := func(uid types.UID, owners ...metav1.OwnerReference) *cdiv1beta1.DataVolume {
		return &cdiv1beta1.DataVolume{
			ObjectMeta: metav1.ObjectMeta{UID: uid, OwnerReferences: owners},
			Status:     cdiv1beta1.DataVolumeStatus{Phase: cdiv1beta1.DataVolumeSucceeded},
		}
	}
	deleted := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}}
	failing := filled("new", *ref(v1.KindVirtualMachine, "vm", "old"))
	failing.Status.Phase = cdiv1beta1.DataVolumeFailed
	going := filled("new")
	going.DeletionTimestamp = &now
	machine, fromVolume := ref(v1.KindVirtualMachine, "vm", "new"), of(ref(cdiv1beta1.KindDataVolume, "root", "new"))
	for name, c := range map[string]struct {
		claim claim
		want  claimState
	}{
		"deleted":                          {claim{pvc: deleted}, claimLeaving},
		"of its data volume":               {claim{pvc: fromVolume, dataVolume: filled("new"), machine: machine}, claimUsable},
		"of one that is gone":              {claim{pvc: fromVolume, fromDataVolume: true}, claimLeaving},
		"of one before this":               {claim{pvc: fromVolume, dataVolume: filled("newer")}, claimLeaving},
		"of one, and there are none":       {claim{pvc: fromVolume, fromDataVolume: true, unavailable: true}, claimUsable},
		"its data volume is deleted":       {claim{pvc: fromVolume, dataVolume: going}, claimLeaving},
		"only a deleted data volume":       {claim{dataVolume: going}, claimLeaving},
		"of the instance's machine":        {claim{pvc: of(machine), machine: machine}, claimUsable},
		"of a machine before it":           {claim{pvc: of(ref(v1.KindVirtualMachine, "vm", "old")), machine: machine}, claimLeaving},
		"of another machine":               {claim{pvc: of(ref(v1.KindVirtualMachine, "other", "old")), machine: machine}, claimUsable},
		"of a machine, for no machine":     {claim{pvc: of(machine)}, claimUsable},
		"its data volume's machine is old": {claim{pvc: fromVolume, dataVolume: failing, machine: machine}, claimLeaving},
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
	deleted := metav1.Now()
	waiting, filled := in(cdiv1beta1.DataVolumeWaitForFirstConsumer), in(cdiv1beta1.DataVolumeSucceeded)
	for name, c := range map[string]struct {
		claims []claim
		want   bool
	}{
		"no claims":               {nil, false},
		"all filled":              {[]claim{filled}, false},
		"one waits":               {[]claim{filled, waiting}, true},
		"another is being filled": {[]claim{waiting, in(cdiv1beta1.DataVolumeImportInProgress)}, true},
		"another is missing":      {[]claim{waiting, {}}, false}, // no pod with it can start
		"another is on its way out": {[]claim{waiting, {pvc: &corev1.PersistentVolumeClaim{
			ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &deleted}}}}, false},
		"another cannot be filled": {[]claim{waiting, in(cdiv1beta1.DataVolumeFailed)}, false},
	} {
		s := &scope{claims: c.claims}
		if got := s.waitsForConsumer(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
