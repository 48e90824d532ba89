package pool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	poolv1beta1 "kubevirt.io/kubevirt/api/pool/v1beta1"
	revisions "kubevirt.io/kubevirt/internal/revision"
)

const (
	// maxLabelValue is how long a revision's name may be: it becomes the value of a label.
	maxLabelValue = 63
	// hashDigits tell a pool's revisions apart.
	hashDigits = 10
)

// content is what machines are made from, and what a revision stores.
type content struct {
	Template       *poolv1beta1.VirtualMachineTemplateSpec       `json:"virtualMachineTemplate"`
	NameGeneration *poolv1beta1.VirtualMachinePoolNameGeneration `json:"nameGeneration,omitempty"`
}

// revision is a stored content.
type revision struct {
	*appsv1.ControllerRevision
	read *content
}

func (r *revision) content() (*content, error) {
	if r.read != nil {
		return r.read, nil
	}
	c := &content{}
	if err := json.Unmarshal(r.Data.Raw, c); err != nil {
		return nil, fmt.Errorf("reading ControllerRevision %s: %w", r.Name, err)
	}
	if c.Template == nil {
		return nil, fmt.Errorf("reading ControllerRevision %s: it holds no template", r.Name)
	}
	r.read = c
	return c, nil
}

func contentOf(spec *poolv1beta1.VirtualMachinePoolSpec) *content {
	return &content{spec.VirtualMachineTemplate, spec.NameGeneration}
}

// revisionName tells the pools of a namespace and a pool's contents apart. A pool
// made anew over the machines of an earlier one finds them up to date.
func revisionName(pool string, data []byte) string {
	sum := sha256.Sum256(append([]byte(pool+"\x00"), data...))
	return pool[:min(len(pool), maxLabelValue-1-hashDigits)] + "-" + hex.EncodeToString(sum[:])[:hashDigits]
}

// find returns the newest stored revision of a content, nil without one. Both are
// written as this version writes them: one that knows more fields than the version
// that stored them sees no change in that.
func find(stored []*revision, data []byte) *revision {
	var found *revision
	for _, candidate := range stored {
		c, err := candidate.content()
		if err != nil {
			continue
		}
		have, err := json.Marshal(c)
		if err == nil && bytes.Equal(have, data) && (found == nil || candidate.Revision > found.Revision) {
			found = candidate
		}
	}
	return found
}

// named returns the stored revision of a name, nil without one.
func (s *scope) named(name string) *revision {
	for _, candidate := range s.stored {
		if candidate.Name == name {
			return candidate
		}
	}
	return nil
}

// revise finds the revision of the template as it is, or stores it.
func (r *Reconciler) revise(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.pool.Spec.Paused {
		return ctrl.Result{}, nil
	}
	data, err := json.Marshal(contentOf(&s.pool.Spec))
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("encoding the template: %w", err)
	}
	if s.current = find(s.stored, data); s.current != nil {
		return ctrl.Result{}, nil
	}
	made, err := r.store(ctx, s, data)
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		// With the namespace the pool is about to go: there is nothing to report and nothing to try again.
		return ctrl.Result{}, nil
	}
	if err != nil {
		r.fail(s, v1.ReasonFailedUpdate, err)
		return ctrl.Result{}, err
	}
	s.current = &revision{ControllerRevision: made}
	s.stored = append(s.stored, s.current)
	return ctrl.Result{}, nil
}

func (r *Reconciler) store(ctx context.Context, s *scope, data []byte) (*appsv1.ControllerRevision, error) {
	name, newest := revisionName(s.pool.Name, data), int64(0)
	stored, err := revisions.Encode(contentOf(&s.pool.Spec))
	if err != nil {
		return nil, err
	}
	for _, old := range s.stored {
		newest = max(newest, old.Revision)
	}
	object := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.pool.Namespace, Name: name,
			// By it the cache tells the revisions of pools from all others.
			Labels:          map[string]string{v1.LabelPoolRevisionName: name},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(s.pool, poolv1beta1.VirtualMachinePoolGroupVersionKind)},
		},
		Data:     stored,
		Revision: newest + 1,
	}
	err = r.Create(ctx, object.DeepCopy())
	if err == nil {
		return object, nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("creating ControllerRevision %s: %w", name, err)
	}
	live := &appsv1.ControllerRevision{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(object), live); err != nil {
		return nil, fmt.Errorf("reading ControllerRevision %s: %w", name, err)
	}
	switch {
	case metav1.IsControlledBy(live, s.pool):
		return live, nil
	case metav1.GetControllerOf(live) != nil:
		return nil, fmt.Errorf("creating ControllerRevision %s: one of that name is not the pool's", name)
	}
	// An earlier pool of this name has left it behind.
	if err := r.Delete(ctx, live, client.Preconditions{UID: &live.UID}); client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("replacing ControllerRevision %s: %w", name, err)
	}
	if err := r.Create(ctx, object.DeepCopy()); err != nil {
		return nil, fmt.Errorf("replacing ControllerRevision %s: %w", name, err)
	}
	return object, nil
}

// prune removes the revisions that no machine and no instance refers to.
func (r *Reconciler) prune(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.still() {
		return ctrl.Result{}, nil
	}
	var errs []error
	for _, old := range unused(s) {
		err := r.Delete(ctx, old.ControllerRevision, client.Preconditions{UID: &old.UID})
		if client.IgnoreNotFound(err) != nil {
			errs = append(errs, fmt.Errorf("deleting ControllerRevision %s: %w", old.Name, err))
		}
	}
	err := errors.Join(errs...)
	if err != nil {
		r.fail(s, v1.ReasonFailedRevisionPruning, err)
	}
	return ctrl.Result{}, err
}

func unused(s *scope) []*revision {
	used := map[string]bool{s.current.Name: true}
	for _, vm := range s.candidates {
		used[vm.Labels[v1.LabelPoolRevisionName]] = true
		if vmi := s.instances[vm.Name]; vmi != nil {
			used[vmi.Labels[v1.LabelPoolRevisionName]] = true
		}
	}
	for _, m := range s.machines {
		used[m.vm.Labels[v1.LabelPoolRevisionName]] = true
	}
	var old []*revision
	for _, candidate := range s.stored {
		if !used[candidate.Name] {
			old = append(old, candidate)
		}
	}
	return old
}
