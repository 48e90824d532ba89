package adm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

var kubeVirts = v1.GroupVersion.WithResource(v1.ResourceKubeVirts)

// find returns the single KubeVirt object, in whichever namespace it is.
func find(ctx context.Context, objects dynamic.Interface) (*v1.KubeVirt, error) {
	list, err := objects.Resource(kubeVirts).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("looking for the KubeVirt object: %w", err)
	}
	switch len(list.Items) {
	case 0:
		return nil, errors.New("there is no KubeVirt object in the cluster: KubeVirt is not installed")
	case 1:
	default:
		var names []string
		for i := range list.Items {
			names = append(names, list.Items[i].GetNamespace()+"/"+list.Items[i].GetName())
		}
		return nil, fmt.Errorf("there are several KubeVirt objects, of which only one can be in effect: %s", strings.Join(names, ", "))
	}
	kubeVirt := &v1.KubeVirt{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(list.Items[0].Object, kubeVirt); err != nil {
		return nil, fmt.Errorf("decoding the KubeVirt object: %w", err)
	}
	return kubeVirt, nil
}
