package kubevirt

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"kubevirt.io/kubevirt/internal/component"
)

// labelMonitored on a namespace has OpenShift's own Prometheus look into it.
const labelMonitored = "openshift.io/cluster-monitoring"

// foreignKinds are of the Prometheus operator, by the names of their CRDs. A cluster
// may lack them, or get them while the operator runs.
var foreignKinds = map[string]schema.GroupVersionKind{
	component.ServiceMonitorDefinition: component.ServiceMonitorKind,
	component.PrometheusRuleDefinition: component.PrometheusRuleKind,
}

// Foreign shows the CRDs of kinds that belong to others: a cache for each, because
// the one that holds our own CRDs selects them by our label.
type Foreign map[string]cache.Cache

// NewForeign makes the caches, to be started by the caller. options say how to reach
// the API server.
func NewForeign(options func(cache.Options) (cache.Cache, error)) (Foreign, error) {
	f := Foreign{}
	for name := range foreignKinds {
		found, err := options(cache.Options{ByObject: map[client.Object]cache.ByObject{
			&apiextensionsv1.CustomResourceDefinition{}: {
				Field: fields.OneTermEqualSelector("metadata.name", name),
				Transform: func(object any) (any, error) {
					if crd, ok := object.(*apiextensionsv1.CustomResourceDefinition); ok {
						crd.ManagedFields, crd.Annotations, crd.Spec = nil, nil, apiextensionsv1.CustomResourceDefinitionSpec{}
					}
					return object, nil
				},
			},
		}})
		if err != nil {
			return nil, fmt.Errorf("making the cache of CRD %s: %w", name, err)
		}
		f[name] = found
	}
	return f, nil
}

// defined tells whether the cluster has a kind.
func (f Foreign) defined(ctx context.Context, name string) (bool, error) {
	definitions, ok := f[name]
	if !ok {
		return false, nil
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := definitions.Get(ctx, client.ObjectKey{Name: name}, crd); err != nil {
		return false, wrap(client.IgnoreNotFound(err), "reading CRD %s", name)
	}
	for _, condition := range crd.Status.Conditions {
		if condition.Type == apiextensionsv1.Established {
			return condition.Status == apiextensionsv1.ConditionTrue && crd.DeletionTimestamp.IsZero(), nil
		}
	}
	return false, nil
}

// available tells whether objects of a foreign kind can be had, or will be in a
// moment: the API server says where a new kind is a little after it has taken it up,
// and what there is of it has to be read first.
func (r *Reconciler) available(ctx context.Context, name string) (now, soon bool, err error) {
	defined, err := r.Foreign.defined(ctx, name)
	if err != nil || !defined {
		return false, false, err
	}
	kind := foreignKinds[name]
	_, err = r.Client.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		return false, true, nil
	}
	if err != nil || r.follow == nil {
		return err == nil, false, wrap(err, "looking for the kind %s", kind.Kind)
	}
	now, err = r.follow(ctx, foreignObject(kind))
	return now, !now, wrap(err, "following objects of kind %s", kind.Kind)
}

func foreignObject(kind schema.GroupVersionKind) *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	return object
}

func foreignList(kind schema.GroupVersionKind) *unstructured.UnstructuredList {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	return list
}

// monitor finds out whether there is a Prometheus to watch over the installation.
func (r *Reconciler) monitor(ctx context.Context, s *scope) error {
	if err := r.labelNamespace(ctx, s); err != nil {
		return err
	}
	monitors, soon, err := r.available(ctx, component.ServiceMonitorDefinition)
	if err != nil {
		return err
	}
	rules, soonToo, err := r.available(ctx, component.PrometheusRuleDefinition)
	if err != nil {
		return err
	}
	if s.unsure = soon || soonToo; s.unsure {
		s.at(s.now.Add(time.Second))
	}
	if !monitors {
		return nil
	}
	s.config.Prometheus, err = component.FindPrometheus(s.kv, func(name string) (bool, error) {
		namespace, err := r.namespace(ctx, name)
		return namespace != nil && namespace.DeletionTimestamp.IsZero(), err
	})
	if s.config.Prometheus != nil {
		s.config.Prometheus.HasRules = rules
	}
	return err
}

// namespace reads a namespace's metadata; nil if it does not exist.
func (r *Reconciler) namespace(ctx context.Context, name string) (*metav1.PartialObjectMetadata, error) {
	namespace := anyNamespace()
	if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, namespace); err != nil {
		return nil, wrap(client.IgnoreNotFound(err), "reading namespace %s", name)
	}
	return namespace, nil
}

func anyNamespace() *metav1.PartialObjectMetadata {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.APIVersion, namespace.Kind = "v1", "Namespace"
	return namespace
}

// labelNamespace adds the label that OpenShift's Prometheus asks for, unless the
// administrator has decided about it.
func (r *Reconciler) labelNamespace(ctx context.Context, s *scope) error {
	name := s.kv.Namespace
	namespace, err := r.namespace(ctx, name)
	if err != nil || namespace == nil {
		return err
	}
	if _, decided := namespace.Labels[labelMonitored]; decided {
		return nil
	}
	id := identity{schema.GroupKind{Kind: "Namespace"}, client.ObjectKey{Name: name}}
	change := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:"true"}}}`, labelMonitored))
	return wrap(r.onceMore(ctx, s, id, labelMonitored, namespace, change), "labelling namespace %s", name)
}

// trimNamespace keeps of a namespace that it exists, and our label.
func trimNamespace(object any) (any, error) {
	namespace, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return object, nil
	}
	value, labelled := namespace.Labels[labelMonitored]
	namespace.Annotations, namespace.ManagedFields, namespace.Labels = nil, nil, nil
	if labelled {
		namespace.Labels = map[string]string{labelMonitored: value}
	}
	return namespace, nil
}

// comesOrGoes passes over all that changes of a namespace but its being there and
// our label on it.
func comesOrGoes() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		return e.ObjectOld.GetLabels()[labelMonitored] != e.ObjectNew.GetLabels()[labelMonitored] ||
			e.ObjectOld.GetDeletionTimestamp().IsZero() != e.ObjectNew.GetDeletionTimestamp().IsZero()
	}}
}
