package apiserver

import (
	"net/http"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Group is the API group of the subresources.
const Group = "subresources.kubevirt.io"

// Versions of the group; they do not differ.
var Versions = []string{"v1", "v1alpha3"}

// target is the object that a request's path names.
type target struct{ namespace, name string }

// route is one subresource: a row of the table that the web services, discovery
// and the requests' authorization are made from.
type route struct {
	// resource is the plural of the object that has the subresource.
	resource string
	// kind of that object, for discovery.
	kind string
	// subresource, without the leading slash; may have several segments.
	subresource string
	method      string
	serve       func(*server, http.ResponseWriter, *http.Request, target)
	// stream marks a connection that lives as long as its user wants.
	stream bool
}

var routes = []route{
	{resource: "virtualmachines", kind: "VirtualMachine", subresource: "start", method: http.MethodPut, serve: (*server).start},
	{resource: "virtualmachines", kind: "VirtualMachine", subresource: "stop", method: http.MethodPut, serve: (*server).stop},
	{resource: "virtualmachines", kind: "VirtualMachine", subresource: "restart", method: http.MethodPut, serve: (*server).restart},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "console", method: http.MethodGet, serve: (*server).console, stream: true},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "vnc", method: http.MethodGet, serve: (*server).vnc, stream: true},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "pause", method: http.MethodPut, serve: (*server).pause},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "unpause", method: http.MethodPut, serve: (*server).unpause},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "freeze", method: http.MethodPut, serve: (*server).freeze},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "unfreeze", method: http.MethodPut, serve: (*server).unfreeze},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "reset", method: http.MethodPut, serve: (*server).reset},
	{resource: "virtualmachineinstances", kind: "VirtualMachineInstance", subresource: "softreboot", method: http.MethodPut, serve: (*server).softReboot},
}

// rbacVerbs maps the methods of the table to the verbs that roles grant.
var rbacVerbs = map[string]string{http.MethodGet: "get", http.MethodPut: "update"}

// path of a route below the version, with the parameters of a web service.
func (r route) path() string {
	return "/namespaces/{namespace}/" + r.resource + "/{name}/" + r.subresource
}

// operation names a route uniquely in OpenAPI, e.g. v1virtualmachinesStart.
func (r route) operation(version string) string {
	parts := strings.Split(r.subresource, "/")
	for i, part := range parts {
		parts[i] = strings.ToUpper(part[:1]) + part[1:]
	}
	return version + r.resource + strings.Join(parts, "")
}

// findRoute returns the row that serves a subresource, or nil.
func findRoute(resource, subresource string) *route {
	for i := range routes {
		if routes[i].resource == resource && routes[i].subresource == subresource {
			return &routes[i]
		}
	}
	return nil
}

// resourceList is what discovery says of one version.
func resourceList(version string) *metav1.APIResourceList {
	list := &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: Group + "/" + version,
		APIResources: []metav1.APIResource{},
	}
	for _, r := range routes {
		list.APIResources = append(list.APIResources, metav1.APIResource{
			Name: r.resource + "/" + r.subresource, Namespaced: true, Kind: r.kind,
			Group: "kubevirt.io", Version: "v1", Verbs: metav1.Verbs{rbacVerbs[r.method]},
		})
	}
	return list
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
