//go:build envtest

package kubevirt

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/internal/event"
)

// audit keeps what every operator of these tests has asked of the API server, as
// "namespace group resource verb".
var audit = struct {
	mutex sync.Mutex
	asked map[string]bool
}{asked: map[string]bool{}}

func record(next http.RoundTripper) http.RoundTripper {
	resolver := request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}
	return transport(func(r *http.Request) (*http.Response, error) {
		if info, err := resolver.NewRequestInfo(r); err == nil && info.IsResourceRequest {
			resource := info.Resource
			if info.Subresource != "" {
				resource += "/" + info.Subresource
			}
			audit.mutex.Lock()
			audit.asked[strings.Join([]string{info.Namespace, info.APIGroup, resource, info.Verb}, " ")] = true
			audit.mutex.Unlock()
		}
		return next.RoundTrip(r)
	})
}

// unusedRights lists what the operator may do but has not done in any test, though it
// does not hold it for others. Every operator here has nothing but its own rights.
func unusedRights(ctx context.Context) ([]string, error) {
	config, err := component.NewConfig(environment, &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Namespace: namespace}}, 0, nil)
	if err != nil {
		return nil, err
	}
	config.ReadNetworks, config.ReadNamespaces = true, true
	config.Prometheus = &component.Prometheus{Namespace: "monitoring", MonitorNamespace: "monitoring"}
	installation, err := component.New(config, nil)
	if err != nil {
		return nil, err
	}
	given := map[string]bool{}
	for _, object := range installation.Objects() {
		switch role := object.(type) {
		case *rbacv1.ClusterRole:
			spell(given, "", role.Rules)
		case *rbacv1.Role:
			spell(given, role.Namespace, role.Rules)
		}
	}
	held, err := heldRights(ctx)
	if err != nil {
		return nil, err
	}
	var unused []string
	for _, right := range slices.Sorted(maps.Keys(held)) {
		if !given[right] && !used(right) {
			unused = append(unused, right)
		}
	}
	return unused, nil
}

// TestRepeatedEvent has an event counted that happens again.
func TestRepeatedEvent(t *testing.T) {
	s := newSuite(t)
	clients, err := typedcorev1.NewForConfig(s.config)
	s.must(err, "making a client for events")
	recorder := event.New(s.ctx, clients, admin.Scheme(), component.Operator)
	about := &v1.KubeVirt{}
	about.Namespace, about.Name, about.UID = namespace, "kubevirt", "1"
	s.eventually("an event that happens again is counted", func() bool {
		recorder.Emit(about, deployed("v1"))
		return used(namespace + "  events patch")
	})
}

// heldRights are those of the operator's own roles.
func heldRights(ctx context.Context) (map[string]bool, error) {
	held := map[string]bool{}
	everywhere, roles := &rbacv1.ClusterRole{}, &rbacv1.RoleList{}
	if err := admin.Get(ctx, client.ObjectKey{Name: component.OperatorAccount}, everywhere); err != nil {
		return nil, err
	}
	if err := admin.List(ctx, roles); err != nil {
		return nil, err
	}
	spell(held, "", everywhere.Rules)
	for _, role := range roles.Items {
		if role.Name == component.OperatorAccount {
			spell(held, role.Namespace, role.Rules)
		}
	}
	return held, nil
}

func spell(into map[string]bool, namespace string, rules []rbacv1.PolicyRule) {
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					into[strings.Join([]string{namespace, group, resource, verb}, " ")] = true
				}
			}
		}
	}
}

// used tells whether a right was needed by some request. What a client needs for its
// cache it needs together; an apply is a patch that may have to make its object; and the
// right to bind is asked for by the API server itself, when a binding is made.
func used(right string) bool {
	namespace, rest, _ := strings.Cut(right, " ")
	what, verb := rest[:strings.LastIndex(rest, " ")], rest[strings.LastIndex(rest, " ")+1:]
	enough := []string{verb}
	switch verb {
	case "bind":
		return true
	case "get", "list", "watch":
		enough = append(enough, "list", "watch")
	case "create":
		enough = append(enough, "patch")
	}
	audit.mutex.Lock()
	defer audit.mutex.Unlock()
	for asked := range audit.asked {
		where, asked, _ := strings.Cut(asked, " ")
		for _, verb := range enough {
			if asked == what+" "+verb && (namespace == "" || namespace == where) {
				return true
			}
		}
	}
	return false
}
