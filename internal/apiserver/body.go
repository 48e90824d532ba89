package apiserver

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// maxBody bounds the options of a verb.
const maxBody = 1 << 20

// readOptions decodes the body, JSON or YAML, into options; an empty body leaves
// them as they are.
func readOptions(r *http.Request, options any) error { return readBounded(r, options, maxBody) }

func readBounded(r *http.Request, options any, most int64) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err != nil {
		return fmt.Errorf("reading the request: %w", err)
	}
	if int64(len(body)) > most {
		return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf("options take at most %d bytes", most))
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if err := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(body), len(body)).Decode(options); err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("the body is neither JSON nor YAML of the options: %v", err))
	}
	return nil
}

// checkDryRun allows what Kubernetes does: nothing, or All.
func checkDryRun(dryRun []string) error {
	if len(dryRun) == 0 || len(dryRun) == 1 && dryRun[0] == metav1.DryRunAll {
		return nil
	}
	return apierrors.NewBadRequest(fmt.Sprintf("dryRun: %q is not allowed: only %q is", dryRun, metav1.DryRunAll))
}
