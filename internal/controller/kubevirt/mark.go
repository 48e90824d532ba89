package kubevirt

import (
	"context"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// mark gives the Secrets of the components' certificates the labels and annotations
// that the administrator's patches ask for, and takes them away again. Their keys
// are not applied but written by certify.
func (r *Reconciler) mark(ctx context.Context, s *scope) error {
	for _, object := range s.installation.Certificates {
		live := &corev1.Secret{}
		if err := r.Client.Get(ctx, client.ObjectKeyFromObject(object), live); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading Secret %s: %w", object.GetName(), err)
		}
		_, customized := object.GetAnnotations()[v1.AnnotationCustomizerIdentifier]
		_, marked := live.Annotations[component.AnnotationHash]
		if live.UID == "" || !customized && !marked {
			continue
		}
		// An apply would make one without keys.
		object.SetUID(live.UID)
		wanted, err := newManifest(object)
		if err != nil {
			return err
		}
		same, err := holds(live, wanted)
		if err != nil {
			return err
		}
		if same {
			continue
		}
		text, err := json.Marshal(wanted)
		if err != nil {
			return fmt.Errorf("encoding Secret %s: %w", object.GetName(), err)
		}
		// Its content is remembered apart from its marks.
		id := identity{schema.GroupKind{Group: "marks", Kind: "Secret"}, client.ObjectKeyFromObject(object)}
		apply := client.RawPatch(types.ApplyPatchType, text)
		err = r.onceMore(ctx, s, id, object.GetAnnotations()[component.AnnotationHash], live, apply, client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying Secret %s: %w", object.GetName(), err)
		}
	}
	return nil
}
