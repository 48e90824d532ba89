//go:build envtest

package webhook_test

import (
	"context"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/test/envtest"
)

var cluster *envtest.Cluster

func TestMain(m *testing.M) { envtest.Main(m, &cluster) }

func clientFor(t *testing.T, config *rest.Config) client.Client {
	t.Helper()
	c, err := client.New(config, client.Options{Scheme: cluster.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// editor is somebody with the role kubevirt.io:edit in a namespace, and no other.
func editor(t *testing.T, namespace string) client.Client {
	t.Helper()
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "editors"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "kubevirt.io:edit"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "eve-" + namespace}},
	}
	create(t, cluster.Client, binding)
	config := rest.CopyConfig(cluster.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "eve-" + namespace, Groups: []string{"system:authenticated"}}
	return clientFor(t, config)
}

func handler(t *testing.T, node string) client.Client {
	return clientFor(t, cluster.As(component.HandlerAccount, node, nil))
}

func create(t *testing.T, c client.Client, object client.Object) {
	t.Helper()
	if err := c.Create(context.Background(), object); err != nil {
		t.Fatal(err)
	}
}

// merge sends a merge patch and leaves the object alone.
func merge(c client.Client, object client.Object, change string) error {
	return c.Patch(context.Background(), object.DeepCopyObject().(client.Object), client.RawPatch(types.MergePatchType, []byte(change)))
}

func live[T client.Object](t *testing.T, object T) T {
	t.Helper()
	if err := cluster.Client.Get(context.Background(), client.ObjectKeyFromObject(object), object); err != nil {
		t.Fatal(err)
	}
	return object
}

// hand gives an instance to a node as virt-controller does.
func hand(t *testing.T, vmi *v1.VirtualMachineInstance, node string) {
	t.Helper()
	controller := clientFor(t, cluster.As(component.ControllerAccount, "", nil))
	if err := merge(controller, vmi, `{"status":{"phase":"Scheduled","nodeName":"`+node+`"}}`); err != nil {
		t.Fatal(err)
	}
	live(t, vmi)
}

// want checks an error, empty for none.
func want(t *testing.T, what string, err error, refused string) {
	t.Helper()
	if refused == "" && err != nil || refused != "" && (err == nil || !strings.Contains(err.Error(), refused)) {
		t.Errorf("%s: %v, want %q", what, err, refused)
	}
}
