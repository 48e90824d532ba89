package kubevirt

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// remove takes an installation apart once its object is to be deleted: first the
// kinds with all their objects, while the programs that stop guests still run;
// then those programs; then what they used; at last the traces on nodes.
func (r *Reconciler) remove(ctx context.Context, s *scope) error {
	if s.kv.DeletionTimestamp.IsZero() {
		return nil
	}
	if !controllerutil.ContainsFinalizer(s.kv, v1.FinalizerKubeVirt) {
		// It waits for somebody else's finalizer; ours was the last of our work.
		s.removed = true
		return errDone
	}
	if s.kv.Status.Phase != v1.KubeVirtPhaseDeleting {
		blocked, err := Workloads(ctx, r.Live, s.kv)
		if err != nil {
			return err
		}
		if blocked != "" {
			// The virtual machines go on needing what there is, certificates too.
			s.blocked = blocked
			s.at(s.now.Add(removalRetry))
			return nil
		}
	}
	s.removing = true
	for _, do := range []step{r.removeDefinitions, r.removeWorkloads, r.removeRest, r.cleanNodes, r.unscaleSelf} {
		if err := do(ctx, s); err != nil {
			return err
		}
	}
	s.removed = true
	r.applied.clear()
	r.complete.Store(false)
	controllerutil.RemoveFinalizer(s.kv, v1.FinalizerKubeVirt)
	return errDone
}

// removalRetry is how often a blocked removal looks again. Virtual machines are not
// watched for this: it happens only when the object was deleted past admission.
const removalRetry = 10 * time.Second

// Workloads says why a KubeVirt object may not be deleted: virtual machines exist
// and its strategy does not say to remove them too. Nothing says that it may.
func Workloads(ctx context.Context, reader client.Reader, kv *v1.KubeVirt) (string, error) {
	if kv.Spec.UninstallStrategy == v1.UninstallStrategyRemoveWorkloads {
		return "", nil
	}
	for _, kind := range []string{v1.KindVirtualMachine, v1.KindVirtualMachineInstance, v1.KindVirtualMachineInstanceReplicaSet} {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(v1.GroupVersion.WithKind(kind + "List"))
		err := reader.List(ctx, list, client.Limit(1))
		if meta.IsNoMatchError(err) || apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("looking for objects of kind %s: %w", kind, err)
		}
		if len(list.Items) > 0 {
			return fmt.Sprintf("objects of kind %s exist, for example %s/%s; delete them, or set spec.uninstallStrategy to %s",
				kind, list.Items[0].Namespace, list.Items[0].Name, v1.UninstallStrategyRemoveWorkloads), nil
		}
	}
	return "", nil
}

// removeDefinitions deletes the CRDs. Each is held by a finalizer of ours until the
// last object of the last of them is gone, for the controllers watch them all.
func (r *Reconciler) removeDefinitions(ctx context.Context, s *scope) error {
	crds, err := r.definitionsLeft(ctx)
	if err != nil || len(crds) == 0 {
		return err
	}
	// What is to stop the machines has to be trusted until they are gone.
	if err := ignoreDone(r.renew(ctx, s)); err != nil {
		return err
	}
	empty := true
	for i := range crds {
		done, err := r.removeDefinition(ctx, s, &crds[i])
		if err != nil {
			return err
		}
		empty = empty && done
	}
	s.waiting = "waiting for all virtual machines and their kinds to go"
	if !empty {
		s.at(s.now.Add(removalRetry))
		return errDone
	}
	for i := range crds {
		if err := r.setFinalizer(ctx, &crds[i], false); err != nil {
			return err
		}
	}
	return errDone
}

// removeDefinition deletes one CRD and tells whether all objects of its kind are
// gone: the API server's own finalizer says so.
func (r *Reconciler) removeDefinition(ctx context.Context, s *scope, crd *apiextensionsv1.CustomResourceDefinition) (bool, error) {
	if crd.DeletionTimestamp.IsZero() {
		if err := r.setFinalizer(ctx, crd, true); err != nil {
			return false, err
		}
		_, err := r.deleteAll(ctx, []client.Object{crd}, metav1.DeletePropagationBackground)
		return false, err
	}
	if !controllerutil.ContainsFinalizer(crd, apiextensionsv1.CustomResourceCleanupFinalizer) {
		return true, nil
	}
	return false, r.nudge(ctx, s, crd)
}

// nudge changes a CRD whose deletion does not come forward although no object of
// its kind is left. The API server gives up when a status write of its own collides
// with another one, and looks again only after minutes, or when the CRD changes.
func (r *Reconciler) nudge(ctx context.Context, s *scope, crd *apiextensionsv1.CustomResourceDefinition) error {
	last, err := time.Parse(time.RFC3339, crd.Annotations[annotationNudged])
	if err != nil {
		last = crd.DeletionTimestamp.Time // The first time.
	}
	if len(crd.Status.StoredVersions) == 0 || s.now.Sub(last) < removalRetry {
		return nil
	}
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(schema.GroupVersionKind{
		Group: crd.Spec.Group, Version: crd.Status.StoredVersions[0], Kind: crd.Spec.Names.Kind + "List",
	})
	if err := r.Live.List(ctx, list, client.Limit(1)); err != nil || len(list.Items) > 0 {
		// What is there goes by itself; what cannot be listed cannot be helped.
		return nil //nolint:nilerr // explained above
	}
	change := fmt.Sprintf(`{"metadata":{"annotations":{%q:%q}}}`, annotationNudged, s.now.UTC().Format(time.RFC3339))
	err = r.Client.Patch(ctx, crd, client.RawPatch(types.MergePatchType, []byte(change)), fieldOwner)
	return wrap(client.IgnoreNotFound(err), "reminding the API server of CRD %s", crd.Name)
}

// annotationNudged on a CRD that is being deleted is when the API server was last
// reminded of it.
const annotationNudged = "kubevirt.io/deletion-nudged"

// setFinalizer adds or removes our finalizer of a CRD by a patch of the finalizers
// alone: the cache does not hold the rest.
func (r *Reconciler) setFinalizer(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition, present bool) error {
	before := crd.DeepCopy()
	var changed bool
	if present {
		changed = controllerutil.AddFinalizer(crd, v1.FinalizerOperatorCRD)
	} else {
		changed = controllerutil.RemoveFinalizer(crd, v1.FinalizerOperatorCRD)
	}
	if !changed {
		return nil
	}
	err := r.Client.Patch(ctx, crd, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), fieldOwner)
	return wrap(client.IgnoreNotFound(err), "changing the finalizers of CRD %s", crd.Name)
}

// removeWorkloads deletes what has pods and waits until those are gone.
func (r *Reconciler) removeWorkloads(ctx context.Context, s *scope) error {
	left := false
	for _, k := range kinds {
		if !k.workload {
			continue
		}
		found, _, err := r.owned(ctx, k)
		if err != nil {
			return err
		}
		some, err := r.deleteAll(ctx, found, k.propagation())
		if err != nil {
			return err
		}
		left = left || some
	}
	if left {
		s.waiting = "waiting for the components to stop"
		return errDone
	}
	return nil
}

// removeRest deletes everything else, kind after kind.
func (r *Reconciler) removeRest(ctx context.Context, _ *scope) error {
	for _, k := range kinds {
		found, _, err := r.owned(ctx, k)
		if err != nil {
			return err
		}
		if _, err := r.deleteAll(ctx, found, k.propagation()); err != nil {
			return err
		}
	}
	return nil
}
