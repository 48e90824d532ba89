package workload

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// scope is everything one reconcile has read and found out.
type scope struct {
	kv  *v1.KubeVirt
	now time.Time
	// instances are all there are; they are the cache's own and must not be changed.
	instances []v1.VirtualMachineInstance
	// outdated are those of them whose guest runs in an older launcher.
	outdated []*v1.VirtualMachineInstance
}

// isOutdated reports whether one of the scope's instances is outdated.
func (s *scope) isOutdated(vmi *v1.VirtualMachineInstance) bool {
	return slices.Contains(s.outdated, vmi)
}

// read fills the scope, and forgets what was remembered of instances that are not
// outdated any more.
func (r *Reconciler) read(ctx context.Context, kv *v1.KubeVirt) (*scope, error) {
	s := &scope{kv: kv, now: r.Clock.Now()}
	list := &v1.VirtualMachineInstanceList{}
	if err := r.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, fmt.Errorf("listing the instances: %w", err)
	}
	s.instances = list.Items
	still := map[types.UID]bool{}
	for i := range s.instances {
		if vmi := &s.instances[i]; r.isOutdated(ctx, vmi) {
			s.outdated = append(s.outdated, vmi)
			still[vmi.UID] = true
		}
	}
	maps.DeleteFunc(r.evicted, func(uid types.UID, _ bool) bool { return !still[uid] })
	maps.DeleteFunc(r.refused, func(uid types.UID, _ time.Time) bool { return !still[uid] })
	return s, nil
}
