package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/explain"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

const (
	// maxExplained and maxExplainedOfOne are how many machines are explained at a time,
	// of all and of one namespace.
	maxExplained, maxExplainedOfOne = 4, 2
	// maxClaims is how many of a machine's claims, and of its data volumes, are read.
	maxClaims = 32
	// pageSize is how much of a list is held at a time; after maxPages the rest is left.
	pageSize, maxPages = 500, 10
)

// explain answers why a machine is not running, not ready or not migratable.
func (s *server) explain(w http.ResponseWriter, r *http.Request, at target) {
	leave, ok := s.explaining.Take(at.namespace, 1)
	if !ok {
		s.fail(w, apierrors.NewTooManyRequestsError("too many machines are being explained at this moment: try again"))
		return
	}
	defer leave()
	var answer subresourcesv1.VirtualMachineExplanation
	err := s.withMachine(r.Context(), at, func(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) error {
		g := &gathering{client: s.surveyor, facts: explain.Facts{VM: vm, VMI: vmi, Now: time.Now()}}
		if err := g.run(r.Context()); err != nil {
			return s.readFailure("looking at what the machine depends on", err)
		}
		answer = explain.Explain(g.facts)
		return nil
	})
	if err != nil {
		s.fail(w, err)
		return
	}
	writeDocument(w, &answer, "VirtualMachineExplanation")
}

// gathering reads the facts about one machine. Beside nodes and storage classes it
// reads nothing outside the machine's namespace, and nowhere a Secret or a ConfigMap.
type gathering struct {
	client client.Reader
	facts  explain.Facts
	// mutex guards Omitted, which reads at the same time add to.
	mutex sync.Mutex
}

func (g *gathering) omit(what string) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.facts.Omitted = append(g.facts.Omitted, what)
}

// some returns so many names as are looked at.
func (g *gathering) some(names []string, what string) []string {
	if len(names) <= maxClaims {
		return names
	}
	g.omit(fmt.Sprintf("%s after the first %d", what, maxClaims))
	return names[:maxClaims]
}

// pages reads a list of which little is kept, one page after the other.
func pages[L any, P interface {
	*L
	client.ObjectList
}](ctx context.Context, g *gathering, what string, keep func(*L), options ...client.ListOption) error {
	next := ""
	for range maxPages {
		page := new(L)
		if err := g.client.List(ctx, P(page), append(options, client.Limit(pageSize), client.Continue(next))...); err != nil {
			return fmt.Errorf("listing %s: %w", what, err)
		}
		keep(page)
		if next = P(page).GetContinue(); next == "" {
			return nil
		}
	}
	g.omit(fmt.Sprintf("%s after the first %d", what, maxPages*pageSize))
	return nil
}

// run reads in rounds: what is to be read depends on what was found before.
func (g *gathering) run(ctx context.Context) error {
	claims, volumes := claimsOf(g.facts.VM, g.facts.VMI)
	claims, volumes = g.some(claims, "claims"), g.some(volumes, "data volumes")
	reads := []func() error{
		func() error { return g.pods(ctx) },
		func() error { return g.dataVolumes(ctx, volumes) },
		func() error { return g.claims(ctx, claims) },
	}
	if err := together(reads...); err != nil {
		return err
	}
	return together(g.surroundings(ctx, claims)...)
}

// surroundings are the reads that only some states of a machine call for.
func (g *gathering) surroundings(ctx context.Context, claims []string) []func() error {
	f := &g.facts
	pod := len(f.Pods) > 0
	placed, pending := true, false
	for i := range f.Pods {
		placed = placed && f.Pods[i].Spec.NodeName != ""
		pending = pending || f.Pods[i].Status.Phase == corev1.PodPending
	}
	unbound := slices.ContainsFunc(f.Claims, func(c corev1.PersistentVolumeClaim) bool { return c.Status.Phase != corev1.ClaimBound })
	leaving := slices.ContainsFunc(f.Claims, func(c corev1.PersistentVolumeClaim) bool { return !c.DeletionTimestamp.IsZero() })
	reads := []func() error{func() error { return g.events(ctx, claims) }}
	if pod {
		reads = append(reads, func() error { return g.nodes(ctx, placed) })
	}
	if len(claims) > 0 && (pending || leaving) {
		reads = append(reads, func() error { return g.users(ctx, claims) })
	}
	if unbound {
		reads = append(reads, func() error { return g.storageClasses(ctx) })
	}
	if !pod && (f.VMI != nil || f.VM.Condition(v1.ConditionFailure) != nil) {
		reads = append(reads, func() error { return g.limits(ctx) })
	}
	return reads
}

// claimsOf names the claims of a machine's volumes and templates, and those of them
// that data volumes fill.
func claimsOf(vm *v1.VirtualMachine, vmi *v1.VirtualMachineInstance) (claims, dataVolumes []string) {
	var volumes []v1.Volume
	switch {
	case vmi != nil:
		volumes = vmi.Spec.Volumes
	case vm.Spec.Template != nil:
		volumes = vm.Spec.Template.Spec.Volumes
	}
	for i := range vm.Spec.DataVolumeTemplates {
		dataVolumes = append(dataVolumes, vm.Spec.DataVolumeTemplates[i].Metadata.Name)
	}
	for i := range volumes {
		if volumes[i].DataVolume != nil {
			dataVolumes = append(dataVolumes, volumes[i].DataVolume.Name)
		}
		if name := volumes[i].ClaimName(); name != "" {
			claims = append(claims, name)
		}
	}
	claims = append(claims, dataVolumes...)
	slices.Sort(claims)
	slices.Sort(dataVolumes)
	return slices.Compact(claims), slices.Compact(dataVolumes)
}

// together reads at the same time.
func together(reads ...func() error) error {
	errs := make([]error, len(reads))
	var group sync.WaitGroup
	for i, read := range reads {
		group.Go(func() { errs[i] = read() })
	}
	group.Wait()
	return errors.Join(errs...)
}

// list reads objects of the machine's namespace.
func (g *gathering) list(ctx context.Context, into client.ObjectList, what string, options ...client.ListOption) error {
	if err := g.client.List(ctx, into, append(options, client.InNamespace(g.facts.VM.Namespace))...); err != nil {
		return fmt.Errorf("listing %s: %w", what, err)
	}
	return nil
}

// find reads an object of the machine's namespace, which may be missing, or its kind.
func (g *gathering) find(ctx context.Context, name string, into client.Object, what string) (bool, error) {
	err := g.client.Get(ctx, types.NamespacedName{Namespace: g.facts.VM.Namespace, Name: name}, into)
	if client.IgnoreNotFound(err) == nil || meta.IsNoMatchError(err) {
		return err == nil, nil
	}
	return false, fmt.Errorf("reading %s %s: %w", what, name, err)
}

func (g *gathering) pods(ctx context.Context) error {
	if g.facts.VMI == nil {
		return nil
	}
	var pods corev1.PodList
	if err := g.list(ctx, &pods, "the launcher pods", client.MatchingLabels{v1.LabelCreatedBy: string(g.facts.VMI.UID)}); err != nil {
		return err
	}
	for i := range pods.Items {
		if metav1.IsControlledBy(&pods.Items[i], g.facts.VMI) {
			g.facts.Pods = append(g.facts.Pods, pods.Items[i])
		}
	}
	return nil
}

func (g *gathering) claims(ctx context.Context, names []string) error {
	for _, name := range names {
		claim := corev1.PersistentVolumeClaim{}
		found, err := g.find(ctx, name, &claim, "claim")
		if err != nil {
			return err
		}
		if found {
			g.facts.Claims = append(g.facts.Claims, claim)
		}
	}
	return nil
}

func (g *gathering) dataVolumes(ctx context.Context, names []string) error {
	for _, name := range names {
		volume := cdiv1beta1.DataVolume{}
		found, err := g.find(ctx, name, &volume, "data volume")
		if err != nil {
			return err
		}
		if found {
			g.facts.DataVolumes = append(g.facts.DataVolumes, volume)
		}
	}
	return nil
}

// events reads those about the machine and its instance, which has its name, about
// its pods and claims, and about the pod of the last start that failed.
func (g *gathering) events(ctx context.Context, claims []string) error {
	names := append([]string{g.facts.VM.Name}, claims...)
	for i := range g.facts.Pods {
		names = append(names, g.facts.Pods[i].Name)
	}
	if failure := g.facts.VM.Status.StartFailure; failure != nil {
		last := &v1.VirtualMachineInstance{ObjectMeta: metav1.ObjectMeta{Name: g.facts.VM.Name, UID: failure.LastFailedVMIUID}}
		names = append(names, launcherpod.PodName(last))
	}
	return pages(ctx, g, "events", func(page *corev1.EventList) {
		for i := range page.Items {
			if slices.Contains(names, page.Items[i].InvolvedObject.Name) {
				g.facts.Events = append(g.facts.Events, page.Items[i])
			}
		}
	}, client.InNamespace(g.facts.VM.Namespace))
}

// nodes reads the nodes of the launcher pods, or all while one has none.
func (g *gathering) nodes(ctx context.Context, placed bool) error {
	if !placed {
		g.facts.Nodes = []corev1.Node{} // none is not the same as not looked at
		return pages(ctx, g, "nodes", func(page *corev1.NodeList) {
			for i := range page.Items {
				page.Items[i].ManagedFields, page.Items[i].Status.Images = nil, nil // most of a node
				g.facts.Nodes = append(g.facts.Nodes, page.Items[i])
			}
		})
	}
	for i := range g.facts.Pods {
		name := g.facts.Pods[i].Spec.NodeName
		node := corev1.Node{}
		err := g.client.Get(ctx, types.NamespacedName{Name: name}, &node)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading node %s: %w", name, err)
		}
		if err == nil {
			g.facts.Nodes = append(g.facts.Nodes, node)
		}
	}
	return nil
}

// users reads the other pods of the namespace that use the machine's claims.
func (g *gathering) users(ctx context.Context, claims []string) error {
	uses := func(volume corev1.Volume) bool {
		return volume.PersistentVolumeClaim != nil && slices.Contains(claims, volume.PersistentVolumeClaim.ClaimName)
	}
	return pages(ctx, g, "pods that may use claims", func(page *corev1.PodList) {
		for i := range page.Items {
			pod := &page.Items[i]
			if slices.ContainsFunc(pod.Spec.Volumes, uses) && (g.facts.VMI == nil || !metav1.IsControlledBy(pod, g.facts.VMI)) {
				g.facts.Users = append(g.facts.Users, *pod)
			}
		}
	}, client.InNamespace(g.facts.VM.Namespace))
}

func (g *gathering) storageClasses(ctx context.Context) error {
	var classes storagev1.StorageClassList
	if err := g.client.List(ctx, &classes); err != nil {
		return fmt.Errorf("listing the storage classes: %w", err)
	}
	g.facts.StorageClasses = append([]storagev1.StorageClass{}, classes.Items...)
	return nil
}

// limits reads what the namespace allows.
func (g *gathering) limits(ctx context.Context) error {
	var quotas corev1.ResourceQuotaList
	var ranges corev1.LimitRangeList
	err := together(
		func() error { return g.list(ctx, &quotas, "the resource quotas") },
		func() error { return g.list(ctx, &ranges, "the limit ranges") },
	)
	g.facts.Quotas, g.facts.LimitRanges = quotas.Items, ranges.Items
	return err
}
