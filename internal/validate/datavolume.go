package validate

import (
	"slices"

	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// dataVolumeTemplates checks what a machine's data volumes are made from.
func dataVolumeTemplates(path *field.Path, vm *v1.VirtualMachine) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i := range vm.Spec.DataVolumeTemplates {
		template, at := &vm.Spec.DataVolumeTemplates[i], path.Index(i)
		name := at.Child("metadata", "name")
		switch {
		case template.Metadata.Name == "":
			errs = append(errs, field.Required(name, "a data volume is found by its name"))
		case seen[template.Metadata.Name]:
			errs = append(errs, field.Duplicate(name, template.Metadata.Name))
		case !usesDataVolume(vm, template.Metadata.Name):
			errs = append(errs, field.Invalid(name, template.Metadata.Name, "no volume of spec.template.spec.volumes uses it (dataVolume.name)"))
		default:
			for _, message := range apivalidation.NameIsDNSSubdomain(template.Metadata.Name, false) {
				errs = append(errs, field.Invalid(name, template.Metadata.Name, message))
			}
		}
		seen[template.Metadata.Name] = true
		if namespace := template.Metadata.Namespace; namespace != "" && namespace != vm.Namespace {
			errs = append(errs, field.Invalid(at.Child("metadata", "namespace"), namespace, "must be the machine's, "+vm.Namespace))
		}
		if template.Kind != "" && template.Kind != cdiv1beta1.DataVolumeGroupVersionKind.Kind {
			errs = append(errs, field.NotSupported(at.Child("kind"), template.Kind, []string{cdiv1beta1.DataVolumeGroupVersionKind.Kind}))
		}
		if version := cdiv1beta1.DataVolumeGroupVersionKind.GroupVersion().String(); template.APIVersion != "" && template.APIVersion != version {
			errs = append(errs, field.NotSupported(at.Child("apiVersion"), template.APIVersion, []string{version}))
		}
		errs = append(errs, dataVolumeSpec(at.Child("spec"), &template.Spec)...)
	}
	return errs
}

func usesDataVolume(vm *v1.VirtualMachine, name string) bool {
	return vm.Spec.Template != nil && slices.ContainsFunc(vm.Spec.Template.Spec.Volumes, func(v v1.Volume) bool {
		return v.DataVolume != nil && v.DataVolume.Name == name || v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == name
	})
}

func dataVolumeSpec(path *field.Path, spec *cdiv1beta1.DataVolumeSpec) field.ErrorList {
	var errs field.ErrorList
	if (spec.PVC == nil) == (spec.Storage == nil) {
		errs = append(errs, field.Required(path.Child("storage"), "exactly one of storage and pvc says how the claim is made"))
	}
	fromClaim := spec.PVC != nil && (spec.PVC.DataSource != nil || spec.PVC.DataSourceRef != nil) ||
		spec.Storage != nil && (spec.Storage.DataSource != nil || spec.Storage.DataSourceRef != nil)
	source := path.Child("source")
	switch {
	case fromClaim && (spec.Source != nil || spec.SourceRef != nil):
		errs = append(errs, field.Forbidden(source, "the claim's dataSource or dataSourceRef fills it already"))
	case fromClaim:
	case spec.Source != nil && spec.SourceRef != nil:
		errs = append(errs, field.Forbidden(path.Child("sourceRef"), "source and sourceRef exclude each other"))
	case spec.Source == nil && spec.SourceRef == nil:
		errs = append(errs, field.Required(source, "say what fills the claim: source, sourceRef, or the claim's dataSourceRef; source.blank leaves it empty"))
	case spec.Source != nil && kindsOf(spec.Source) != 1:
		errs = append(errs, field.Invalid(source, kindsOf(spec.Source), "must have exactly one kind of source"))
	case spec.SourceRef != nil && spec.SourceRef.Kind != "DataSource":
		errs = append(errs, field.NotSupported(path.Child("sourceRef", "kind"), spec.SourceRef.Kind, []string{"DataSource"}))
	}
	return errs
}

// kindsOf counts the kinds of source that are set.
func kindsOf(s *cdiv1beta1.DataVolumeSource) int {
	n := 0
	for _, set := range []bool{
		s.HTTP != nil, s.S3 != nil, s.GCS != nil, s.Registry != nil, s.PVC != nil, s.Upload != nil, s.Blank != nil,
		s.ImageIO != nil, s.VDDK != nil, s.Snapshot != nil,
	} {
		if set {
			n++
		}
	}
	return n
}
