package lifecycle

import (
	"context"
	"fmt"
	"io"
	"time"

	"kubevirt.io/kubevirt/test/cluster/imagestore"
	"kubevirt.io/kubevirt/test/cluster/settings"
	"kubevirt.io/kubevirt/test/cluster/upstream"
)

// OLM adds the Operator Lifecycle Manager to a cluster that runs and returns when
// it serves.
func OLM(ctx context.Context, c *settings.Cluster, out io.Writer) error {
	unlock, err := lock(c)
	if err != nil {
		return err
	}
	defer unlock()
	store, err := imagestore.Open(c.Images)
	if err != nil {
		return err
	}
	olm, err := upstream.EnsureOLM(ctx, c, store, out)
	if err != nil {
		return err
	}
	started := time.Now()
	apply := []string{"apply", "--server-side", "--force-conflicts", "-f", "-"}
	definitions, err := olm.Definitions(ctx)
	if err != nil {
		return err
	}
	if err := kubectl(ctx, c, definitions, apply...); err != nil {
		return err
	}
	if err := kubectl(ctx, c, definitions, "wait", "--for=condition=Established", "--timeout=1m", "-f", "-"); err != nil {
		return err
	}
	objects, err := olm.Objects(ctx)
	if err != nil {
		return err
	}
	if err := kubectl(ctx, c, objects, apply...); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"-n", "olm", "rollout", "status", "deployment/olm-operator", "--timeout=5m"},
		{"-n", "olm", "rollout", "status", "deployment/catalog-operator", "--timeout=5m"},
		{"-n", "olm", "wait", "csv/packageserver", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=5m"},
	} {
		if err := kubectl(ctx, c, "", args...); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "OLM %s serves after %.1f s\n", settings.OLMVersion, time.Since(started).Seconds())
	return nil
}
