// Package kubevirt is virt-operator's work: it makes the cluster hold what the
// KubeVirt object asks for, and nothing of it once the object is gone.
package kubevirt

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/internal/patch"
)

// Reconciler keeps an installation as its KubeVirt object asks.
type Reconciler struct {
	// Client writes, and reads from the cache that NewCacheOptions describes.
	Client client.Client
	// Live reads past the cache: what is needed too seldom to be watched.
	Live client.Reader
	// Environment is what the operator's own deployment says.
	Environment component.Environment
	// Definitions are the CRDs to install.
	Definitions *Definitions
	// Foreign shows which kinds of others the cluster has.
	Foreign Foreign
	// Validate returns what is wrong with a KubeVirt object; admission asks the
	// same, but was not there yet when the first object was created.
	Validate func(*v1.KubeVirt) field.ErrorList
	// Events takes what happened.
	Events event.Recorder
	// Now is the clock.
	Now func() time.Time
	// Upgrades tells OLM how far the installation is, where OLM is.
	Upgrades *Upgradeable

	writes  patch.Writes
	applied memory
	// shown stands for the certificates that the components' pods were last shown.
	shown string
	// follow has the controller notice changes of a kind, and tells whether the cache
	// shows its objects.
	follow func(context.Context, client.Object) (bool, error)
	// lastNodes is on how many nodes guests could run when that was last known.
	lastNodes int32
	// complete is set once this process has seen everything in place.
	complete atomic.Bool
}

// scope is what one reconcile has read and found out.
type scope struct {
	kv  *v1.KubeVirt
	now time.Time
	// primary is the KubeVirt object that counts, if it is not this one.
	primary *v1.KubeVirt
	// bundle holds the authorities to trust, once the certificates are renewed.
	bundle []byte
	// config, installation and deployed: what is wanted, and whether it was
	// completely there before.
	config       *component.Config
	installation *component.Installation
	// live holds the installation's objects as the cluster has them.
	live liveObjects
	// sent: all there is to do has been done; what is still awaited comes by itself.
	sent bool
	// waiting says what is still awaited; empty once nothing is.
	waiting string
	// wave is how far virt-handler's pods have come, if that had to be looked at.
	wave *wave
	// rolling: pods are being replaced.
	rolling bool
	// trouble is why pods that are awaited do not come to work.
	trouble *trouble
	// merged is virt-api's Deployment as long as its pods are virt-controller as well.
	merged *appsv1.Deployment
	// switching: something of the other profile is left.
	switching bool
	// restorations are the objects that others had changed or deleted.
	restorations restorations
	// blocked says why the object's deletion cannot be followed.
	blocked string
	// removing is set once it is certain that the installation may be taken apart.
	removing bool
	// removed is set once nothing of the installation is left.
	removed bool
	// unsure: not all that is wanted is known yet, so nothing is to be taken for left over.
	unsure bool
	// invalid says what cannot be done as the object asks it.
	invalid string
	// next is when time alone gives something to do; zero for never.
	next time.Time
}

// step is one part of a reconcile. It ends the reconcile by returning errDone or
// any other error.
type step func(context.Context, *scope) error

// errDone ends a reconcile early and successfully: everything more has to wait for
// a change that is watched.
var errDone = errors.New("nothing more to do now")

// Reconcile brings the cluster one step nearer to what one KubeVirt object asks for.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	kv := &v1.KubeVirt{}
	if err := r.Client.Get(ctx, request.NamespacedName, kv); err != nil {
		if apierrors.IsNotFound(err) {
			r.writes.Forget(request.NamespacedName)
			return ctrl.Result{}, r.Upgrades.idle(ctx, r.Live, r.Environment.Namespace)
		}
		return ctrl.Result{}, fmt.Errorf("reading the KubeVirt object: %w", err)
	}
	if r.writes.Behind(request.NamespacedName, kv) {
		return ctrl.Result{}, nil
	}
	s := &scope{kv: kv, now: r.Now(), live: liveObjects{}}
	p := patch.New(r.Client, kv)
	err := run(ctx, s, r.choose, r.announce(p), r.remove, r.check, r.certify, r.monitor, r.render, r.mark, r.profile, r.install, r.prune, r.scaleSelf)
	s.sent = err == nil
	if err != nil {
		// Whatever stands in the way of the rest: certificates are renewed all the same.
		err = errors.Join(ignoreDone(err), r.entrust(ctx, s))
	}
	r.report(s, err)
	if finishErr := r.finish(ctx, p, s); finishErr != nil {
		err = errors.Join(err, finishErr)
	}
	if olmErr := r.Upgrades.follow(ctx, s); olmErr != nil {
		err = errors.Join(err, olmErr)
	}
	return s.result(err)
}

func run(ctx context.Context, s *scope, steps ...step) error {
	for _, do := range steps {
		if err := do(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// ignoreDone: having nothing more to do is no error.
func ignoreDone(err error) error {
	if errors.Is(err, errDone) {
		return nil
	}
	return err
}

// finish writes what this reconcile changed of the KubeVirt object.
func (r *Reconciler) finish(ctx context.Context, p *patch.Patch, s *scope) error {
	before := s.kv.ResourceVersion
	err := p.Finish(ctx, s.kv)
	if s.removed && apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && s.kv.ResourceVersion != before {
		r.writes.Note(client.ObjectKeyFromObject(s.kv), s.kv)
	}
	return err
}

// result says when to come back. Somebody else's write in between is not an error:
// the cache is only a little behind.
func (s *scope) result(err error) (ctrl.Result, error) {
	const soon = 50 * time.Millisecond
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return ctrl.Result{RequeueAfter: soon}, nil
	}
	if err != nil || s.next.IsZero() {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: max(s.next.Sub(s.now), soon)}, nil
}

// at notes that time alone gives something to do then.
func (s *scope) at(t time.Time) {
	if !t.IsZero() && (s.next.IsZero() || t.Before(s.next)) {
		s.next = t
	}
}
