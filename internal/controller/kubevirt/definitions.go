package kubevirt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/component"
)

// annotationSchema on a CRD is a hash of its spec.
const annotationSchema = "kubevirt.io/schema-hash"

// kubeVirtDefinition is the CRD that comes with the operator's own manifest.
const kubeVirtDefinition = "kubevirts.kubevirt.io"

// Definitions are the API's CRDs. Their schemas are megabytes once decoded and
// needed only to be sent, so only names and hashes are kept.
type Definitions struct {
	load  func() ([]*apiextensionsv1.CustomResourceDefinition, error)
	stubs []*metav1.PartialObjectMetadata
	// versions of each kind, by the CRD's name.
	versions map[string][]string
}

// NewDefinitions reads the CRDs once to learn their hashes; load is called again
// whenever one has to be sent.
func NewDefinitions(load func() ([]*apiextensionsv1.CustomResourceDefinition, error)) (*Definitions, error) {
	all, err := load()
	if err != nil {
		return nil, fmt.Errorf("loading the CRDs: %w", err)
	}
	d := &Definitions{load: load, versions: map[string][]string{}}
	for _, crd := range all {
		if crd.Name == kubeVirtDefinition {
			continue
		}
		text, err := json.Marshal(crd.Spec)
		if err != nil {
			return nil, fmt.Errorf("encoding CRD %s: %w", crd.Name, err)
		}
		for _, version := range crd.Spec.Versions {
			d.versions[crd.Name] = append(d.versions[crd.Name], version.Name)
		}
		sum := sha256.Sum256(text)
		d.stubs = append(d.stubs, &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition"},
			ObjectMeta: metav1.ObjectMeta{
				Name: crd.Name, Labels: crd.Labels,
				Annotations: map[string]string{annotationSchema: hex.EncodeToString(sum[:16])},
			},
		})
	}
	return d, nil
}

// objects returns the CRDs without their specs, to be stamped.
func (d *Definitions) objects() []component.Object {
	list := make([]component.Object, 0, len(d.stubs))
	for _, stub := range d.stubs {
		list = append(list, stub.DeepCopy())
	}
	return list
}

// specs loads the specs of all CRDs by name.
func (d *Definitions) specs() (map[string]apiextensionsv1.CustomResourceDefinitionSpec, error) {
	all, err := d.load()
	if err != nil {
		return nil, fmt.Errorf("loading the CRDs: %w", err)
	}
	specs := make(map[string]apiextensionsv1.CustomResourceDefinitionSpec, len(all))
	for _, crd := range all {
		specs[crd.Name] = crd.Spec
	}
	return specs, nil
}

// lostVersion says which kind has objects stored in a version that this operator
// does not know; nothing if there is none. The API server refuses to give up such a
// version, but only when it comes to that CRD, and others would be changed by then.
func (r *Reconciler) lostVersion(ctx context.Context) string {
	for name, versions := range r.Definitions.versions {
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := r.Client.Get(ctx, client.ObjectKey{Name: name}, crd); err != nil {
			continue // Not there, or said when it is to be sent.
		}
		for _, stored := range crd.Status.StoredVersions {
			if !slices.Contains(versions, stored) {
				return fmt.Sprintf("objects of CRD %s may be stored in version %s, which this operator does not know; "+
					"go back to the operator that does, or store them anew and take the version out of the CRD's status.storedVersions", name, stored)
			}
		}
	}
	return ""
}
