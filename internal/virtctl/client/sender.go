package client

import (
	"context"
	"io"
	"net/url"
)

// Sender passes a body to a subresource and returns the answer; a Client is one.
type Sender interface {
	Send(
		ctx context.Context, method, resource, name, subresource string, query url.Values, body io.Reader, contentType string,
	) ([]byte, error)
}
