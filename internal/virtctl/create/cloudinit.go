package create

import (
	"encoding/base64"
	"fmt"
	"slices"

	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Forms of the cloud-init disk.
const (
	noCloud     = "nocloud"
	configDrive = "configdrive"
	none        = "none"
)

// maxData is what the API takes of user data in the machine itself.
const maxData = 2048

// header tells cloud-init what follows.
const header = "#cloud-config\n"

// cloudConfig is what cloud-init is to do for the user.
type cloudConfig struct {
	User     string     `json:"user,omitempty"`
	Password string     `json:"password,omitempty"`
	Chpasswd *chpasswd  `json:"chpasswd,omitempty"`
	SSHKeys  []string   `json:"ssh_authorized_keys,omitempty"`
	RunCmd   [][]string `json:"runcmd,omitempty"`
}

type chpasswd struct {
	Expire bool `json:"expire"`
}

// addCloudInit adds the disk if there is something to write on it.
func addCloudInit(vm *v1.VirtualMachine, o *Options, _ []volume) error {
	if !slices.Contains([]string{noCloud, configDrive, none}, o.CloudInit) {
		return fmt.Errorf("--cloud-init %s: must be one of %s, %s, %s", o.CloudInit, noCloud, configDrive, none)
	}
	userData, err := o.generated()
	if err != nil {
		return err
	}
	wanted := userData != "" || o.UserData != "" || o.NetworkData != ""
	switch {
	case !wanted:
		return nil
	case o.CloudInit == none:
		return fmt.Errorf("--cloud-init none leaves nowhere for --user, --password-file, --ssh-key, --ga-manage-ssh, --cloud-init-user-data " +
			"and --cloud-init-network-data to go")
	case len(userData) > maxData:
		return fmt.Errorf("the user data that the flags make has %d bytes and may have %d: use fewer --ssh-key, "+
			"or put it into a Secret (secretRef of the volume %s)", len(userData), maxData, cloudInitDisk)
	}
	for flag, text := range map[string]string{"cloud-init-user-data": o.UserData, "cloud-init-network-data": o.NetworkData} {
		if err := checkBase64(flag, text); err != nil {
			return err
		}
	}
	addCloudInitVolume(vm, o, userData)
	return nil
}

func addCloudInitVolume(vm *v1.VirtualMachine, o *Options, userData string) {
	volume := v1.Volume{Name: cloudInitDisk}
	if o.CloudInit == configDrive {
		volume.CloudInitConfigDrive = &v1.CloudInitConfigDriveSource{UserData: userData, UserDataBase64: o.UserData, NetworkDataBase64: o.NetworkData}
	} else {
		volume.CloudInitNoCloud = &v1.CloudInitNoCloudSource{UserData: userData, UserDataBase64: o.UserData, NetworkDataBase64: o.NetworkData}
	}
	vm.Spec.Template.Spec.Volumes = append(vm.Spec.Template.Spec.Volumes, volume)
}

// checkBase64 does not repeat the data, which may hold passwords.
func checkBase64(flag, text string) error {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return fmt.Errorf("--%s: must be base64: `base64 -w0 FILE` makes it", flag)
	}
	if len(data) > maxData {
		return fmt.Errorf("--%s has %d bytes and may have %d: put it into a Secret (secretRef or networkDataSecretRef of the volume %s)",
			flag, len(data), maxData, cloudInitDisk)
	}
	return nil
}

// generated is the user data that the flags describe, empty if they describe none.
func (o *Options) generated() (string, error) {
	config := cloudConfig{User: o.User, Password: o.password, SSHKeys: o.SSHKeys}
	if o.password != "" {
		config.Chpasswd = &chpasswd{}
	}
	if o.ManageSSH {
		config.RunCmd = [][]string{{"setsebool", "-P", "virt_qemu_ga_manage_ssh", "on"}}
	}
	data, err := yaml.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("encoding the user data: %w", err)
	}
	if string(data) == "{}\n" {
		return "", nil
	}
	return header + string(data), nil
}
