package validate

import (
	"encoding/base64"
	"path"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// maxInlineUserData bounds what may stand in the VM itself; more belongs into a
// Secret.
const maxInlineUserData = 2048

func volumes(spec *field.Path, volumes []v1.Volume) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for i := range volumes {
		at, volume := spec.Child("volumes").Index(i), &volumes[i]
		if names[volume.Name] {
			errs = append(errs, field.Duplicate(at.Child("name"), volume.Name))
		}
		names[volume.Name] = true
		errs = append(errs, exactlyOne(at, volumeSources(&volume.VolumeSource))...)
		switch {
		case volume.PersistentVolumeClaim != nil:
			errs = append(errs, claimName(at.Child("persistentVolumeClaim", "claimName"), volume.PersistentVolumeClaim.ClaimName)...)
		case volume.DataVolume != nil:
			errs = append(errs, claimName(at.Child("dataVolume", "name"), volume.DataVolume.Name)...)
		case volume.Ephemeral != nil:
			errs = append(errs, ephemeral(at.Child("ephemeral"), volume.Ephemeral)...)
		case volume.ContainerDisk != nil:
			errs = append(errs, containerDisk(at.Child("containerDisk"), volume.ContainerDisk)...)
		case volume.CloudInitNoCloud != nil:
			errs = append(errs, cloudInit(at.Child("cloudInitNoCloud"), volume.CloudInitNoCloud)...)
		case volume.CloudInitConfigDrive != nil:
			errs = append(errs, cloudInit(at.Child("cloudInitConfigDrive"), volume.CloudInit())...)
		case volume.EmptyDisk != nil && volume.EmptyDisk.Capacity.Sign() <= 0:
			errs = append(errs, field.Invalid(at.Child("emptyDisk", "capacity"), volume.EmptyDisk.Capacity.String(), "must be more than 0"))
		}
	}
	return errs
}

func volumeSources(source *v1.VolumeSource) map[string]bool {
	return map[string]bool{
		"hostDisk": source.HostDisk != nil, "persistentVolumeClaim": source.PersistentVolumeClaim != nil,
		"cloudInitNoCloud": source.CloudInitNoCloud != nil, "cloudInitConfigDrive": source.CloudInitConfigDrive != nil,
		"sysprep": source.Sysprep != nil, "containerDisk": source.ContainerDisk != nil,
		"ephemeral": source.Ephemeral != nil, "emptyDisk": source.EmptyDisk != nil,
		"dataVolume": source.DataVolume != nil, "configMap": source.ConfigMap != nil,
		"secret": source.Secret != nil, "downwardAPI": source.DownwardAPI != nil,
		"serviceAccount": source.ServiceAccount != nil, "downwardMetrics": source.DownwardMetrics != nil,
		"memoryDump": source.MemoryDump != nil, "containerPath": source.ContainerPath != nil,
	}
}

func claimName(at *field.Path, name string) field.ErrorList {
	if name == "" {
		return field.ErrorList{field.Required(at, "the claim that holds the disk")}
	}
	var errs field.ErrorList
	for _, msg := range validation.IsDNS1123Subdomain(name) {
		errs = append(errs, field.Invalid(at, name, msg))
	}
	return errs
}

func containerDisk(at *field.Path, source *v1.ContainerDiskSource) field.ErrorList {
	var errs field.ErrorList
	if source.Path != "" && (!path.IsAbs(source.Path) || path.Clean(source.Path) != source.Path || source.Path == "/") {
		errs = append(errs, field.Invalid(at.Child("path"), source.Path, "must be the absolute path of a file in the image, e.g. /disk/disk.qcow2"))
	}
	return errs
}

func cloudInit(at *field.Path, source *v1.CloudInitNoCloudSource) field.ErrorList {
	var errs field.ErrorList
	userData := set(source.UserData != "", source.UserDataBase64 != "", source.SecretRef != nil)
	networkData := set(source.NetworkData != "", source.NetworkDataBase64 != "", source.NetworkDataSecretRef != nil)
	if userData > 1 {
		errs = append(errs, field.Forbidden(at, "userData, userDataBase64 and secretRef exclude each other"))
	}
	if networkData > 1 {
		errs = append(errs, field.Forbidden(at, "networkData, networkDataBase64 and networkDataSecretRef exclude each other"))
	}
	if userData+networkData == 0 {
		errs = append(errs, field.Required(at, "one of userData, userDataBase64, secretRef, networkData, networkDataBase64, networkDataSecretRef"))
	}
	errs = append(errs, inline(at.Child("userData"), source.UserData)...)
	errs = append(errs, inlineBase64(at.Child("userDataBase64"), source.UserDataBase64)...)
	errs = append(errs, inline(at.Child("networkData"), source.NetworkData)...)
	errs = append(errs, inlineBase64(at.Child("networkDataBase64"), source.NetworkDataBase64)...)
	if source.SecretRef != nil && source.SecretRef.Name == "" {
		errs = append(errs, field.Required(at.Child("secretRef", "name"), "the Secret with the key userdata"))
	}
	if source.NetworkDataSecretRef != nil && source.NetworkDataSecretRef.Name == "" {
		errs = append(errs, field.Required(at.Child("networkDataSecretRef", "name"), "the Secret with the key networkdata"))
	}
	return errs
}

func set(conditions ...bool) int {
	n := 0
	for _, condition := range conditions {
		if condition {
			n++
		}
	}
	return n
}

// inline never repeats the data itself: it may hold passwords.
func inline(at *field.Path, data string) field.ErrorList {
	if len(data) > maxInlineUserData {
		return field.ErrorList{field.TooLong(at, "", maxInlineUserData)}
	}
	return nil
}

func inlineBase64(at *field.Path, data string) field.ErrorList {
	decoded, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return field.ErrorList{field.Invalid(at, "(not shown)", "must be base64")}
	}
	return inline(at, string(decoded))
}
