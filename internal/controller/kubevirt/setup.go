package kubevirt

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/component"
)

// NewScheme returns the kinds that the operator reads and writes.
func NewScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, apiregistrationv1.AddToScheme, v1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering the API's kinds: %w", err)
		}
	}
	return scheme, nil
}

// NewCacheOptions makes the cache hold what carries our label and nothing else: in
// the installation's namespace, cluster-wide kinds anywhere.
func NewCacheOptions(namespace string) cache.Options {
	own := labels.SelectorFromSet(labels.Set{v1.LabelManagedBy: v1.ManagedByOperator})
	anywhere := cache.ByObject{Label: own}
	home := cache.ByObject{Label: own, Namespaces: map[string]cache.Config{namespace: {}}}
	definition := cache.ByObject{Label: own, Transform: func(object any) (any, error) {
		if crd, ok := object.(*apiextensionsv1.CustomResourceDefinition); ok {
			slim(crd)
		}
		return object, nil
	}}
	return cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		// Also for the kinds that the cluster may lack, which cannot be named here.
		DefaultLabelSelector: own,
		ByObject: map[client.Object]cache.ByObject{
			&v1.KubeVirt{}:      {Label: labels.Everything()},
			&corev1.Namespace{}: {Label: labels.Everything(), Transform: trimNamespace},

			&appsv1.Deployment{}:            home,
			&appsv1.DaemonSet{}:             home,
			&policyv1.PodDisruptionBudget{}: home,
			&corev1.Service{}:               home,
			&corev1.ServiceAccount{}:        home,
			&corev1.Secret{}:                home,
			&corev1.ConfigMap{}:             home,
			&rbacv1.Role{}:                  home,
			// One binding has to stand where the role is that it binds.
			&rbacv1.RoleBinding{}: {Label: own, Namespaces: map[string]cache.Config{namespace: {}, component.SystemNamespace: {}}},

			&rbacv1.ClusterRole{}:                           anywhere,
			&rbacv1.ClusterRoleBinding{}:                    anywhere,
			&schedulingv1.PriorityClass{}:                   anywhere,
			&admissionv1.ValidatingWebhookConfiguration{}:   anywhere,
			&admissionv1.MutatingWebhookConfiguration{}:     anywhere,
			&admissionv1.ValidatingAdmissionPolicy{}:        anywhere,
			&admissionv1.ValidatingAdmissionPolicyBinding{}: anywhere,
			&apiregistrationv1.APIService{}:                 anywhere,
			&apiextensionsv1.CustomResourceDefinition{}:     definition,
		},
	}
}

// SetupWithManager has the reconciler follow KubeVirt objects and all that belongs
// to an installation.
func (r *Reconciler) SetupWithManager(manager ctrl.Manager) error {
	build := ctrl.NewControllerManagedBy(manager).Named("kubevirt").For(&v1.KubeVirt{}).
		Watches(anyNamespace(), r.onChange(), builder.OnlyMetadata, builder.WithPredicates(comesOrGoes()))
	for _, object := range watched() {
		build = build.Watches(object, r.onChange())
	}
	for _, definitions := range r.Foreign {
		build = build.WatchesRawSource(source.Kind[client.Object](definitions, &apiextensionsv1.CustomResourceDefinition{}, r.onChange()))
	}
	controller, err := build.Build(r)
	if err != nil {
		return fmt.Errorf("setting up the controller of KubeVirt objects: %w", err)
	}
	followed := map[string]bool{}
	r.follow = func(ctx context.Context, object client.Object) (bool, error) {
		kind := object.GetObjectKind().GroupVersionKind().Kind
		if !followed[kind] {
			if err := controller.Watch(source.Kind(manager.GetCache(), object, r.onChange())); err != nil {
				return false, err
			}
			followed[kind] = true
		}
		informer, err := manager.GetCache().GetInformer(ctx, object, cache.BlockUntilSynced(false))
		return err == nil && informer.HasSynced(), err
	}
	return nil
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// onChange asks for a reconcile of the KubeVirt object whenever something that we
// installed changes.
func (r *Reconciler) onChange() handler.EventHandler {
	enqueue := func(ctx context.Context, q queue) {
		all := &v1.KubeVirtList{}
		if err := r.Client.List(ctx, all); err != nil {
			ctrl.LoggerFrom(ctx).Error(err, "listing KubeVirt objects")
			return
		}
		for i := range all.Items {
			q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&all.Items[i])})
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, _ event.CreateEvent, q queue) { enqueue(ctx, q) },
		UpdateFunc: func(ctx context.Context, _ event.UpdateEvent, q queue) { enqueue(ctx, q) },
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			if gvk, err := apiutil.GVKForObject(e.Object, r.Client.Scheme()); err == nil {
				r.applied.gone(identity{gvk.GroupKind(), client.ObjectKeyFromObject(e.Object)})
			}
			enqueue(ctx, q)
		},
	}
}

// SetupWithManager has the operator's own identity looked after from the start and
// whenever a part of it changes.
func (i *Identity) SetupWithManager(manager ctrl.Manager) error {
	request := reconcile.Request{NamespacedName: client.ObjectKey{Namespace: i.Environment.Namespace, Name: "identity"}}
	always := handler.EnqueueRequestsFromMapFunc(func(context.Context, client.Object) []reconcile.Request {
		return []reconcile.Request{request}
	})
	ownParts := handler.EnqueueRequestsFromMapFunc(func(_ context.Context, object client.Object) []reconcile.Request {
		parts := []string{component.CASecret, component.CAConfigMap, component.OperatorSecret, component.OperatorValidator}
		if slices.Contains(parts, object.GetName()) {
			return []reconcile.Request{request}
		}
		return nil
	})
	err := ctrl.NewControllerManagedBy(manager).Named("identity").
		Watches(&v1.KubeVirt{}, always, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Secret{}, ownParts).
		Watches(&corev1.ConfigMap{}, ownParts).
		Watches(&admissionv1.ValidatingWebhookConfiguration{}, ownParts).
		WatchesRawSource(source.Func(func(_ context.Context, q workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
			q.Add(request)
			return nil
		})).
		Complete(i)
	if err != nil {
		return fmt.Errorf("setting up the controller of the operator's identity: %w", err)
	}
	return nil
}

// Follow has the certificate follow the operator's Secret.
func (c *ServingCertificate) Follow(ctx context.Context, informers cache.Informers) error {
	informer, err := informers.GetInformer(ctx, &corev1.Secret{}, cache.BlockUntilSynced(false))
	if err != nil {
		return fmt.Errorf("getting the informer of Secrets: %w", err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    c.Observe,
		UpdateFunc: func(_, object any) { c.Observe(object) },
	})
	return wrap(err, "following the operator's certificate")
}

// TLS makes a server present the certificate.
func (c *ServingCertificate) TLS(config *tls.Config) { config.GetCertificate = c.Get }

// Healthz answers with the version of the KubeVirt object whose configuration is in effect.
func Healthz(current func() *clusterconfig.Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		// A client that has gone away is no concern of ours.
		_ = json.NewEncoder(w).Encode(map[string]string{"config-resource-version": current().ResourceVersion})
	})
}
