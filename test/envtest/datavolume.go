package envtest

import (
	"context"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
)

// InstallDataVolumes gives the cluster the kinds DataVolume and DataSource, which
// are another project's, until the test ends. Nothing acts on them: the test says
// what CDI would.
func (c *Cluster) InstallDataVolumes(t *testing.T) {
	t.Helper()
	c.install(t, cdiv1beta1.GroupVersion, cdiv1beta1.KindDataVolume, cdiv1beta1.ResourceDataVolumes)
	c.install(t, cdiv1beta1.GroupVersion, "DataSource", "datasources")
}

// InstallNetworks gives the cluster the kind NetworkAttachmentDefinition, as Multus
// does, until the test ends.
func (c *Cluster) InstallNetworks(t *testing.T) {
	t.Helper()
	c.install(t, schema.GroupVersion{Group: "k8s.cni.cncf.io", Version: "v1"}, "NetworkAttachmentDefinition", "network-attachment-definitions")
}

func (c *Cluster) install(t *testing.T, group schema.GroupVersion, kind, plural string) {
	t.Helper()
	ctx, anything := context.Background(), true
	properties := &apiextensionsv1.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &anything}
	definition := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: plural + "." + group.Group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: group.Group,
			Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: kind, ListKind: kind + "List", Plural: plural},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: group.Version, Served: true, Storage: true,
				Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: properties},
			}},
		},
	}
	if err := c.Client.Create(ctx, definition); err != nil {
		t.Fatalf("installing the kind %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := c.Client.Delete(ctx, definition); err != nil {
			t.Errorf("removing the kind %s: %v", kind, err)
		}
		c.until(t, "the kind "+kind+" is gone", func() bool {
			return apierrors.IsNotFound(c.Client.Get(ctx, client.ObjectKeyFromObject(definition), definition))
		})
	})
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(group.WithKind(kind + "List"))
	c.until(t, "the kind "+kind+" is served", func() bool {
		err := c.Client.Get(ctx, client.ObjectKeyFromObject(definition), definition)
		return err == nil && established(definition) && c.Client.List(ctx, list) == nil
	})
}

func established(definition *apiextensionsv1.CustomResourceDefinition) bool {
	for _, condition := range definition.Status.Conditions {
		if condition.Type == apiextensionsv1.Established {
			return condition.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}

// until waits for what the API server does in its own time.
func (c *Cluster) until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come about that %s", what)
		}
	}
}
