//go:build envtest

package vmi

import (
	"errors"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
	"kubevirt.io/kubevirt/test/builder"
	"kubevirt.io/kubevirt/test/envtest"
)

// beside makes another instance in the same namespace, for the same reconciler.
func (s *suite) beside(name string, options ...builder.Option) *suite {
	s.Helper()
	vmi := builder.VMI(s.key.Namespace, name, options...)
	if err := cluster.Client.Create(s.ctx, vmi); err != nil {
		s.Fatalf("creating another instance: %v", err)
	}
	other := *s
	other.key = client.ObjectKeyFromObject(vmi)
	return &other
}

// podOf is the launcher pod of the suite's own instance; nil without one.
func (s *suite) podOf() *corev1.Pod {
	s.Helper()
	for _, pod := range s.pods() {
		if pod.Name == launcherpod.PodName(s.vmi()) {
			return &pod
		}
	}
	return nil
}

// fromClaim adds a disk whose volume and drive are changed.
func fromClaim(change func(*v1.Volume, *v1.Disk)) builder.Option {
	return func(vmi *v1.VirtualMachineInstance) {
		builder.Claim("data", "my-data")(vmi)
		change(&vmi.Spec.Volumes[len(vmi.Spec.Volumes)-1], &vmi.Spec.Domain.Devices.Disks[len(vmi.Spec.Domain.Devices.Disks)-1])
	}
}

var (
	written  = fromClaim(func(*v1.Volume, *v1.Disk) {})
	readOnly = fromClaim(func(v *v1.Volume, _ *v1.Disk) { v.PersistentVolumeClaim.ReadOnly = true })
	cdrom    = fromClaim(func(_ *v1.Volume, d *v1.Disk) {
		d.DiskDevice = v1.DiskDevice{CDRom: &v1.CDRomTarget{Bus: v1.DiskBusSATA}}
	})
	shared   = fromClaim(func(_ *v1.Volume, d *v1.Disk) { yes := true; d.Shareable = &yes })
	overlaid = fromClaim(func(v *v1.Volume, _ *v1.Disk) {
		v.VolumeSource = v1.VolumeSource{Ephemeral: &v1.EphemeralVolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "my-data"},
		}}
	})
)

// Of two instances that write to a claim the second one waits for the end of the
// first one's pod, whether the claim is a filesystem or a device, and is told so.
func TestClaimInUse(t *testing.T) {
	for _, mode := range []corev1.PersistentVolumeMode{corev1.PersistentVolumeFilesystem, corev1.PersistentVolumeBlock} {
		t.Run(string(mode), func(t *testing.T) {
			s := newSuite(t, written)
			s.claim("my-data", mode)
			s.running()
			second := s.beside("second", written)
			second.reconcile("PATCH vmi")
			second.wantEvents("Warning ClaimInUse")
			second.wantPhase(v1.VMIPhasePending)
			second.wantCondition(v1.ConditionSynchronized, "False ClaimInUse")
			if message := second.vmi().Condition(v1.ConditionSynchronized).Message; !strings.Contains(message, "my-data is in use by VirtualMachineInstance guest") {
				t.Errorf("message %q", message)
			}
			second.reconcile()
			second.wantEvents()

			s.delete(s.vmi())
			s.reconcile("DELETE pod")
			second.reconcile("PATCH vmi") // the pod's containers may well run on
			if message := second.vmi().Condition(v1.ConditionSynchronized).Message; !strings.Contains(message, "being deleted, but may write until node "+testNode) {
				t.Errorf("message %q", message)
			}
			second.reconcile()
			cluster.SetPod(t, s.podOf(), envtest.Ended(corev1.PodSucceeded))
			second.events.Take()
			second.reconcile("POST pod", "PATCH vmi")
			second.wantCondition(v1.ConditionSynchronized, "")
			second.wantEvents("Normal SuccessfulCreate")
			second.wantPhase(v1.VMIPhaseScheduling)
		})
	}
}

func TestClaimShared(t *testing.T) {
	for name, c := range map[string]struct {
		first, second builder.Option
		waits         bool
	}{
		"both read":                         {readOnly, cdrom, false},
		"both lay something over it":        {overlaid, overlaid, false},
		"both share":                        {shared, shared, false},
		"one reads, one would write":        {readOnly, written, true},
		"one writes, one would read":        {written, cdrom, true},
		"one writes, one would lay over it": {written, overlaid, true},
		"one shares, one would write":       {shared, written, true},
		"one shares, one would read":        {shared, readOnly, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSuite(t, c.first)
			s.claim("my-data", corev1.PersistentVolumeBlock)
			s.reconcile("POST pod", "PATCH vmi")
			s.events.Take()
			second := s.beside("second", c.second)
			if c.waits {
				second.reconcile("PATCH vmi")
				second.wantEvents("Warning ClaimInUse")
			} else {
				second.reconcile("POST pod", "PATCH vmi")
				second.wantEvents("Normal SuccessfulCreate")
			}
		})
	}
}

// A claim belongs to its namespace.
func TestClaimOfAnotherNamespace(t *testing.T) {
	s, other := newSuite(t, written), newSuite(t, written)
	other.r = s.r
	s.claim("my-data", corev1.PersistentVolumeFilesystem)
	other.claim("my-data", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	if _, err := other.tryReconcile(); err != nil {
		t.Fatal(err)
	}
	other.wantPhase(v1.VMIPhaseScheduling)
}

// Two instances that get their pods at once do not both get the claim, although no
// cache shows the pod of the first.
func TestClaimOfTwoAtOnce(t *testing.T) {
	s := newSuite(t, written)
	s.claim("my-data", corev1.PersistentVolumeFilesystem)
	suites := []*suite{s}
	for _, name := range []string{"b", "c", "d"} {
		suites = append(suites, s.beside(name, written))
	}
	seeing := s.r.Client
	s.r.Client = blind{seeing}
	var wait sync.WaitGroup
	failures := make([]error, len(suites))
	for i, one := range suites {
		wait.Go(func() { _, failures[i] = one.tryReconcile() })
	}
	wait.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	if pods := s.pods(); len(pods) != 1 {
		t.Fatalf("there are %d pods", len(pods))
	}
	s.requests.Take()

	// Until the cache shows it, whoever waits looks again on its own.
	holder, waiting := suites[0], suites[1]
	for i, one := range suites {
		if one.podOf() != nil {
			holder, waiting = one, suites[(i+1)%len(suites)]
		}
	}
	if result := waiting.reconcile(); result.RequeueAfter != cacheLag {
		t.Errorf("it waits %s", result.RequeueAfter)
	}
	s.r.Client = seeing
	holder.reconcile()
	if len(s.r.reserved.of) != 0 {
		t.Errorf("still reserved: %v", s.r.reserved.of)
	}
	if result := waiting.reconcile(); result.RequeueAfter != 0 {
		t.Errorf("it waits %s", result.RequeueAfter)
	}
	cluster.RemovePod(t, holder.podOf())
	s.requests.Take()
	waiting.reconcile("POST pod", "PATCH vmi")
}

// What the API server refuses to make holds nothing.
func TestClaimOfAPodThatIsRefused(t *testing.T) {
	s := newSuite(t, written)
	s.claim("my-data", corev1.PersistentVolumeFilesystem)
	render := s.r.Render
	s.r.Render = func(vmi *v1.VirtualMachineInstance, claims launcherpod.Claims) (*corev1.Pod, error) {
		pod, err := render(vmi, claims)
		pod.Spec.Containers[0].Image = ""
		return pod, err
	}
	if _, err := s.tryReconcile(); err == nil {
		t.Fatal("a pod without an image was made")
	}
	if len(s.r.reserved.of) != 0 {
		t.Errorf("still reserved: %v", s.r.reserved.of)
	}
}

// A pod that has outlived its instance still holds what it uses.
func TestClaimOfAPodWithoutInstance(t *testing.T) {
	s := newSuite(t, readOnly)
	s.claim("my-data", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	pod := s.podOf()
	cluster.Bind(t, pod, testNode)
	s.delete(s.vmi())
	vmi := s.vmi()
	vmi.Finalizers = nil
	if err := cluster.Client.Update(s.ctx, vmi); err != nil {
		t.Fatal(err)
	}
	s.events.Take()
	second := s.beside("second", readOnly)
	second.reconcile("PATCH vmi")
	second.wantEvents("Warning ClaimInUse")
	if message := second.vmi().Condition(v1.ConditionSynchronized).Message; !strings.Contains(message, "in use by pod "+pod.Name) {
		t.Errorf("message %q", message)
	}
	cluster.RemovePod(t, pod)
	second.reconcile("POST pod", "PATCH vmi")
}

// A pod that an earlier leader made a moment ago holds its claim, although no cache
// shows it yet; when it is gone nothing is waited for.
func TestClaimOfAnEarlierLeader(t *testing.T) {
	s := newSuite(t, written)
	s.claim("my-data", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	second := s.beside("second", written)
	seeing := s.r.Client
	successor := func() {
		second.r = &Reconciler{
			Client: behind{blind{seeing}, s.key.Namespace}, Live: s.r.Live, Events: s.r.Events, Clock: s.r.Clock,
			Render: s.r.Render, Config: s.r.Config, NodeSilent: s.r.NodeSilent,
		}
	}
	successor()
	second.reconcile("PATCH vmi")
	second.wantPhase(v1.VMIPhasePending)
	if result := second.reconcile(); result.RequeueAfter != cacheLag {
		t.Errorf("it waits %s", result.RequeueAfter)
	}
	second.r.Client = seeing
	second.reconcile("PATCH vmi")
	second.wantCondition(v1.ConditionSynchronized, "False ClaimInUse")

	successor()
	second.reconcile("PATCH vmi") // nothing is known of who uses it
	cluster.RemovePod(t, s.podOf())
	s.requests.Take()
	second.reconcile("POST pod", "PATCH vmi")
}

// A pod that only has other claims provisioned holds none.
func TestClaimThatAConsumerNames(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, written, builder.DataVolume("root", "my-root"))
	s.claim("my-data", corev1.PersistentVolumeFilesystem)
	s.dataVolume("my-root", cdiv1beta1.DataVolumeWaitForFirstConsumer)
	s.claim("my-root", corev1.PersistentVolumeFilesystem)
	s.reconcile("POST pod", "PATCH vmi")
	if pod := s.pod(); pod.Name != launcherpod.ConsumerName(s.vmi()) {
		t.Fatalf("pod %s", pod.Name)
	}
	s.events.Take()
	second := s.beside("second", written)
	second.reconcile("POST pod", "PATCH vmi")
	second.wantEvents("Normal SuccessfulCreate")
}
