package vmi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// No lock of a file system or of QEMU keeps guests on two nodes from writing to one
// claim, nor two on one node where the claim is a device. So a claim that one instance
// writes to has no launcher pod of another: its pods are what holds a claim, from when
// they are made until they have ended or are gone.

// cacheLag is about how long the cache takes to show a pod that was just made.
const cacheLag = time.Second

// reservations are the claims of launcher pods that were made, or are about to be, and
// that the cache does not show yet.
type reservations struct {
	mutex sync.Mutex
	of    map[client.ObjectKey]reservation
	// inherited are pods from before this process led that the cache does not show yet,
	// whatever they use; listed tells that they have been asked for.
	listed    bool
	inherited []metav1.PartialObjectMetadata
}

type reservation struct {
	uid  types.UID
	uses map[string]v1.VolumeUse
}

// drop ends the reservation of an instance: the cache shows its pod, or there is none
// and none will be made.
func (r *reservations) drop(key client.ObjectKey) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	delete(r.of, key)
}

// holder is what keeps an instance from a claim.
type holder struct {
	claim string
	// instance that uses it, empty where there is only a pod left of it.
	instance string
	// pod is empty while the cache does not show it.
	pod string
	// leaving tells that the pod is being deleted, on node.
	leaving bool
	node    string
}

// reserve takes the claims for an instance that is about to get its pod, or says who
// has one of them. Only one instance at a time is looked at.
func (r *Reconciler) reserve(ctx context.Context, s *scope) (wait *ctrl.Result, err error) {
	uses := usesOf(s.vmi)
	if len(uses) == 0 {
		return nil, nil
	}
	r.reserved.mutex.Lock()
	defer r.reserved.mutex.Unlock()
	seen, err := r.seesInherited(ctx)
	if err != nil {
		return nil, err
	}
	if !seen {
		return &ctrl.Result{RequeueAfter: cacheLag}, nil
	}
	other, err := r.holderFor(ctx, s, uses)
	if err != nil {
		return nil, err
	}
	if other != nil {
		r.fail(s, claimInUse(other))
		if other.pod == "" {
			return &ctrl.Result{RequeueAfter: cacheLag}, nil
		}
		return &ctrl.Result{}, nil // the end of the pod brings the instance back
	}
	if r.reserved.of == nil {
		r.reserved.of = map[client.ObjectKey]reservation{}
	}
	r.reserved.of[s.key()] = reservation{uid: s.vmi.UID, uses: uses}
	return nil, nil
}

// seesInherited reports whether the cache shows all pods that an earlier leader has made:
// it may have made some a moment ago. They are asked for once, and no claim is given
// away until they are seen or gone.
func (r *Reconciler) seesInherited(ctx context.Context) (bool, error) {
	if !r.reserved.listed {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("PodList"))
		if err := r.Live.List(ctx, list, client.MatchingLabels{v1.LabelComponent: v1.LauncherPod}); err != nil {
			return false, fmt.Errorf("listing the launcher pods of an earlier leader: %w", err)
		}
		r.reserved.listed, r.reserved.inherited = true, list.Items
	}
	var unseen []metav1.PartialObjectMetadata
	for _, pod := range r.reserved.inherited {
		is, err := exists(ctx, r.Client, &pod, &corev1.Pod{})
		if err != nil {
			return false, err
		}
		if is {
			continue
		}
		live := &metav1.PartialObjectMetadata{}
		live.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Pod"))
		if is, err = exists(ctx, r.Live, &pod, live); err != nil {
			return false, err
		}
		if is {
			unseen = append(unseen, pod)
		}
	}
	r.reserved.inherited = unseen
	return len(unseen) == 0, nil
}

// exists reports whether a reader shows a pod, and not another one of its name.
func exists(ctx context.Context, reader client.Reader, pod *metav1.PartialObjectMetadata, into client.Object) (bool, error) {
	err := reader.Get(ctx, client.ObjectKeyFromObject(pod), into)
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading launcher pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return err == nil && into.GetUID() == pod.UID, nil
}

// usesOf says how an instance uses each of its claims.
func usesOf(vmi *v1.VirtualMachineInstance) map[string]v1.VolumeUse {
	uses := map[string]v1.VolumeUse{}
	for i := range vmi.Spec.Volumes {
		volume := &vmi.Spec.Volumes[i]
		name := volume.ClaimName()
		if name == "" {
			continue
		}
		// Two of its own volumes may have one claim; the more demanding of them counts.
		use := vmi.Spec.UseOf(volume)
		if present, twice := uses[name]; !twice || present == v1.VolumeUseFollow || use == v1.VolumeUseWrite {
			uses[name] = use
		}
	}
	return uses
}

func (r *Reconciler) holderFor(ctx context.Context, s *scope, uses map[string]v1.VolumeUse) (*holder, error) {
	for _, name := range slices.Sorted(maps.Keys(uses)) {
		pods := &corev1.PodList{}
		err := r.List(ctx, pods, client.InNamespace(s.vmi.Namespace), client.MatchingFields{IndexPodClaim: name})
		if err != nil {
			return nil, fmt.Errorf("listing the launcher pods that use claim %s: %w", name, err)
		}
		for i := range pods.Items {
			pod := &pods.Items[i]
			if ended(pod) || pod.Labels[v1.LabelCreatedBy] == string(s.vmi.UID) || isConsumer(pod) {
				continue
			}
			instance, use, err := r.userOf(ctx, pod, name)
			if err != nil {
				return nil, err
			}
			if !uses[name].Allows(use) {
				leaving := !pod.DeletionTimestamp.IsZero()
				return &holder{claim: name, instance: instance, pod: pod.Name, leaving: leaving, node: pod.Spec.NodeName}, nil
			}
		}
	}
	return reservedFor(s, uses, r.reserved.of), nil
}

// isConsumer reports whether a pod only has claims provisioned. It writes to none, and
// those that it mounts are not filled yet.
func isConsumer(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil {
		return false
	}
	vmi := &v1.VirtualMachineInstance{}
	vmi.Name, vmi.UID = owner.Name, owner.UID
	return pod.Name == launcherpod.ConsumerName(vmi)
}

// reservedFor returns who has reserved a claim that the instance needs, nil for nobody.
func reservedFor(s *scope, uses map[string]v1.VolumeUse, others map[client.ObjectKey]reservation) *holder {
	for key, other := range others {
		if key.Namespace != s.vmi.Namespace || other.uid == s.vmi.UID {
			continue
		}
		for name, use := range uses {
			if taken, uses := other.uses[name]; uses && !use.Allows(taken) {
				return &holder{claim: name, instance: key.Name}
			}
		}
	}
	return nil
}

// userOf is the instance of a pod that uses a claim, and how. Of an instance that is
// gone before its pod the worst is assumed.
func (r *Reconciler) userOf(ctx context.Context, pod *corev1.Pod, claim string) (string, v1.VolumeUse, error) {
	owner := metav1.GetControllerOfNoCopy(pod)
	if owner == nil || owner.Kind != v1.KindVirtualMachineInstance {
		return "", v1.VolumeUseWrite, nil
	}
	vmi := &v1.VirtualMachineInstance{}
	err := r.Get(ctx, client.ObjectKey{Namespace: pod.Namespace, Name: owner.Name}, vmi)
	if client.IgnoreNotFound(err) != nil {
		return "", "", fmt.Errorf("reading the instance of pod %s: %w", pod.Name, err)
	}
	use, uses := usesOf(vmi)[claim]
	if err != nil || vmi.UID != owner.UID || !uses {
		return "", v1.VolumeUseWrite, nil
	}
	return vmi.Name, use, nil
}

// refused reports whether the API server has certainly not made what it was asked to:
// after any other error there may be a pod all the same.
func refused(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && status.Status().Code >= 400 && status.Status().Code < 500
}
