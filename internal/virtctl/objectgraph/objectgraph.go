package objectgraph

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/internal/virtctl/output"
)

// Options of one graph.
type Options struct {
	Name            string
	Instance        bool
	ExcludeOptional bool
	Selector        map[string]string
	Output          output.Flag
	Out             io.Writer
}

// Run prints the graph.
func Run(ctx context.Context, c client.Sender, o Options) error {
	var options subresourcesv1.ObjectGraphOptions
	if o.ExcludeOptional {
		include := false
		options.IncludeOptionalNodes = &include
	}
	if len(o.Selector) > 0 {
		options.LabelSelector = &metav1.LabelSelector{MatchLabels: o.Selector}
	}
	body, err := json.Marshal(options)
	if err != nil {
		return fmt.Errorf("encoding the options: %w", err)
	}
	resource := client.MachineResource
	if o.Instance {
		resource = client.InstanceResource
	}
	// The API takes the options as the body of a GET.
	answer, err := c.Send(ctx, http.MethodGet, resource, o.Name, "objectgraph", nil, bytes.NewReader(body), "application/json")
	if err != nil {
		return fmt.Errorf("reading the object graph of %s: %w", o.Name, err)
	}
	var graph subresourcesv1.ObjectGraphNode
	if err := json.Unmarshal(answer, &graph); err != nil {
		return fmt.Errorf("reading the answer: %w", err)
	}
	return o.Output.Value(o.Out, &graph)
}
