package validate

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// accessCredentials wants each to have one kind, one source and one way into the guest
// that is there.
func accessCredentials(path *field.Path, spec *v1.VirtualMachineInstanceSpec) field.ErrorList {
	var errs field.ErrorList
	for i := range spec.AccessCredentials {
		at, credential := path.Child("accessCredentials").Index(i), &spec.AccessCredentials[i]
		errs = append(errs, exactlyOne(at, map[string]bool{
			"sshPublicKey": credential.SSHPublicKey != nil, "userPassword": credential.UserPassword != nil,
		})...)
		if key := credential.SSHPublicKey; key != nil {
			at := at.Child("sshPublicKey")
			errs = append(errs, credentialSource(at.Child("source", "secret"), key.Source.Secret)...)
			errs = append(errs, keyPropagation(at.Child("propagationMethod"), &key.PropagationMethod, spec.Volumes)...)
		}
		if password := credential.UserPassword; password != nil {
			at := at.Child("userPassword")
			errs = append(errs, credentialSource(at.Child("source", "secret"), password.Source.Secret)...)
			if password.PropagationMethod.QemuGuestAgent == nil {
				errs = append(errs, field.Required(at.Child("propagationMethod", "qemuGuestAgent"), "the one way for passwords"))
			}
		}
	}
	return errs
}

func credentialSource(at *field.Path, secret *v1.AccessCredentialSecretSource) field.ErrorList {
	if secret == nil {
		return field.ErrorList{field.Required(at, "the Secret with the credentials")}
	}
	return objectName(at.Child("secretName"), secret.SecretName, "the Secret with the credentials")
}

func keyPropagation(at *field.Path, way *v1.SSHPublicKeyAccessCredentialPropagationMethod, volumes []v1.Volume) field.ErrorList {
	errs := exactlyOne(at, map[string]bool{
		"configDrive": way.ConfigDrive != nil, "noCloud": way.NoCloud != nil, "qemuGuestAgent": way.QemuGuestAgent != nil,
	})
	if way.ConfigDrive != nil && !slices.ContainsFunc(volumes, func(v v1.Volume) bool { return v.CloudInitConfigDrive != nil }) {
		errs = append(errs, field.Forbidden(at.Child("configDrive"), "needs a volume of kind cloudInitConfigDrive"))
	}
	if way.NoCloud != nil && !slices.ContainsFunc(volumes, func(v v1.Volume) bool { return v.CloudInitNoCloud != nil }) {
		errs = append(errs, field.Forbidden(at.Child("noCloud"), "needs a volume of kind cloudInitNoCloud"))
	}
	if agent := way.QemuGuestAgent; agent != nil {
		users := at.Child("qemuGuestAgent", "users")
		if len(agent.Users) == 0 {
			errs = append(errs, field.Required(users, "the guest's users that get the keys"))
		}
		for i, user := range agent.Users {
			if user == "" {
				errs = append(errs, field.Required(users.Index(i), "a user of the guest"))
			}
		}
	}
	return errs
}
