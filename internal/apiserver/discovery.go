package apiserver

import (
	"fmt"
	"net/http"

	restful "github.com/emicklei/go-restful/v3"
	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/endpoints"
	"k8s.io/apiserver/pkg/endpoints/discovery/aggregated"
)

// announce adds one version to aggregated discovery, which the API server prefers
// (KEP-3352).
func announce(manager aggregated.ResourceManager, v string) error {
	if manager == nil {
		return nil
	}
	resources, err := endpoints.ConvertGroupVersionIntoToDiscovery(resourceList(v).APIResources)
	if err != nil {
		return fmt.Errorf("describing %s/%s for discovery: %w", Group, v, err)
	}
	manager.AddGroupVersion(Group, apidiscoveryv2.APIVersionDiscovery{
		Version: v, Freshness: apidiscoveryv2.DiscoveryFreshnessCurrent, Resources: resources,
	})
	return nil
}

func discovery(path string, document any) *restful.WebService {
	ws := new(restful.WebService).Path(path).Produces(restful.MIME_JSON)
	return ws.Route(ws.GET("").Operation("getAPIGroup").Doc("the versions of the group").
		Returns(http.StatusOK, "OK", metav1.APIGroup{}).To(func(_ *restful.Request, response *restful.Response) {
		writeJSON(response, http.StatusOK, document)
	}))
}

// resourceList is what discovery says of one version: each subresource once, with
// the verbs of all its methods.
func resourceList(version string) *metav1.APIResourceList {
	list := &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: Group + "/" + version,
		APIResources: []metav1.APIResource{},
	}
	index := map[string]int{}
	for _, r := range routes {
		if !r.listed {
			continue
		}
		name := r.resource + "/" + r.subresource
		at, found := index[name]
		if !found {
			at = len(list.APIResources)
			index[name] = at
			list.APIResources = append(list.APIResources, metav1.APIResource{
				Name: name, Namespaced: true, Kind: kinds[r.resource], Group: "kubevirt.io", Version: "v1", Verbs: metav1.Verbs{},
			})
		}
		list.APIResources[at].Verbs = withVerb(list.APIResources[at].Verbs, rbacVerbs[r.method])
	}
	return list
}

// withVerb adds a verb once: portforward has two paths for one method.
func withVerb(verbs metav1.Verbs, verb string) metav1.Verbs {
	for _, v := range verbs {
		if v == verb {
			return verbs
		}
	}
	return append(verbs, verb)
}

// group is what discovery says of the group.
func group() *metav1.APIGroup {
	g := &metav1.APIGroup{TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: Group}
	for _, version := range Versions {
		g.Versions = append(g.Versions, metav1.GroupVersionForDiscovery{GroupVersion: Group + "/" + version, Version: version})
	}
	g.PreferredVersion = g.Versions[0]
	return g
}
