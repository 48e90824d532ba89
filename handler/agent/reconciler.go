// Package agent is virt-handler: it brings the guests of one node to life and
// reports what they really are.
package agent

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/flowcontrol"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/network"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// Reconciler drives the instances of one node. It is the only writer of their
// phase from Scheduled on, as long as their launcher lives.
type Reconciler struct {
	// Client reads from a cache that holds this node's instances only; Live reads
	// past it.
	Client client.Client
	Live   client.Reader
	Events event.Recorder
	Clock  clock.PassiveClock
	// Node is the name of this node; IPv6First tells that its pods name their IPv6
	// address first.
	Node      string
	IPv6First bool
	// Config returns the cluster's configuration in effect.
	Config func() *clusterconfig.Config
	// Launchers follows the launchers of this node.
	Launchers *launcherclient.Registry
	// Pods prepares launcher pods.
	Pods Preparer
	// Starts keeps starts that fail apart.
	Starts *flowcontrol.Backoff

	writes patch.Writes
}

// Preparer makes a launcher pod ready for its guest.
type Preparer interface {
	// Prepare sets up everything that the guest needs from its node; it can be
	// repeated.
	Prepare(ctx context.Context, vmi *v1.VirtualMachineInstance, launcher *launcherclient.Launcher) (Prepared, error)
	// Inspect looks at a pod that Prepare has been through; the result has no volumes.
	Inspect(vmi *v1.VirtualMachineInstance, launcher *launcherclient.Launcher) (Prepared, error)
}

// Prepared is a launcher pod that is ready for its guest.
type Prepared struct {
	Network *network.Facts
	Volumes []*protocol.Volume
	// KernelBoot is nil for a guest that boots from its disks.
	KernelBoot *protocol.KernelBoot
	// KVM: the pod has been given the node's KVM.
	KVM bool
}

const (
	// syncTimeout bounds the start of a guest.
	syncTimeout = time.Minute
	// releaseTimeout bounds the word to a launcher that may exit; it exits by
	// itself soon after.
	releaseTimeout = time.Second
	// killTimeout bounds the end of a guest that is not asked any more.
	killTimeout = 10 * time.Second
)

// scope is what one reconcile has read and found.
type scope struct {
	vmi *v1.VirtualMachineInstance
	// guest is what is known about the launcher; nil when nothing is.
	guest *launcherclient.Guest
	// early: the instance has not been handed over yet, but its launcher is up.
	early bool
	// retry is when a start that has failed may be tried again; 0 for none.
	retry time.Duration
	observation
}

// Reconcile brings one instance a step on.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	vmi := &v1.VirtualMachineInstance{}
	err := r.Client.Get(ctx, request.NamespacedName, vmi)
	if apierrors.IsNotFound(err) {
		r.writes.Forget(request.NamespacedName)
		return ctrl.Result{}, r.early(ctx, request.NamespacedName)
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("reading the instance: %w", err)
	}
	if r.writes.Behind(request.NamespacedName, vmi) {
		return ctrl.Result{}, nil // the watch brings it back
	}
	r.letGo(ctx, request.NamespacedName, vmi.UID)
	if vmi.IsFinal() {
		r.release(ctx, vmi.UID)
		return ctrl.Result{}, nil
	}
	s := &scope{vmi: vmi}
	s.now, s.plugin = r.Clock.Now(), r.Config().BindingPlugin
	r.find(s)
	if s.guest == nil {
		return ctrl.Result{}, nil // its launcher, once found, brings it back
	}
	failure := r.start(ctx, s)
	if err := errors.Join(r.inspect(s), r.finish(ctx, s), failure); err != nil {
		return ctrl.Result{}, err
	}
	if s.vmi.IsFinal() {
		r.release(ctx, vmi.UID)
		return ctrl.Result{}, nil
	}
	if s.retry > 0 {
		return ctrl.Result{RequeueAfter: s.retry}, nil
	}
	if err := r.dumpMemory(ctx, s); err != nil {
		return ctrl.Result{}, err
	}
	return r.hurry(ctx, s)
}

// find looks up the launcher, which begins the search for one that is not known.
func (r *Reconciler) find(s *scope) {
	pod := activePod(s.vmi, r.Node)
	if pod == "" {
		return
	}
	s.guest = r.Launchers.Guest(launcherclient.Instance{
		NamespacedName: client.ObjectKeyFromObject(s.vmi), UID: s.vmi.UID, PodUID: pod,
	})
	if s.guest != nil {
		s.state, s.exited = s.guest.State, s.guest.Exited
	}
}

// activePod is the instance's launcher pod on a node. virt-controller says so in
// the status, which nobody else may write: that is what makes it the instance's.
func activePod(vmi *v1.VirtualMachineInstance, node string) string {
	if vmi.Status.NodeName != node {
		return ""
	}
	for uid, where := range vmi.Status.ActivePods {
		if where == node {
			return string(uid)
		}
	}
	return ""
}

// inspect looks at the pod of a guest that runs and whose status does not tell of
// it yet.
func (r *Reconciler) inspect(s *scope) error {
	reported := s.vmi.IsRunning() && looksComplete(s.vmi, s.state.GetAgent())
	if s.network != nil || reported || s.guest.Launcher == nil || !alive(s.state) {
		return nil
	}
	found, err := r.Pods.Inspect(s.vmi, s.guest.Launcher)
	if err != nil {
		return fmt.Errorf("looking at the launcher pod: %w", err)
	}
	s.network, s.emulated = found.Network, emulated(r.Config(), found)
	return nil
}

// finish writes the status and says what has happened.
func (r *Reconciler) finish(ctx context.Context, s *scope) error {
	before := s.vmi.DeepCopy()
	instance := patch.NewInstance(r.Client, r.Live, patch.Handler, s.vmi)
	setStatus(s.vmi, s.observation)
	err := instance.Finish(ctx, s.vmi, func(live *v1.VirtualMachineInstance) error {
		before = live.DeepCopy()
		setStatus(live, s.observation)
		return nil
	})
	if err != nil {
		return err
	}
	r.writes.Note(client.ObjectKeyFromObject(s.vmi), s.vmi)
	for _, e := range eventsFor(before, s.vmi) {
		r.Events.Emit(s.vmi, e)
	}
	return nil
}

// release lets the launcher of an ended guest exit, and forgets it once it has.
func (r *Reconciler) release(ctx context.Context, uid types.UID) {
	if _, guest, known := r.Launchers.Lookup(uid); known {
		r.leave(ctx, uid, guest)
	} else {
		r.Launchers.Forget(uid) // perhaps still being looked for
	}
}

// leave tells a launcher whose guest has ended that it may exit, and forgets one
// that has.
func (r *Reconciler) leave(ctx context.Context, uid types.UID, guest *launcherclient.Guest) {
	switch {
	case guest.Exited:
		r.Launchers.Forget(uid)
	case guest.Launcher != nil && ended(guest.State):
		call, cancel := context.WithTimeout(ctx, releaseTimeout)
		defer cancel()
		if err := guest.Signal(call, protocol.Action_ACTION_RELEASE); err != nil {
			// It leaves without this word as well, a little later.
			ctrl.LoggerFrom(ctx).V(1).Info("A launcher was not told that it may exit", "reason", err.Error())
		}
	}
}

// letGo releases the launchers that work for an instance of this name which is no
// longer there; current is the one that is.
func (r *Reconciler) letGo(ctx context.Context, name types.NamespacedName, current types.UID) {
	for _, claim := range r.Launchers.Claims(name) {
		if claim.UID != current {
			r.leave(ctx, claim.UID, claim.Guest)
		}
	}
}
