package vm

import (
	"context"
	"fmt"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// cdiGroup is the API group of data volumes.
const cdiGroup = "cdi.kubevirt.io"

// unauthorizedError says that a machine's service account may not read a source.
type unauthorizedError struct{ account, source string }

func (e *unauthorizedError) Error() string {
	return fmt.Sprintf("service account %s may not clone %s: it needs the right to create datavolumes/source (%s), or pods, in that namespace",
		e.account, e.source, cdiGroup)
}

// missingSourceError says that there is nothing to clone.
type missingSourceError struct{ source string }

func (e *missingSourceError) Error() string { return e.source + " does not exist" }

// cloneSource is a claim or snapshot that a data volume is cloned from.
type cloneSource struct{ kind, namespace, name string }

func (c cloneSource) String() string { return fmt.Sprintf("%s %s/%s", c.kind, c.namespace, c.name) }

// dataVolumeSource names the source in a data volume.
func (c cloneSource) dataVolumeSource() *cdiv1beta1.DataVolumeSource {
	if c.kind == snapshotSource {
		return &cdiv1beta1.DataVolumeSource{Snapshot: &cdiv1beta1.DataVolumeSourceSnapshot{Namespace: c.namespace, Name: c.name}}
	}
	return &cdiv1beta1.DataVolumeSource{PVC: &cdiv1beta1.DataVolumeSourcePVC{Namespace: c.namespace, Name: c.name}}
}

const (
	claimSource    = "PersistentVolumeClaim"
	snapshotSource = "VolumeSnapshot"
)

// authorizeClone checks that a machine may have what its data volume copies. The
// data volume is made with this controller's rights; those that count are the ones
// a pod of the machine's service account would have, which is what its user may
// use. Within a namespace every pod may use every claim. It returns what is cloned,
// nil for nothing.
func (r *Reconciler) authorizeClone(ctx context.Context, vm *v1.VirtualMachine, template *v1.DataVolumeTemplateSpec) (*cloneSource, error) {
	source, err := r.cloneSourceOf(ctx, vm.Namespace, &template.Spec)
	if source == nil || err != nil {
		return nil, err
	}
	if source.namespace != vm.Namespace {
		account := serviceAccount(vm)
		allowed, err := r.mayClone(ctx, vm.Namespace, account, source)
		if err != nil {
			return nil, err
		}
		if !allowed {
			return nil, &unauthorizedError{vm.Namespace + "/" + account, source.String()}
		}
	}
	if source.kind != claimSource {
		return source, nil
	}
	err = r.Get(ctx, client.ObjectKey{Namespace: source.namespace, Name: source.name}, &corev1.PersistentVolumeClaim{})
	if apierrors.IsNotFound(err) {
		return nil, &missingSourceError{source.String()}
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", source, err)
	}
	return source, nil
}

// cloneSourceOf returns what a data volume is cloned from, nil if from nothing.
func (r *Reconciler) cloneSourceOf(ctx context.Context, namespace string, spec *cdiv1beta1.DataVolumeSpec) (*cloneSource, error) {
	var found *cloneSource
	switch {
	case spec.SourceRef != nil:
		at := client.ObjectKey{Namespace: namespace, Name: spec.SourceRef.Name}
		if spec.SourceRef.Namespace != nil && *spec.SourceRef.Namespace != "" {
			at.Namespace = *spec.SourceRef.Namespace
		}
		return r.dataSource(ctx, at)
	case spec.Source == nil:
	case spec.Source.PVC != nil:
		found = &cloneSource{claimSource, spec.Source.PVC.Namespace, spec.Source.PVC.Name}
	case spec.Source.Snapshot != nil:
		found = &cloneSource{snapshotSource, spec.Source.Snapshot.Namespace, spec.Source.Snapshot.Name}
	}
	if found != nil && found.namespace == "" {
		found.namespace = namespace
	}
	return found, nil
}

// dataSource resolves a DataSource, which stands for a claim or a snapshot.
func (r *Reconciler) dataSource(ctx context.Context, at client.ObjectKey) (*cloneSource, error) {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(schema.GroupVersionKind{Group: cdiGroup, Version: "v1beta1", Kind: "DataSource"})
	err := r.Live.Get(ctx, at, object)
	if apierrors.IsNotFound(err) {
		return nil, &missingSourceError{"DataSource " + at.String()}
	}
	if err != nil {
		return nil, fmt.Errorf("reading DataSource %s: %w", at, err)
	}
	for field, kind := range map[string]string{"pvc": claimSource, "snapshot": snapshotSource} {
		reference, ok, err := unstructured.NestedStringMap(object.Object, "spec", "source", field)
		if err != nil {
			return nil, fmt.Errorf("reading DataSource %s: %w", at, err)
		}
		if !ok {
			continue
		}
		if reference["namespace"] == "" {
			reference["namespace"] = at.Namespace
		}
		return &cloneSource{kind, reference["namespace"], reference["name"]}, nil
	}
	return nil, &missingSourceError{"the source that DataSource " + at.String() + " stands for"}
}

// serviceAccount is the account whose rights count for a machine: the one whose
// token its guest gets.
func serviceAccount(vm *v1.VirtualMachine) string {
	for i := range vm.Spec.Template.Spec.Volumes {
		if account := vm.Spec.Template.Spec.Volumes[i].ServiceAccount; account != nil {
			return account.ServiceAccountName
		}
	}
	return "default"
}

// mayClone asks the API server, in the two ways that CDI documents.
func (r *Reconciler) mayClone(ctx context.Context, namespace, account string, source *cloneSource) (bool, error) {
	for _, attributes := range []authorizationv1.ResourceAttributes{
		{Group: cdiGroup, Resource: "datavolumes", Subresource: "source"},
		{Resource: "pods"},
	} {
		attributes.Verb, attributes.Namespace, attributes.Name = "create", source.namespace, source.name
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			ResourceAttributes: &attributes,
			User:               "system:serviceaccount:" + namespace + ":" + account,
			Groups:             []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
		}}
		if err := r.Create(ctx, review); err != nil {
			return false, fmt.Errorf("asking whether service account %s/%s may clone %s: %w", namespace, account, source, err)
		}
		if review.Status.Allowed {
			return true, nil
		}
	}
	return false, nil
}
