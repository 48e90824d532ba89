package validate

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	// computeContainer is the one whose resources a guest can be told.
	computeContainer = "compute"
	// maxFileName is the longest that a guest reads on a disk.
	maxFileName = 253
)

// configVolumes checks the volumes whose files the kubelet brings.
func configVolumes(spec *field.Path, vmi *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	account := ""
	for i := range vmi.Volumes {
		at, volume := spec.Child("volumes").Index(i), &vmi.Volumes[i]
		switch {
		case volume.ConfigMap != nil:
			errs = append(errs, objectName(at.Child("configMap", "name"), volume.ConfigMap.Name, "the ConfigMap with the files")...)
		case volume.Secret != nil:
			errs = append(errs, objectName(at.Child("secret", "secretName"), volume.Secret.SecretName, "the Secret with the files")...)
		case volume.Sysprep != nil:
			errs = append(errs, sysprep(at.Child("sysprep"), volume.Sysprep)...)
		case volume.DownwardAPI != nil:
			errs = append(errs, downwardAPI(at.Child("downwardAPI", "fields"), volume.DownwardAPI.Fields)...)
		case volume.ServiceAccount != nil:
			name := volume.ServiceAccount.ServiceAccountName
			if account != "" {
				errs = append(errs, field.Forbidden(at.Child("serviceAccount"), "at most one volume can be of a service account"))
			}
			account = name
			at = at.Child("serviceAccount", "serviceAccountName")
			errs = append(errs, objectName(at, name, "the service account whose credentials the guest gets")...)
			if vmi.ServiceAccountName != "" && vmi.ServiceAccountName != name {
				errs = append(errs, field.Invalid(at, name, fmt.Sprintf("spec.serviceAccountName is %s: a pod has one service account",
					vmi.ServiceAccountName)))
			}
		}
	}
	return errs
}

// objectName wants the name of a Secret, a ConfigMap or a service account.
func objectName(at *field.Path, name, what string) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(at, what)}
	}
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Subdomain(name) {
		errs = append(errs, field.Invalid(at, name, msg))
	}
	return errs
}

func sysprep(at *field.Path, source *v1.SysprepSource) field.ErrorList {
	errs := exactlyOne(at, map[string]bool{"secret": source.Secret != nil, "configMap": source.ConfigMap != nil})
	const answers = "with the key autounattend.xml or unattend.xml"
	if source.Secret != nil {
		errs = append(errs, objectName(at.Child("secret", "name"), source.Secret.Name, "the Secret "+answers)...)
	}
	if source.ConfigMap != nil {
		errs = append(errs, objectName(at.Child("configMap", "name"), source.ConfigMap.Name, "the ConfigMap "+answers)...)
	}
	return errs
}

var (
	// podFacts are what a pod's volume can tell of the pod.
	podFacts = regexp.MustCompile(`^metadata\.(name|namespace|uid|labels|annotations|(labels|annotations)\['[^']+'\])$`)
	// containerFacts are what it can tell of a container.
	containerFacts = regexp.MustCompile(`^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[0-9A-Za-z]+)$`)
)

// downwardAPI applies the rules of pods, which the kubelet, or the pod's creation,
// would else find out about.
func downwardAPI(at *field.Path, facts []corev1.DownwardAPIVolumeFile) field.ErrorList {
	var errs field.ErrorList
	for i := range facts {
		at, fact := at.Index(i), &facts[i]
		errs = append(errs, filePath(at.Child("path"), fact.Path, facts[:i])...)
		errs = append(errs, exactlyOne(at, map[string]bool{
			"fieldRef": fact.FieldRef != nil, "resourceFieldRef": fact.ResourceFieldRef != nil,
		})...)
		if ref := fact.FieldRef; ref != nil && !podFacts.MatchString(ref.FieldPath) {
			errs = append(errs, field.Invalid(at.Child("fieldRef", "fieldPath"), ref.FieldPath,
				"must be metadata.name, .namespace, .uid, .labels, .annotations, .labels['KEY'] or .annotations['KEY']"))
		}
		if ref := fact.ResourceFieldRef; ref != nil {
			at := at.Child("resourceFieldRef")
			if ref.ContainerName != computeContainer {
				errs = append(errs, field.NotSupported(at.Child("containerName"), ref.ContainerName, []string{computeContainer}))
			}
			if !containerFacts.MatchString(ref.Resource) {
				errs = append(errs, field.Invalid(at.Child("resource"), ref.Resource,
					"must be limits or requests, and cpu, memory, ephemeral-storage or hugepages-SIZE, as limits.memory"))
			}
		}
		if fact.Mode != nil && (*fact.Mode < 0 || *fact.Mode > 0o777) {
			errs = append(errs, field.Invalid(at.Child("mode"), *fact.Mode, "must be from 0 to 0777"))
		}
	}
	return errs
}

// filePath wants a path that stays below the volume, beside the earlier ones.
func filePath(at *field.Path, name string, earlier []corev1.DownwardAPIVolumeFile) field.ErrorList {
	steps := strings.Split(name, "/")
	switch {
	case name == "":
		return field.ErrorList{field.Required(at, "the file that takes the fact")}
	case path.IsAbs(name), path.Clean(name) != name, name == ".", strings.HasPrefix(name, ".."), slices.Contains(steps, ".."),
		strings.ContainsRune(name, 0):
		return field.ErrorList{field.Invalid(at, name, "must be a relative path without .. , as labels or pod/labels")}
	case slices.ContainsFunc(steps, func(step string) bool { return len(step) > maxFileName }):
		return field.ErrorList{field.Invalid(at, name, fmt.Sprintf("no name in it may have more than %d bytes", maxFileName))}
	}
	for _, other := range earlier {
		if other.Path == name {
			return field.ErrorList{field.Duplicate(at, name)}
		}
		if strings.HasPrefix(name, other.Path+"/") || strings.HasPrefix(other.Path, name+"/") {
			return field.ErrorList{field.Invalid(at, name, other.Path+" makes one of the two a file and a directory at once")}
		}
	}
	return nil
}

// acpi wants the tables' volumes to be Secrets.
func acpi(at *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	if spec.Domain.Firmware == nil || spec.Domain.Firmware.ACPI == nil {
		return nil
	}
	tables := spec.Domain.Firmware.ACPI
	at = at.Child("firmware", "acpi")
	if tables.SlicNameRef == "" && tables.MsdmNameRef == "" {
		return field.ErrorList{field.Required(at, "slicNameRef or msdmNameRef")}
	}
	var errs field.ErrorList
	check := func(name, volume string) {
		is := func(v v1.Volume) bool { return v.Name == volume && v.Secret != nil }
		if volume != "" && !slices.ContainsFunc(spec.Volumes, is) {
			errs = append(errs, field.Invalid(at.Child(name), volume, "must be the name of a volume of kind secret"))
		}
	}
	check("slicNameRef", tables.SlicNameRef)
	check("msdmNameRef", tables.MsdmNameRef)
	return errs
}
