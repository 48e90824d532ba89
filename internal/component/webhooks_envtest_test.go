//go:build envtest

package component_test

import (
	"context"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
	"kubevirt.io/kubevirt/test/builder"
)

// The webhook of statuses is asked about users' writes, and not about ours.
func TestStatusWebhook(t *testing.T) {
	ctx := context.Background()
	vm := builder.VM(cluster.NewNamespace(t), "vm", v1.RunStrategyManual)
	if err := cluster.Client.Create(ctx, vm); err != nil {
		t.Fatal(err)
	}
	ours := func(account string) client.Client {
		c, err := client.New(cluster.As(account, "", nil), client.Options{Scheme: cluster.Scheme})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const odd, volume = `{"status":{"stateChangeRequests":[{"action":"Reboot"}]}}`, `{"status":{"volumeRequests":[{}]}}`
	for _, c := range []struct {
		name    string
		client  client.Client
		change  string
		refused string
	}{
		{"a user's stop", cluster.Client, `{"status":{"stateChangeRequests":[{"action":"Stop"}]}}`, ""},
		{"a user's odd request", cluster.Client, odd, "status.stateChangeRequests[0].action"},
		{"a user's volume", cluster.Client, volume, "status.volumeRequests"},
		{"another of our accounts", ours(component.HandlerAccount), odd, "cannot patch"},
		{"the controllers", ours(component.ControllerAccount), odd, ""},
		{"virt-api", ours(component.APIAccount), volume, ""},
	} {
		err := c.client.Status().Patch(ctx, vm.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(c.change)))
		if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.refused)
		}
	}
}
