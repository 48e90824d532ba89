package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// Fetch reads what a subresource serves, e.g. a screenshot. The caller closes it.
func (c *Client) Fetch(ctx context.Context, resource, name, subresource string, query url.Values) (io.ReadCloser, error) {
	body, err := c.request(http.MethodGet, resource, name, subresource, query).Stream(ctx)
	if err != nil {
		return nil, c.Explain(ctx, err, resource, name, subresource)
	}
	return body, nil
}

// Send passes a body to a subresource and returns the answer; a nil body is none.
func (c *Client) Send(
	ctx context.Context, method, resource, name, subresource string, query url.Values, body io.Reader, contentType string,
) ([]byte, error) {
	request := c.request(method, resource, name, subresource, query)
	if body != nil {
		request = request.SetHeader("Content-Type", contentType).Body(body)
	}
	answer, err := bodyOf(request.Do(ctx))
	if err != nil {
		return nil, c.Explain(ctx, err, resource, name, subresource)
	}
	return answer, nil
}

// bodyOf returns what was answered, or the refusal in the server's own words: Raw
// alone knows its code only.
func bodyOf(result rest.Result) ([]byte, error) {
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}

// request addresses a subresource, which may have several segments.
func (c *Client) request(method, resource, name, subresource string, query url.Values) *rest.Request {
	request := c.verbs.Verb(method).Namespace(c.Namespace).Resource(resource).Name(name).
		SubResource(strings.Split(subresource, "/")...)
	for key, values := range query {
		for _, value := range values {
			request = request.Param(key, value)
		}
	}
	return request
}

// Exists finds a wrong name before anything is opened for it. Who may not read
// objects may still use their subresources.
func (c *Client) Exists(ctx context.Context, resource, name string) error {
	kind := schema.GroupVersionResource{Group: "kubevirt.io", Version: "v1", Resource: resource}
	_, err := c.Objects.Resource(kind).Namespace(c.Namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsForbidden(err) {
		return nil
	}
	return c.Explain(ctx, err, resource, name, "")
}

// In returns the client as seen from another namespace; an empty one changes nothing.
func (c *Client) In(namespace string) *Client {
	if namespace == "" {
		return c
	}
	other := *c
	other.Namespace = namespace
	return &other
}

// Exit ends virtctl with the exit code of what it ran, which has already said
// everything there is to say but, maybe, what to do about it.
type Exit struct {
	Code int
	Hint string
}

// Error implements error.
func (e *Exit) Error() string { return fmt.Sprintf("exit code %d", e.Code) }
