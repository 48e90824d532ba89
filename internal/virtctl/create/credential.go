package create

import (
	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Ways of credentials into a guest; two are forms of the cloud-init disk.
const byAgent = "ga"

func addCredentials(vm *v1.VirtualMachine, o *Options, _ []volume) error {
	spec := &vm.Spec.Template.Spec
	for _, text := range o.Credentials {
		p, err := parse("access-cred", text, "src", "type", "method", "user")
		if err == nil {
			err = p.need("src")
		}
		if err != nil {
			return err
		}
		kind, err := p.oneOf("type", "ssh", "password")
		if err != nil {
			return err
		}
		method, credential := byAgent, v1.AccessCredential{}
		if kind == "ssh" {
			credential.SSHPublicKey, method, err = sshKeys(p, o)
		} else {
			credential.UserPassword, err = passwords(p)
		}
		if err != nil {
			return err
		}
		if method != byAgent {
			if err := needDisk(vm, o, p, method); err != nil {
				return err
			}
		}
		spec.AccessCredentials = append(spec.AccessCredentials, credential)
	}
	return nil
}

func sshKeys(p parameters, o *Options) (*v1.SSHPublicKeyAccessCredential, string, error) {
	method, err := p.oneOf("method", byAgent, noCloud, configDrive)
	if err != nil {
		return nil, "", err
	}
	credential := &v1.SSHPublicKeyAccessCredential{
		Source: v1.SSHPublicKeyAccessCredentialSource{Secret: &v1.AccessCredentialSecretSource{SecretName: p.values["src"]}},
	}
	way, user := &credential.PropagationMethod, p.values["user"]
	switch {
	case method == byAgent && user == "" && o.User == "":
		return nil, "", p.wrong("whose keys are they? Set the parameter user, or --user")
	case method == byAgent:
		if user == "" {
			user = o.User
		}
		way.QemuGuestAgent = &v1.QemuGuestAgentSSHPublicKeyAccessCredentialPropagation{Users: []string{user}}
	case user != "":
		return nil, "", p.wrong("method:%s gives the keys to cloud-init's user: set --user instead of the parameter user", method)
	case method == noCloud:
		way.NoCloud = &v1.NoCloudSSHPublicKeyAccessCredentialPropagation{}
	default:
		way.ConfigDrive = &v1.ConfigDriveSSHPublicKeyAccessCredentialPropagation{}
	}
	return credential, method, nil
}

func passwords(p parameters) (*v1.UserPasswordAccessCredential, error) {
	if _, err := p.oneOf("method", byAgent); err != nil {
		return nil, err
	}
	if p.values["user"] != "" {
		return nil, p.wrong("the keys of the Secret name the users of its passwords: leave the parameter user out")
	}
	return &v1.UserPasswordAccessCredential{
		Source: v1.UserPasswordAccessCredentialSource{Secret: &v1.AccessCredentialSecretSource{SecretName: p.values["src"]}},
		PropagationMethod: v1.UserPasswordAccessCredentialPropagationMethod{
			QemuGuestAgent: &v1.QemuGuestAgentUserPasswordAccessCredentialPropagation{},
		},
	}, nil
}

// needDisk makes sure that there is the cloud-init disk that carries the keys.
func needDisk(vm *v1.VirtualMachine, o *Options, p parameters, method string) error {
	if o.CloudInit != method {
		return p.wrong("method:%s needs --cloud-init %s", method, method)
	}
	for _, volume := range vm.Spec.Template.Spec.Volumes {
		if volume.Name == cloudInitDisk {
			return nil
		}
	}
	addCloudInitVolume(vm, o, header)
	return nil
}
