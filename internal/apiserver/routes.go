package apiserver

import (
	"net/http"
	"strings"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
	"kubevirt.io/kubevirt/internal/unsupported"
)

// Group is the API group of the subresources.
const Group = "subresources.kubevirt.io"

// Versions of the group; they do not differ.
var Versions = []string{"v1", "v1alpha3"}

// The resources that have subresources.
const (
	machines  = "virtualmachines"
	instances = "virtualmachineinstances"
)

// target is what a request's path names: an object, or with an empty name only its
// namespace, and the parameters that follow the subresource.
type target struct{ namespace, name, port, protocol string }

// route is one method of one subresource: a row of the table that the web services,
// discovery, OpenAPI and the requests' authorization are made from.
type route struct {
	// resource is the plural of the object that has the subresource.
	resource string
	// subresource, without the leading slash; may have several segments. Without
	// one, the resource is the namespace's own.
	subresource string
	// parameters follow the subresource in the path and are no part of what is
	// authorized, e.g. "{port}/{protocol}".
	parameters string
	method     string
	serve      func(*server, http.ResponseWriter, *http.Request, target)
	// asks is what serve asks of a guest; for that it needs a turn.
	asks protocol.Question
	// feature is set instead of serve where there is none yet.
	feature unsupported.Feature
	// stream marks a connection that lives as long as its user wants.
	stream bool
	// listed subresources are in discovery.
	listed bool
	// query holds the query's parameters and their types in OpenAPI.
	query map[string]string
	// body and answer are samples of what is sent and received; nil for none, or
	// for something that is no JSON.
	body, answer any
	// success is the status of the answer; by default 101 for a stream, 200 for
	// anything else.
	success int
}

var graphQuery = map[string]string{"includeOptionalNodes": "boolean", "labelSelector": "string"}

var routes = []route{
	{resource: machines, subresource: "start", method: http.MethodPut, serve: (*server).start,
		listed: true, body: subresourcesv1.StartOptions{}, success: http.StatusAccepted},
	{resource: machines, subresource: "stop", method: http.MethodPut, serve: (*server).stop,
		listed: true, body: subresourcesv1.StopOptions{}, success: http.StatusAccepted},
	{resource: machines, subresource: "restart", method: http.MethodPut, serve: (*server).restart,
		listed: true, body: subresourcesv1.RestartOptions{}, success: http.StatusAccepted},
	{resource: machines, subresource: "migrate", method: http.MethodPut, feature: unsupported.Migrate},
	{resource: machines, subresource: "evacuate/cancel", method: http.MethodPut, feature: unsupported.EvacuateCancel},
	{resource: machines, subresource: "addvolume", method: http.MethodPut, feature: unsupported.AddVolume},
	{resource: machines, subresource: "removevolume", method: http.MethodPut, feature: unsupported.RemoveVolume},
	{resource: machines, subresource: "memorydump", method: http.MethodPut, feature: unsupported.MemoryDump},
	{resource: machines, subresource: "removememorydump", method: http.MethodPut, feature: unsupported.MemoryDump},
	{resource: machines, subresource: "expand-spec", method: http.MethodGet, feature: unsupported.Expand},
	{resource: machines, subresource: "explain", method: http.MethodGet, serve: (*server).explain,
		listed: true, answer: subresourcesv1.VirtualMachineExplanation{}},
	{resource: machines, subresource: "objectgraph", method: http.MethodGet, serve: (*server).machineGraph,
		listed: true, query: graphQuery, answer: subresourcesv1.ObjectGraphNode{}},
	{resource: machines, subresource: "portforward", parameters: "{port}", method: http.MethodGet, serve: (*server).forwardMachine,
		stream: true},
	{resource: machines, subresource: "portforward", parameters: "{port}/{protocol}", method: http.MethodGet, serve: (*server).forwardMachine,
		stream: true},
	{resource: "expand-vm-spec", method: http.MethodPut, feature: unsupported.Expand},

	{resource: instances, subresource: "console", method: http.MethodGet, serve: (*server).console, listed: true, stream: true},
	{resource: instances, subresource: "vnc", method: http.MethodGet, serve: (*server).vnc,
		listed: true, stream: true, query: vncQuery},
	{resource: instances, subresource: "vnc/screenshot", method: http.MethodGet, serve: (*server).screenshot, asks: protocol.Question_QUESTION_SCREENSHOT,
		listed: true, query: screenshotQuery},
	{resource: instances, subresource: "usbredir", method: http.MethodGet, serve: (*server).usbredir, stream: true},
	{resource: instances, subresource: "vsock", method: http.MethodGet, serve: (*server).vsock, stream: true, query: vsockQuery},
	{resource: instances, subresource: "portforward", parameters: "{port}", method: http.MethodGet, serve: (*server).forwardInstance,
		listed: true, stream: true},
	{resource: instances, subresource: "portforward", parameters: "{port}/{protocol}", method: http.MethodGet, serve: (*server).forwardInstance,
		listed: true, stream: true},
	{resource: instances, subresource: "guestosinfo", method: http.MethodGet, serve: (*server).guestOSInfo, asks: protocol.Question_QUESTION_OS_INFO,
		listed: true, answer: subresourcesv1.VirtualMachineInstanceGuestAgentInfo{}},
	{resource: instances, subresource: "userlist", method: http.MethodGet, serve: (*server).userList, asks: protocol.Question_QUESTION_USERS,
		listed: true, answer: subresourcesv1.VirtualMachineInstanceGuestOSUserList{}},
	{resource: instances, subresource: "filesystemlist", method: http.MethodGet, serve: (*server).filesystemList, asks: protocol.Question_QUESTION_FILESYSTEMS,
		listed: true, answer: subresourcesv1.VirtualMachineInstanceFileSystemList{}},
	// The cluster's API server lets a subresource of this name, among few others, take
	// more than a minute.
	{resource: instances, subresource: "exec", method: http.MethodPost, serve: (*server).guestExec, asks: protocol.Question_QUESTION_EXEC,
		listed: true, stream: true, body: subresourcesv1.GuestExecOptions{}, answer: subresourcesv1.GuestExecResult{}},
	{resource: instances, subresource: "file", method: http.MethodGet, serve: (*server).readFile, asks: protocol.Question_QUESTION_READ_FILE,
		listed: true, stream: true, query: fileParameters},
	{resource: instances, subresource: "file", method: http.MethodPut, serve: (*server).writeFile, asks: protocol.Question_QUESTION_WRITE_FILE,
		listed: true, stream: true, query: fileParameters},
	{resource: instances, subresource: "pause", method: http.MethodPut, serve: (*server).pause,
		listed: true, body: subresourcesv1.PauseOptions{}},
	{resource: instances, subresource: "unpause", method: http.MethodPut, serve: (*server).unpause,
		listed: true, body: subresourcesv1.UnpauseOptions{}},
	{resource: instances, subresource: "freeze", method: http.MethodPut, serve: (*server).freeze,
		listed: true, body: subresourcesv1.FreezeUnfreezeTimeout{}},
	{resource: instances, subresource: "unfreeze", method: http.MethodPut, serve: (*server).unfreeze, listed: true},
	{resource: instances, subresource: "reset", method: http.MethodPut, serve: (*server).reset, listed: true},
	{resource: instances, subresource: "softreboot", method: http.MethodPut, serve: (*server).softReboot, listed: true},
	{resource: instances, subresource: "objectgraph", method: http.MethodGet, serve: (*server).instanceGraph,
		listed: true, query: graphQuery, answer: subresourcesv1.ObjectGraphNode{}},
	{resource: instances, subresource: "sev/fetchcertchain", method: http.MethodGet, serve: (*server).sevCertChain,
		listed: true, answer: subresourcesv1.SEVPlatformInfo{}},
	{resource: instances, subresource: "sev/querylaunchmeasurement", method: http.MethodGet, serve: (*server).sevMeasurement,
		listed: true, answer: subresourcesv1.SEVMeasurementInfo{}},
	{resource: instances, subresource: "sev/setupsession", method: http.MethodPut, serve: (*server).sevSession,
		listed: true, body: subresourcesv1.SEVSessionOptions{}, success: http.StatusAccepted},
	{resource: instances, subresource: "sev/injectlaunchsecret", method: http.MethodPut, serve: (*server).sevSecret,
		listed: true, body: subresourcesv1.SEVSecretOptions{}},
	{resource: instances, subresource: "addvolume", method: http.MethodPut, feature: unsupported.AddVolume},
	{resource: instances, subresource: "removevolume", method: http.MethodPut, feature: unsupported.RemoveVolume},
	{resource: instances, subresource: "evacuate/cancel", method: http.MethodPut, feature: unsupported.EvacuateCancel},
	{resource: instances, subresource: "backup", method: http.MethodPut, feature: unsupported.Backup},
	{resource: instances, subresource: "redefine-checkpoint", method: http.MethodPut, feature: unsupported.RedefineCheckpoint},
}

// kinds of the resources, for discovery.
var kinds = map[string]string{machines: "VirtualMachine", instances: "VirtualMachineInstance"}

// rbacVerbs maps methods to the verbs that roles grant.
var rbacVerbs = map[string]string{
	http.MethodGet: "get", http.MethodPut: "update", http.MethodPost: "create", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// handle answers a request for a route.
func (r *route) handle(s *server, w http.ResponseWriter, request *http.Request, at target) {
	if r.serve == nil {
		s.fail(w, notImplemented(r.feature))
		return
	}
	if r.asks != protocol.Question_QUESTION_UNSPECIFIED {
		// The turn lasts until the caller has the answer: until then it takes memory.
		leave, err := s.takeTurn(at.namespace, r.asks)
		if err != nil {
			s.fail(w, err)
			return
		}
		defer leave()
	}
	r.serve(s, w, request, at)
}

// code is the status of what went well.
func (r *route) code() int {
	switch {
	case r.feature != "":
		return http.StatusNotImplemented
	case r.success != 0:
		return r.success
	case r.stream && r.answer == nil:
		return http.StatusSwitchingProtocols
	}
	return http.StatusOK
}

// path of a route below the version, with the parameters of a web service.
func (r *route) path() string {
	path := "/namespaces/{namespace}/" + r.resource
	for _, part := range []string{r.name(), r.subresource, r.parameters} {
		if part != "" {
			path += "/" + part
		}
	}
	return path
}

func (r *route) name() string {
	if r.subresource == "" {
		return ""
	}
	return "{name}"
}

// operations are the verbs that OpenAPI's names of operations begin with.
var operations = map[string]string{
	http.MethodGet: "get", http.MethodPut: "replace", http.MethodPost: "create", http.MethodPatch: "patch", http.MethodDelete: "delete",
}

// operation names a route uniquely within its version, e.g. replaceVirtualmachinesStart.
func (r *route) operation() string {
	return operations[r.method] + camelCase(r.resource+"/"+r.subresource+"/"+r.parameters)
}

func camelCase(text string) string {
	words := strings.FieldsFunc(text, func(letter rune) bool { return strings.ContainsRune("/-{}", letter) })
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}

// findRoute returns the row that serves a method of a subresource, or nil. Rows that
// differ in their parameters alone do not differ in anything that is asked here.
func findRoute(method, resource, subresource string) *route {
	for i := range routes {
		r := &routes[i]
		if r.method == method && r.resource == resource && r.subresource == subresource {
			return r
		}
	}
	return nil
}
