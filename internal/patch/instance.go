package patch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Instance remembers a VirtualMachineInstance as it was read. Its status has
// several writers, so it is written by a JSON patch that tests exactly what it
// replaces: writers of different parts do not disturb each other.
type Instance struct {
	client client.Client
	live   client.Reader
	by     Owner
	before *v1.VirtualMachineInstance
}

// NewInstance remembers vmi as it is now, on behalf of one writer. live must read
// past any cache; it is asked only after a test has failed.
func NewInstance(c client.Client, live client.Reader, by Owner, vmi *v1.VirtualMachineInstance) *Instance {
	return &Instance{client: c, live: live, by: by, before: vmi.DeepCopy()}
}

// Finish writes how vmi differs from what was remembered in its status, labels,
// annotations, finalizers and owner references, in one request and only when
// there is a difference. Parts that belong to another writer, and the spec, are
// an error. When something replaced has changed meanwhile, the instance is read
// live into vmi, recompute puts this writer's view into it again, and it is
// written once more; the error of that second try is the caller's to requeue. An
// instance that is gone is no error. Afterwards vmi is what the server holds.
func (p *Instance) Finish(ctx context.Context, vmi *v1.VirtualMachineInstance, recompute func(live *v1.VirtualMachineInstance) error) error {
	err := p.send(ctx, vmi, byContent)
	if testFailed(err) && recompute != nil {
		if err = p.retry(ctx, vmi, recompute); err == nil {
			return nil
		}
	}
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("patching VirtualMachineInstance %s: %w", client.ObjectKeyFromObject(vmi), err)
	}
	return nil
}

// retry goes by the resourceVersion: it holds whatever spelling of the old values
// the server has stored.
func (p *Instance) retry(ctx context.Context, vmi *v1.VirtualMachineInstance, recompute func(*v1.VirtualMachineInstance) error) error {
	live := &v1.VirtualMachineInstance{}
	if err := p.live.Get(ctx, client.ObjectKeyFromObject(vmi), live); err != nil {
		return fmt.Errorf("reading it again: %w", err)
	}
	if live.UID != p.before.UID {
		return nil
	}
	p.before = live.DeepCopy()
	live.DeepCopyInto(vmi)
	if err := recompute(vmi); err != nil {
		return fmt.Errorf("deciding again: %w", err)
	}
	return p.send(ctx, vmi, byVersion)
}

func (p *Instance) send(ctx context.Context, vmi *v1.VirtualMachineInstance, g guard) error {
	ops, err := operations(p.before, vmi, p.by, g)
	if err != nil || len(ops) == 0 {
		return err
	}
	change, err := JSON(ops)
	if err != nil {
		return err
	}
	answer := vmi.DeepCopy()
	if err := p.client.Patch(ctx, answer, change); err != nil {
		return err
	}
	answer.DeepCopyInto(vmi)
	p.before = answer
	return nil
}

// testFailed tells a failed test operation from a refusal: the API server answers
// both with 422, but names causes only for a refusal.
func testFailed(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || !apierrors.IsInvalid(err) {
		return false
	}
	details := status.Status().Details
	return details == nil || len(details.Causes) == 0
}

// guard is what the test operations of a patch look at.
type guard int

const (
	byContent guard = iota
	byVersion
)

// operations returns the JSON patch from one state of an instance to another;
// empty when they are equal. It fails where the writer oversteps.
func operations(before, after *v1.VirtualMachineInstance, by Owner, g guard) ([]Operation, error) {
	if !equality.Semantic.DeepEqual(before.Spec, after.Spec) {
		return nil, fmt.Errorf("the spec of a VirtualMachineInstance is not %s's to change", by)
	}
	oldStatus, err := fields(before.Status)
	if err != nil {
		return nil, err
	}
	newStatus, err := fields(after.Status)
	if err != nil {
		return nil, err
	}
	if err := checkStatus(before, after, oldStatus, newStatus, by); err != nil {
		return nil, err
	}
	var ops []Operation
	if equality.Semantic.DeepEqual(before.Status, v1.VirtualMachineInstanceStatus{}) && !equality.Semantic.DeepEqual(before.Status, after.Status) {
		// The server may hold no status at all, whose fields could not be added to.
		whole, err := json.Marshal(after.Status)
		if err != nil {
			return nil, fmt.Errorf("encoding the status: %w", err)
		}
		g, ops = byVersion, []Operation{{"add", "/status", json.RawMessage(whole)}}
	} else {
		ops = diffFields("/status", oldStatus, newStatus, g)
	}
	metadata, err := diffMetadata(before, after, by, g)
	if err != nil {
		return nil, err
	}
	ops = append(ops, metadata...)
	if g == byVersion && len(ops) > 0 {
		version := Operation{"test", "/metadata/resourceVersion", quoted(before.ResourceVersion)}
		ops = append([]Operation{version}, ops...)
	}
	return ops, nil
}

// Permitted returns an error if a change of an instance oversteps what is a writer's.
func Permitted(before, after *v1.VirtualMachineInstance, by Owner) error {
	_, err := operations(before, after, by, byContent)
	return err
}

// diffMetadata compares the labels and annotations key by key, the lists whole.
func diffMetadata(before, after *v1.VirtualMachineInstance, by Owner, g guard) ([]Operation, error) {
	for key := range merged(before.Labels, after.Labels) {
		if before.Labels[key] != after.Labels[key] {
			if err := mayWrite(labelOwner, "label", key, by); err != nil {
				return nil, err
			}
		}
	}
	var ops []Operation
	for _, m := range []struct {
		path     string
		old, new map[string]string
	}{
		{"/metadata/labels", before.Labels, after.Labels},
		{"/metadata/annotations", before.Annotations, after.Annotations},
	} {
		oldFields, err := fields(m.old)
		if err != nil {
			return nil, err
		}
		newFields, err := fields(m.new)
		if err != nil {
			return nil, err
		}
		if len(oldFields) == 0 && len(newFields) > 0 {
			whole, err := json.Marshal(m.new)
			if err != nil {
				return nil, fmt.Errorf("encoding %s: %w", m.path, err)
			}
			ops = append(ops, replace(m.path, nil, whole, g)...)
			continue
		}
		ops = append(ops, diffFields(m.path, oldFields, newFields, g)...)
	}
	lists := func(vmi *v1.VirtualMachineInstance) any {
		return struct {
			Finalizers      []string `json:"finalizers,omitempty"`
			OwnerReferences any      `json:"ownerReferences,omitempty"`
		}{vmi.Finalizers, vmi.OwnerReferences}
	}
	oldLists, err := fields(lists(before))
	if err != nil {
		return nil, err
	}
	newLists, err := fields(lists(after))
	if err != nil {
		return nil, err
	}
	changed := diffFields("/metadata", oldLists, newLists, g)
	if len(changed) > 0 && by&Controller == 0 {
		return nil, fmt.Errorf("finalizers and owner references of a VirtualMachineInstance belong to %s, not to %s", Controller, by)
	}
	return append(ops, changed...), nil
}

// checkStatus compares what changed with the tables of owners.
func checkStatus(before, after *v1.VirtualMachineInstance, oldStatus, newStatus map[string]json.RawMessage, by Owner) error {
	for _, name := range slices.Sorted(maps.Keys(merged(oldStatus, newStatus))) {
		if bytes.Equal(oldStatus[name], newStatus[name]) {
			continue
		}
		if err := mayWrite(statusOwner, "status field", name, by); err != nil {
			return err
		}
	}
	if before.Status.Phase != after.Status.Phase {
		if err := mayWrite(phaseOwner, "phase", after.Status.Phase, by); err != nil {
			return err
		}
	}
	for _, t := range changedConditions(before.Status.Conditions, after.Status.Conditions) {
		if err := mayWrite(conditionOwner, "condition", t, by); err != nil {
			return err
		}
	}
	return checkVolumes(before.Status.VolumeStatus, after.Status.VolumeStatus, by)
}

// checkVolumes compares the volumes' entries by their names. An entry goes as a whole,
// when virt-controller finds its volume gone.
func checkVolumes(before, after []v1.VolumeStatus, by Owner) error {
	for i := range before {
		if v1.FindVolumeStatus(after, before[i].Name) == nil && by&Controller == 0 {
			return fmt.Errorf("the status of volume %q is %s's to remove, not %s's", before[i].Name, Controller, by)
		}
	}
	for i := range after {
		old := v1.FindVolumeStatus(before, after[i].Name)
		if old == nil {
			old = &v1.VolumeStatus{}
		}
		if old.Phase != after[i].Phase {
			if err := mayWrite(volumePhaseOwner, "volume phase", after[i].Phase, by); err != nil {
				return err
			}
		}
		oldFields, err := fields(old)
		if err != nil {
			return err
		}
		newFields, err := fields(&after[i])
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(merged(oldFields, newFields))) {
			if bytes.Equal(oldFields[name], newFields[name]) {
				continue
			}
			if err := mayWrite(volumeOwner, "volume status field", name, by); err != nil {
				return err
			}
		}
	}
	return nil
}

func changedConditions(before, after []v1.Condition) []v1.ConditionType {
	var changed []v1.ConditionType
	for _, c := range after {
		if old := v1.FindCondition(before, c.Type); old == nil || !equality.Semantic.DeepEqual(*old, c) {
			changed = append(changed, c.Type)
		}
	}
	for _, c := range before {
		if v1.FindCondition(after, c.Type) == nil {
			changed = append(changed, c.Type)
		}
	}
	return changed
}

// diffFields compares two objects field by field, in the fields' order.
func diffFields(path string, before, after map[string]json.RawMessage, g guard) []Operation {
	var ops []Operation
	for _, name := range slices.Sorted(maps.Keys(merged(before, after))) {
		if !bytes.Equal(before[name], after[name]) {
			ops = append(ops, replace(path+"/"+escape(name), before[name], after[name], g)...)
		}
	}
	return ops
}

// replace returns the operations that turn old into new at a path; nil stands for
// absent.
func replace(path string, old, new json.RawMessage, g guard) []Operation {
	var ops []Operation
	if g == byContent {
		test := Operation{"test", path, old}
		if old == nil {
			test.Value = Null
		}
		ops = append(ops, test)
	}
	if new == nil {
		return append(ops, Operation{Op: "remove", Path: path})
	}
	// add replaces what is there, and needs no distinction.
	return append(ops, Operation{"add", path, new})
}

func fields(v any) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding a part of the instance: %w", err)
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("reading a part of the instance: %w", err)
	}
	return m, nil
}

func merged[V any](a, b map[string]V) map[string]V {
	m := maps.Clone(a)
	if m == nil {
		return b
	}
	maps.Copy(m, b)
	return m
}

func quoted(s string) json.RawMessage {
	data, _ := json.Marshal(s) // a string always encodes
	return data
}

func escape(key string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(key) }
