package v1

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// HookSidecar is a container beside the launcher that may change the guest's
// definition before it is started.
// +kubebuilder:object:generate=false
type HookSidecar struct {
	// Image of the container.
	Image string `json:"image"`
	// ImagePullPolicy of the image; the cluster's default if empty.
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// Command replaces the image's entry point.
	Command []string `json:"command,omitempty"`
	// Args replace the image's arguments.
	Args []string `json:"args,omitempty"`
}

// HookSidecars reads the sidecars that an instance's annotations ask for, in
// AnnotationHookSidecars; none without it.
func HookSidecars(annotations map[string]string) ([]HookSidecar, error) {
	text, set := annotations[AnnotationHookSidecars]
	if !set {
		return nil, nil
	}
	var sidecars []HookSidecar
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sidecars); err != nil {
		return nil, fmt.Errorf("%s is to be a JSON list of objects with image, imagePullPolicy, command and args: %w", AnnotationHookSidecars, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New(AnnotationHookSidecars + " has something behind the list")
	}
	if sidecars == nil {
		return nil, errors.New(AnnotationHookSidecars + " is to be a list, and is null")
	}
	for i, sidecar := range sidecars {
		switch {
		case sidecar.Image == "":
			return nil, fmt.Errorf("%s[%d].image is missing", AnnotationHookSidecars, i)
		case !validPullPolicy(sidecar.ImagePullPolicy):
			return nil, fmt.Errorf("%s[%d].imagePullPolicy is to be Always, IfNotPresent or Never", AnnotationHookSidecars, i)
		}
	}
	return sidecars, nil
}

func validPullPolicy(policy corev1.PullPolicy) bool {
	switch policy {
	case "", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever:
		return true
	}
	return false
}
