// Package client reaches the cluster for the commands: objects, subresources
// and byte streams, all with the settings of the usual kubeconfig flags.
package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// SubresourceGroup is the API group of the verbs that virt-api serves.
const SubresourceGroup = "subresources.kubevirt.io"

var (
	// VirtualMachineInstances is the resource of running instances.
	VirtualMachineInstances = schema.GroupVersionResource{Group: "kubevirt.io", Version: "v1", Resource: InstanceResource}
	// VirtualMachines is the resource of machines, running or not.
	VirtualMachines = schema.GroupVersionResource{Group: "kubevirt.io", Version: "v1", Resource: MachineResource}
)

// Client is one cluster as seen from one namespace.
type Client struct {
	// Namespace that the flags or the kubeconfig name.
	Namespace string
	// Objects reads and watches the API objects.
	Objects dynamic.Interface

	config *rest.Config
	verbs  rest.Interface
}

// New connects as the kubeconfig flags say.
func New(flags *genericclioptions.ConfigFlags) (*Client, error) {
	loader := flags.ToRawKubeConfigLoader()
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", Friendly(err, About{}))
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", Friendly(err, About{}))
	}
	config.QPS = -1 // one person's requests: the server's own fairness is enough, and a wait here ends a wait with a deadline early
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("preparing the client: %w", err)
	}
	verbs := rest.CopyConfig(config)
	verbs.GroupVersion = &schema.GroupVersion{Group: SubresourceGroup, Version: "v1"}
	verbs.APIPath = "/apis"
	verbs.NegotiatedSerializer = serializer.WithoutConversionCodecFactory{CodecFactory: scheme.Codecs}
	restClient, err := rest.RESTClientFor(verbs)
	if err != nil {
		return nil, fmt.Errorf("preparing the client: %w", err)
	}
	return &Client{Namespace: namespace, Objects: objects, config: config, verbs: restClient}, nil
}

// Server is the address of the cluster.
func (c *Client) Server() string { return c.config.Host }

// Verber sends one request to a subresource; a Client is one.
type Verber interface {
	Verb(ctx context.Context, resource, name, verb string, options any) error
}

// Resources that have verbs.
const (
	MachineResource  = "virtualmachines"
	InstanceResource = "virtualmachineinstances"
)

// DryRun is what options say of a request: the server checks it and does not carry
// it out.
func DryRun(on bool) []string {
	if !on {
		return nil
	}
	return []string{metav1.DryRunAll}
}

// DryRunNote follows what is said of a request that was only checked.
func DryRunNote(on bool) string {
	if !on {
		return ""
	}
	return " (server dry run)"
}

// AddDryRun makes a command take --dry-run.
func AddDryRun(flags *pflag.FlagSet, on *bool) {
	flags.BoolVar(on, "dry-run", false, "let the server check the request without carrying it out")
}

// Verb sends one request to a subresource, e.g. start of a VirtualMachine, with
// options as its JSON body; nil options are no body.
func (c *Client) Verb(ctx context.Context, resource, name, verb string, options any) error {
	request := c.request(http.MethodPut, resource, name, verb, nil)
	if options != nil {
		body, err := json.Marshal(options)
		if err != nil {
			return fmt.Errorf("encoding the options of %s: %w", verb, err)
		}
		request = request.SetHeader("Content-Type", "application/json").Body(body)
	}
	return c.Explain(ctx, request.Do(ctx).Error(), resource, name, verb)
}

// GroupGet reads a path of the subresource group itself, e.g. version, into out.
func (c *Client) GroupGet(ctx context.Context, path string, out any) error {
	data, err := bodyOf(c.verbs.Get().AbsPath("/apis", SubresourceGroup, "v1", path).Do(ctx))
	if err != nil {
		return c.Explain(ctx, err, "", "", "")
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("decoding the answer of %s: %w", path, err)
	}
	return nil
}
