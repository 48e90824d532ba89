package component

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	jsonpatch "github.com/evanphx/json-patch/v5"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	strictjson "sigs.k8s.io/json"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// customizable are the kinds that spec.customizeComponents.patches reaches. Of a
// Secret, which here is a component's certificate, only labels and annotations.
var customizable = []string{
	"Deployment", "DaemonSet", "Service", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "APIService", "Secret",
}

var customizePath = field.NewPath("spec", "customizeComponents")

// CheckCustomizations says what of a KubeVirt object's spec.customizeComponents
// cannot be done. More than an installation minds: a patch of nothing is most
// likely misspelt, but may as well be of an object that a later version lacks.
func CheckCustomizations(env Environment, kv *v1.KubeVirt) field.ErrorList {
	c, err := NewConfig(env, kv, 0, nil)
	if err != nil {
		return nil // Said where the installation is rendered, whatever its customizations.
	}
	objects := render(c, nil).all()
	errs := customize(c, objects)
	for i, patch := range c.Customizations.Patches {
		if !slices.ContainsFunc(objects, func(o Object) bool { return concerns(patch, o) }) {
			errs = append(errs, field.Invalid(customizePath.Child("patches").Index(i), patch.ResourceType+" "+patch.ResourceName,
				"nothing of the installation has this resourceType and resourceName; there are "+strings.Join(targets(objects), ", ")))
		}
	}
	return errs
}

// targets names the objects that patches reach.
func targets(objects []Object) []string {
	var names []string
	for _, object := range objects {
		if concerns(v1.CustomizeComponentsPatch{ResourceType: "*", ResourceName: "*"}, object) {
			names = append(names, describe(object))
		}
	}
	return names
}

func describe(object Object) string {
	return object.GetObjectKind().GroupVersionKind().Kind + " " + object.GetName()
}

// customize applies the administrator's patches to objects, in their order, and
// then the flags.
func customize(c *Config, objects []Object) field.ErrorList {
	var errs field.ErrorList
	for i, patch := range c.Customizations.Patches {
		for _, object := range objects {
			if !concerns(patch, object) {
				continue
			}
			if err := change(object, patch); err != nil {
				errs = append(errs, field.Invalid(customizePath.Child("patches").Index(i).Child("patch"), field.OmitValueType{},
					fmt.Sprintf("%s: %v", describe(object), err)))
				break
			}
		}
	}
	if flags := c.Customizations.Flags; flags != nil {
		path := customizePath.Child("flags")
		for _, part := range []struct {
			name, container, actor string
			given                  map[string]string
		}{
			{"api", API, "api", flags.API}, {"controller", Controller, "controller", flags.Controller}, {"handler", Handler, "handler", flags.Handler},
		} {
			if c.Edge && part.container != Handler {
				part.container, part.actor = API, "control-plane"
			}
			args, wrong := c.flagArgs(path.Child(part.name), part.actor, part.given)
			addArgs(objects, part.container, args)
			errs = append(errs, wrong...)
		}
	}
	fitBudgets(objects)
	return errs
}

// concerns tells whether a patch is meant for an object.
func concerns(patch v1.CustomizeComponentsPatch, object Object) bool {
	kind := object.GetObjectKind().GroupVersionKind().Kind
	return slices.Contains(customizable, kind) &&
		(patch.ResourceType == "*" || strings.EqualFold(patch.ResourceType, kind)) &&
		(patch.ResourceName == "*" || patch.ResourceName == object.GetName())
}

// change applies one patch to one object, or leaves it as it was.
func change(object Object, patch v1.CustomizeComponentsPatch) error {
	before, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encoding it: %w", err)
	}
	after, err := patched(before, patch, object)
	if err != nil {
		return err
	}
	// What the API server would drop as unknown would be an effect that is missed in silence.
	fresh := reflect.New(reflect.TypeOf(object).Elem())
	unknown, err := strictjson.UnmarshalStrict(after, fresh.Interface())
	if err := errors.Join(append(unknown, err)...); err != nil {
		return fmt.Errorf("what the patch makes of it is none: %w", err)
	}
	if err := sameObject(before, after); err != nil {
		return err
	}
	reflect.ValueOf(object).Elem().Set(fresh.Elem())
	return nil
}

// patched applies a patch to an object's JSON. The libraries are not made for every
// malformed patch: a test without a value, for one, has them panic.
func patched(before []byte, patch v1.CustomizeComponentsPatch, object Object) (after []byte, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("the patch is malformed: %v", cause)
		}
	}()
	text := []byte(patch.Patch)
	if !json.Valid(text) {
		return nil, errors.New("the patch is not valid JSON")
	}
	switch patch.Type {
	case v1.PatchTypeJSON:
		operations, err := jsonpatch.DecodePatch(text)
		if err != nil {
			return nil, fmt.Errorf("a patch of type json is a list of operations: %w", err)
		}
		after, err = operations.Apply(before)
		return after, err
	case v1.PatchTypeMerge:
		after, err = jsonpatch.MergePatch(before, text)
	case v1.PatchTypeStrategic:
		after, err = strategicpatch.StrategicMergePatch(before, text, object)
	default:
		err = fmt.Errorf("type %q is none of %s, %s and %s", patch.Type, v1.PatchTypeJSON, v1.PatchTypeMerge, v1.PatchTypeStrategic)
	}
	return after, err
}

// sameObject refuses what would make another object of an object: it would no
// longer be found, by the operator or by what it belongs to.
func sameObject(before, after []byte) error {
	var was, is map[string]any
	if err := errors.Join(json.Unmarshal(before, &was), json.Unmarshal(after, &is)); err != nil {
		return fmt.Errorf("decoding it: %w", err)
	}
	if err := same(was, is, "", func(key string) bool { return key != "metadata" && key != "spec" && key != "webhooks" }); err != nil {
		return err
	}
	metadata := func(tree map[string]any) map[string]any { return sub(tree, "metadata") }
	if err := same(metadata(was), metadata(is), "metadata", func(key string) bool { return key != "labels" && key != "annotations" }); err != nil {
		return err
	}
	for _, part := range []string{"labels", "annotations"} {
		if err := same(sub(metadata(was), part), sub(metadata(is), part), "metadata."+part, ours); err != nil {
			return err
		}
	}
	spec := func(tree map[string]any) map[string]any { return sub(tree, "spec") }
	if err := same(spec(was), spec(is), "spec", func(key string) bool { return key == "selector" }); err != nil {
		return err
	}
	labels := func(tree map[string]any) map[string]any { return sub(spec(tree), "template", "metadata", "labels") }
	if err := same(labels(was), labels(is), "spec.template.metadata.labels", func(key string) bool { return key == v1.LabelComponent }); err != nil {
		return err
	}
	if replicas, isNumber := spec(is)["replicas"].(float64); isNumber && replicas < 1 {
		return errors.New("spec.replicas must be at least 1")
	}
	return nil
}

// same compares the fixed keys of a part of an object.
func same(was, is map[string]any, path string, fixed func(string) bool) error {
	all := maps.Clone(was)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, is)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		if fixed(key) && !reflect.DeepEqual(was[key], is[key]) {
			return fmt.Errorf("%s must stay as it is", strings.TrimPrefix(path+"."+key, "."))
		}
	}
	return nil
}

// sub is the map at a path, nil if there is none.
func sub(tree map[string]any, path ...string) map[string]any {
	for _, key := range path {
		tree, _ = tree[key].(map[string]any)
	}
	return tree
}

// ours tells the labels and annotations by which the operator knows its objects.
func ours(key string) bool {
	fixed := []string{v1.LabelComponent, v1.LabelManagedBy, v1.LabelAppComponent, v1.LabelAppVersion, v1.LabelAppPartOf, v1.AnnotationCertificateSecret}
	return slices.Contains(fixed, key) || strings.HasPrefix(key, v1.GroupName+"/")
}

// perPod are flags whose values differ between pods, or come with the installation's place.
var perPod = []string{"namespace", "node-name", "pod-ip"}

// flagArgs writes flags as arguments of an actor: a switch, true or false in one
// word, any other value in a second.
func (c *Config) flagArgs(path *field.Path, actor string, flags map[string]string) (args []string, errs field.ErrorList) {
	keys := slices.SortedFunc(maps.Keys(flags), func(a, b string) int {
		return cmp.Or(strings.Compare(strings.ToLower(a), strings.ToLower(b)), strings.Compare(a, b))
	})
	for _, key := range keys {
		flag := []string{"--" + strings.ToLower(key)}
		switch value := flags[key]; value {
		case "":
		case "true", "false":
			flag[0] += "=" + value
		default:
			flag = append(flag, value)
		}
		args = append(args, flag...)
		if slices.Contains(perPod, strings.ToLower(key)) {
			errs = append(errs, field.Forbidden(path.Key(key), "it is the operator's to set"))
		} else if c.accepts != nil {
			if err := c.accepts(actor, flag); err != nil {
				errs = append(errs, field.Invalid(path.Key(key), flags[key], err.Error()))
			}
		}
	}
	return args, errs
}

// addArgs appends arguments to a container's own; of a flag the last one counts.
func addArgs(objects []Object, container string, args []string) {
	for _, object := range objects {
		containers := containersOf(object)
		for i := range containers {
			if containers[i].Name == container {
				containers[i].Args = append(containers[i].Args, args...)
			}
		}
	}
}

func containersOf(object Object) []corev1.Container {
	switch workload := object.(type) {
	case *appsv1.Deployment:
		return workload.Spec.Template.Spec.Containers
	case *appsv1.DaemonSet:
		return workload.Spec.Template.Spec.Containers
	}
	return nil
}

// fitBudgets has every disruption budget follow the replicas that its Deployment has
// been given. Without any, somebody else counts them: then one is to stay.
func fitBudgets(objects []Object) {
	for _, object := range objects {
		deployment, ok := object.(*appsv1.Deployment)
		if !ok {
			continue
		}
		for _, other := range objects {
			if budget, ok := other.(*policyv1.PodDisruptionBudget); ok && budget.Name == deployment.Name+"-pdb" {
				budget.Spec.MinAvailable = ptr.To(intstr.FromInt32(ptr.Deref(deployment.Spec.Replicas, 2) - 1))
			}
		}
	}
}

// certificateStubs are the Secrets of the components' certificates without their
// keys: what may be patched of them.
func certificateStubs(c *Config) []Object {
	var list []Object
	for _, certificate := range Certificates(c.Namespace) {
		list = append(list, &corev1.Secret{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
			ObjectMeta: metav1.ObjectMeta{Name: certificate.Secret, Namespace: c.Namespace},
		})
	}
	return list
}
