package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// defaultServer is where the kubeconfig's loader looks when nothing names a cluster.
	defaultServer = "localhost:8080"
	// lookTimeout bounds the look for what explains an error.
	lookTimeout = 3 * time.Second
)

// About is what a request was about: the facts that turn its error into advice.
type About struct {
	// Server is the address of the cluster.
	Server    string
	Namespace string
	// Resource, Name and Subresource that were asked for, as far as there are any.
	Resource, Name, Subresource string
	// MachineStatus is the status of the virtual machine whose instance is missing;
	// empty if there is no such machine or nobody looked.
	MachineStatus string
}

// Explained is an error in the words of a user, with what to do about it on a line
// of its own.
type Explained struct {
	said, hint string
	cause      error
}

// Error implements error.
func (e *Explained) Error() string { return e.said + "\nhint: " + e.hint }

// Unwrap returns the error that was explained.
func (e *Explained) Unwrap() error { return e.cause }

// Friendly explains an error that a user can do something about and returns every
// other one as it is.
func Friendly(err error, about About) error {
	var done *Explained
	if err == nil || errors.As(err, &done) {
		return err
	}
	var said, hint string
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		said, hint = ofStatus(err, status.Status(), about)
	} else {
		said, hint = ofConnection(err, about)
	}
	if hint == "" {
		return err
	}
	if said == "" {
		said = err.Error()
	}
	return &Explained{said: said, hint: hint, cause: err}
}

// Explain is Friendly with facts that only the cluster knows.
func (c *Client) Explain(ctx context.Context, err error, resource, name, subresource string) error {
	about := About{
		Server: c.config.Host, Namespace: c.Namespace, Resource: resource, Name: name, Subresource: subresource,
	}
	if resource == InstanceResource && apierrors.IsNotFound(err) {
		about.MachineStatus = c.MachineStatus(ctx, name)
	}
	return Friendly(err, about)
}

// MachineStatus is the status of a virtual machine in the words of the API; empty
// if there is none or it cannot be read.
func (c *Client) MachineStatus(ctx context.Context, name string) string {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	machine, err := c.Objects.Resource(VirtualMachines).Namespace(c.Namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return ""
	}
	status, _, _ := unstructured.NestedString(machine.Object, "status", "printableStatus")
	if status == "" {
		return "Unknown"
	}
	return status
}

// ofConnection explains why the cluster was not reached.
func ofConnection(err error, about About) (said, hint string) {
	var asked *url.Error
	var late net.Error
	var tried *net.OpError
	server := about.Server
	if server == "" && errors.As(err, &asked) {
		server = asked.URL
	}
	if errors.As(err, &tried) && tried.Op == "listen" {
		return "", ""
	}
	// Windows has its own code, and words, for it.
	refused := errors.Is(err, syscall.ECONNREFUSED) || strings.Contains(err.Error(), "actively refused")
	switch {
	case clientcmd.IsEmptyConfig(err), refused && strings.Contains(server, defaultServer):
		return "no cluster is configured: there is no kubeconfig",
			"name one with --kubeconfig or the KUBECONFIG variable; `kubectl config view` shows what is used"
	case clientcmd.IsContextNotFound(err):
		return "", "`kubectl config get-contexts` lists the contexts of the kubeconfig"
	case server == "":
		return "", ""
	case refused, strings.Contains(err.Error(), "no such host"), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "", fmt.Sprintf("the cluster at %s is not reached: is it up, and is this the right --context or --kubeconfig?", server)
	case strings.Contains(err.Error(), "x509: "):
		return "", fmt.Sprintf("the certificate of the cluster at %s is not trusted: does the kubeconfig belong to this cluster?", server)
	case errors.As(err, &late) && late.Timeout():
		return "", fmt.Sprintf("the cluster at %s does not answer: is it up, and is this the right --context or --kubeconfig?", server)
	}
	return "", ""
}

// ofStatus explains what the cluster answered.
func ofStatus(err error, status metav1.Status, about About) (said, hint string) {
	switch {
	case apierrors.IsUnauthorized(err):
		return "the cluster does not accept your credentials", "they may have expired: sign in again, or check the user of the kubeconfig"
	case apierrors.IsForbidden(err):
		return ofForbidden(status.Message, about)
	case apierrors.IsNotFound(err):
		return ofNotFound(err, status, about)
	case apierrors.IsServiceUnavailable(err):
		return "", "virt-api is not available: `kubectl get kubevirt -A` shows the state of KubeVirt"
	}
	return "", ofRefusal(strings.ToLower(status.Message), about)
}

// denied is how the cluster words what an account may not do.
var denied = regexp.MustCompile(`User "([^"]*)" cannot (\w+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]*)")?`)

func ofForbidden(message string, about About) (said, hint string) {
	found := denied.FindStringSubmatch(message)
	if found == nil {
		return "", ""
	}
	user, verb, resource, group, namespace := found[1], found[2], found[3], found[4], found[5]
	said = fmt.Sprintf("you may not %s %s", verb, resource)
	if namespace != "" {
		said += fmt.Sprintf(" in namespace %s", namespace)
	}
	role := roleFor(verb, asked(resource, about), group)
	if role == "" {
		return said, fmt.Sprintf("it takes a role with the verb %s on %s of API group %q for user %s", verb, resource, group, user)
	}
	if namespace == "" {
		return said, fmt.Sprintf("an administrator can grant it to user %s with a binding to the ClusterRole %s", user, role)
	}
	return said, fmt.Sprintf("an administrator can grant it with `kubectl create rolebinding NAME --clusterrole=%s --user=%s -n %s`", role, user, namespace)
}

// asked completes a resource of which the cluster's API server names only the first
// segment of the subresource.
func asked(resource string, about About) string {
	object, subresource, _ := strings.Cut(resource, "/")
	if subresource != "" && strings.HasPrefix(about.Subresource, subresource+"/") {
		return object + "/" + about.Subresource
	}
	return resource
}

// roleFor is the least of KubeVirt's default roles that grants a right, empty if
// none does.
func roleFor(verb, resource, group string) string {
	_, subresource, _ := strings.Cut(resource, "/")
	switch {
	case !strings.HasSuffix(group, "kubevirt.io"), resource == "kubevirts" && verb != "get" && verb != "list":
		return ""
	case subresource == "migrate", resource == "virtualmachineinstancemigrations" && !reads(verb):
		return "kubevirt.io:migrate"
	case subresource == "vnc/screenshot", verb == "deletecollection":
		return "kubevirt.io:admin"
	case group != SubresourceGroup && reads(verb):
		return "kubevirt.io:view"
	}
	switch subresource {
	case "guestosinfo", "filesystemlist", "userlist", "objectgraph", "explain", "expand-spec":
		return "kubevirt.io:view"
	}
	return "kubevirt.io:edit"
}

func reads(verb string) bool { return verb == "get" || verb == "list" || verb == "watch" }

func ofNotFound(err error, status metav1.Status, about About) (said, hint string) {
	if apierrors.IsUnexpectedServerError(err) || status.Details == nil || status.Details.Name == "" {
		return "the cluster does not serve this part of KubeVirt's API",
			"is KubeVirt installed, and not older than this client? `kubectl get kubevirt -A` and `virtctl version` tell"
	}
	if about.MachineStatus != "" {
		return fmt.Sprintf("virtual machine %s is not running (%s)", about.Name, about.MachineStatus),
			fmt.Sprintf("start it with `virtctl start %s -n %s`; if it should be running, `virtctl explain vm %s -n %s` says why not",
				about.Name, about.Namespace, about.Name, about.Namespace)
	}
	kind := kinds[status.Details.Kind]
	if kind == "" {
		kind = status.Details.Kind
	}
	return fmt.Sprintf("there is no %s %s in namespace %s", kind, status.Details.Name, about.Namespace),
		"name another namespace with -n; `kubectl get vm,vmi -A` lists all"
}

// kinds are the names that users know of what a NotFound calls by its resource.
var kinds = map[string]string{
	MachineResource: "virtual machine", InstanceResource: "running virtual machine instance",
	"virtualmachineinstancereplicasets": "replica set",
	"VirtualMachine":                    "virtual machine", "VirtualMachineInstance": "running virtual machine instance",
}
