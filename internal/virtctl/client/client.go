// Package client reaches the cluster for the commands: objects, subresources
// and byte streams, all with the settings of the usual kubeconfig flags.
package client

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// SubresourceGroup is the API group of the verbs that virt-api serves.
const SubresourceGroup = "subresources.kubevirt.io"

// VirtualMachineInstances is the resource of running instances.
var VirtualMachineInstances = schema.GroupVersionResource{Group: "kubevirt.io", Version: "v1", Resource: "virtualmachineinstances"}

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
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w (set --kubeconfig or KUBECONFIG to reach a cluster)", err)
	}
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

// Verb sends one request to a subresource, e.g. start of a VirtualMachine, with
// options as its JSON body.
func (c *Client) Verb(ctx context.Context, resource, name, verb string, options any) error {
	body, err := json.Marshal(options)
	if err != nil {
		return fmt.Errorf("encoding the options of %s: %w", verb, err)
	}
	return c.verbs.Put().Namespace(c.Namespace).Resource(resource).Name(name).SubResource(verb).
		SetHeader("Content-Type", "application/json").Body(body).Do(ctx).Error()
}

// GroupGet reads a path of the subresource group itself, e.g. version, into out.
func (c *Client) GroupGet(ctx context.Context, path string, out any) error {
	data, err := c.verbs.Get().AbsPath("/apis", SubresourceGroup, "v1", path).DoRaw(ctx)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, out); err != nil {
		return fmt.Errorf("decoding the answer of %s: %w", path, err)
	}
	return nil
}
