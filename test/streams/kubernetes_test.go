//go:build process

package streams

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// kubernetes is as much of an API server as virt-api needs: discovery of the kinds
// of a scheme, reads of objects, watches in which nothing happens, and yes to every
// question of access.
type kubernetes struct {
	scheme *runtime.Scheme
	web    *httptest.Server

	mutex sync.Mutex
	// objects by the last segments of their path, e.g. pods/kubevirt/virt-handler-1.
	objects map[string]client.Object
	// writes are the requests that would have changed an object.
	writes []string
}

func newKubernetes(scheme *runtime.Scheme) *kubernetes {
	k := &kubernetes{scheme: scheme, objects: map[string]client.Object{}}
	k.web = httptest.NewServer(k)
	return k
}

// kubeconfig writes a file that leads here.
func (k *kubernetes) kubeconfig(t testing.TB) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters["here"] = &clientcmdapi.Cluster{Server: k.web.URL}
	config.Contexts["here"] = &clientcmdapi.Context{Cluster: "here"}
	config.CurrentContext = "here"
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func (k *kubernetes) put(t testing.TB, object client.Object) {
	t.Helper()
	kind, err := apiutil.GVKForObject(object, k.scheme)
	if err != nil {
		t.Fatal(err)
	}
	object.GetObjectKind().SetGroupVersionKind(kind)
	object.SetResourceVersion("1")
	plural, _ := meta.UnsafeGuessKindToResource(kind)
	k.mutex.Lock()
	defer k.mutex.Unlock()
	k.objects[plural.Resource+"/"+object.GetNamespace()+"/"+object.GetName()] = object
}

// changes returns the attempts to change objects so far.
func (k *kubernetes) changes() []string {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	return append([]string(nil), k.writes...)
}

// ServeHTTP implements http.Handler.
func (k *kubernetes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	segments := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var version schema.GroupVersion
	switch {
	case segments[0] == "api" && len(segments) == 1:
		answer(w, http.StatusOK, &metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
		return
	case segments[0] == "apis" && len(segments) == 1:
		answer(w, http.StatusOK, k.groups())
		return
	case segments[0] == "api":
		version, segments = schema.GroupVersion{Version: segments[1]}, segments[2:]
	case segments[0] == "apis" && len(segments) > 2:
		version, segments = schema.GroupVersion{Group: segments[1], Version: segments[2]}, segments[3:]
	default:
		http.NotFound(w, r)
		return
	}
	if len(segments) == 0 {
		answer(w, http.StatusOK, k.resources(version))
		return
	}
	namespace := ""
	if segments[0] == "namespaces" && len(segments) > 2 {
		namespace, segments = segments[1], segments[2:]
	}
	k.resource(w, r, version, namespace, segments)
}

// resource answers for a list, segments having one element, or for an object.
func (k *kubernetes) resource(w http.ResponseWriter, r *http.Request, version schema.GroupVersion, namespace string, segments []string) {
	switch {
	case segments[0] == "subjectaccessreviews":
		answer(w, http.StatusCreated, map[string]any{
			"apiVersion": version.String(), "kind": "SubjectAccessReview", "status": map[string]any{"allowed": true},
		})
	case r.Method != http.MethodGet:
		k.mutex.Lock()
		k.writes = append(k.writes, r.Method+" "+r.URL.Path)
		k.mutex.Unlock()
		refuse(w, apierrors.NewMethodNotSupported(schema.GroupResource{Resource: segments[0]}, r.Method))
	case len(segments) > 1:
		k.mutex.Lock()
		object := k.objects[segments[0]+"/"+namespace+"/"+segments[1]]
		k.mutex.Unlock()
		if object == nil {
			refuse(w, apierrors.NewNotFound(schema.GroupResource{Group: version.Group, Resource: segments[0]}, segments[1]))
			return
		}
		answer(w, http.StatusOK, object)
	case r.URL.Query().Get("watch") != "" && r.URL.Query().Get("sendInitialEvents") != "":
		refuse(w, apierrors.NewInvalid(schema.GroupKind{}, "", nil)) // clients then list first
	case r.URL.Query().Get("watch") != "":
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	default:
		answer(w, http.StatusOK, k.list(version, segments[0], namespace))
	}
}

// list returns a namespace's objects, or everybody's; selectors are not looked at.
func (k *kubernetes) list(version schema.GroupVersion, plural, namespace string) any {
	kind := ""
	for _, r := range k.resources(version).APIResources {
		if r.Name == plural {
			kind = r.Kind
		}
	}
	prefix := plural + "/"
	if namespace != "" {
		prefix += namespace + "/"
	}
	items := []client.Object{}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	for path, object := range k.objects {
		if strings.HasPrefix(path, prefix) {
			items = append(items, object)
		}
	}
	return map[string]any{
		"apiVersion": version.String(), "kind": kind + "List", "items": items, "metadata": map[string]any{"resourceVersion": "1"},
	}
}

func (k *kubernetes) groups() *metav1.APIGroupList {
	list := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}}
	for _, version := range k.scheme.PreferredVersionAllGroups() {
		if version.Group != "" {
			entry := metav1.GroupVersionForDiscovery{GroupVersion: version.String(), Version: version.Version}
			list.Groups = append(list.Groups, metav1.APIGroup{
				Name: version.Group, Versions: []metav1.GroupVersionForDiscovery{entry}, PreferredVersion: entry,
			})
		}
	}
	return list
}

func (k *kubernetes) resources(version schema.GroupVersion) *metav1.APIResourceList {
	list := &metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: version.String(),
	}
	for kind := range k.scheme.KnownTypes(version) {
		plural, singular := meta.UnsafeGuessKindToResource(version.WithKind(kind))
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: plural.Resource, SingularName: singular.Resource, Kind: kind,
			Namespaced: kind != "Node" && kind != "Namespace", Verbs: metav1.Verbs{"get", "list", "watch"},
		})
	}
	return list
}

func refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	body := err.ErrStatus
	body.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	answer(w, int(body.Code), &body)
}

func answer(w http.ResponseWriter, code int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(document)
}

// trust is what API servers behind the aggregator read to know it by.
func trust(t testing.TB, authority string) *corev1.ConfigMap {
	t.Helper()
	ca, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: "extension-apiserver-authentication"},
		Data: map[string]string{
			"client-ca-file": string(ca), "requestheader-client-ca-file": string(ca),
			"requestheader-allowed-names": `["` + aggregator + `"]`, "requestheader-username-headers": `["X-Remote-User"]`,
			"requestheader-group-headers": `["X-Remote-Group"]`, "requestheader-extra-headers-prefix": `["X-Remote-Extra-"]`,
		},
	}
}
