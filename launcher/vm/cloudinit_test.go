package vm

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/disk/cloudinit"
)

func vmiOf(t *testing.T, spec string) *v1.VirtualMachineInstance {
	t.Helper()
	vmi := &v1.VirtualMachineInstance{}
	if err := yaml.UnmarshalStrict([]byte(spec), vmi); err != nil {
		t.Fatal(err)
	}
	vmi.Name, vmi.UID = "vm", "2f0a7c9a-5a7e-4a53-9b3e-1c1f5d4c2b1a"
	return vmi
}

// secretsOf lays Secrets out as their credentials' volumes do.
func secretsOf(t *testing.T, secrets map[string]map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, files := range secrets {
		changeSecret(t, dir, name, "1", files)
	}
	return dir
}

// changeSecret replaces a Secret's files by another state, as the kubelet does.
func changeSecret(t *testing.T, dir, name, state string, files map[string]string) {
	t.Helper()
	mount := filepath.Join(dir, v1.CredentialVolumeName(name))
	err := os.MkdirAll(filepath.Join(mount, "..state"+state), 0o755)
	for file, content := range files {
		err = errors.Join(err, os.WriteFile(filepath.Join(mount, "..state"+state, file), []byte(content), 0o600))
	}
	err = errors.Join(err, os.Symlink("..state"+state, filepath.Join(mount, "..tmp")),
		os.Rename(filepath.Join(mount, "..tmp"), filepath.Join(mount, "..data")))
	if err != nil {
		t.Fatal(err)
	}
}

func TestTaggedDevices(t *testing.T) {
	vmi := vmiOf(t, `
spec:
  domain:
    devices:
      interfaces:
      - {name: default, tag: wan, masquerade: {}}
      - {name: lan, tag: lan, macAddress: "02:00:00:00:00:02", pciAddress: "0000:81:01.0", bridge: {}}
      - {name: plain, bridge: {}}
      - {name: gone, tag: gone, state: absent, bridge: {}}
      disks:
      - {name: root, tag: root, serial: s1, disk: {bus: virtio, pciAddress: "0000:82:01.0"}}
      - {name: data, tag: data, disk: {bus: scsi}}
      - {name: cd, tag: cd, cdrom: {bus: sata}}
      - {name: plain, disk: {bus: virtio}}
`)
	mac := func(last byte) net.HardwareAddr { return net.HardwareAddr{2, 0, 0, 0, 0, last} }
	got := taggedDevices(Wanted{VMI: vmi, Interfaces: []Interface{{Network: "default", MAC: mac(1)}, {Network: "lan", MAC: mac(9)}}})
	want := []cloudinit.Device{
		{Type: "nic", Bus: "pci", MAC: "02:00:00:00:00:01", Tags: []string{"wan"}},
		{Type: "nic", Bus: "pci", Address: "0000:81:01.0", MAC: "02:00:00:00:00:02", Tags: []string{"lan"}},
		{Type: "disk", Bus: "pci", Address: "0000:82:01.0", Serial: "s1", Tags: []string{"root"}},
		{Type: "disk", Bus: "scsi", Tags: []string{"data"}},
		{Type: "disk", Bus: "sata", Tags: []string{"cd"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// TestCloudInitKeys puts the keys of all Secrets on the disk of their way, in order.
func TestCloudInitKeys(t *testing.T) {
	vmi := vmiOf(t, `
spec:
  volumes:
  - {name: seed, cloudInitNoCloud: {userData: x}}
  - {name: drive, cloudInitConfigDrive: {userData: x}}
  accessCredentials:
  - sshPublicKey: {source: {secret: {secretName: two}}, propagationMethod: {noCloud: {}}}
  - sshPublicKey: {source: {secret: {secretName: one}}, propagationMethod: {noCloud: {}}}
  - sshPublicKey: {source: {secret: {secretName: team.keys}}, propagationMethod: {configDrive: {}}}
  - sshPublicKey: {source: {secret: {secretName: agent}}, propagationMethod: {qemuGuestAgent: {users: [root]}}}
`)
	vmi.Annotations = map[string]string{v1.AnnotationClusterInstancetype: "u1.small"}
	p := &Local{DisksDir: t.TempDir(), SecretsDir: secretsOf(t, map[string]map[string]string{
		"one": {"a": "ssh-rsa one"}, "two": {"b": "ssh-rsa b\n\n# ours\n  ssh-rsa b2  \n", "a": "ssh-rsa a"},
		"team.keys": {"k": "ssh-rsa team"}, "agent": {"k": "ssh-rsa agent"},
	})}
	for i, want := range []string{
		`"public-keys":{"0":"ssh-rsa a","1":"ssh-rsa b","2":"ssh-rsa b2","3":"ssh-rsa one"},"instance-type":"u1.small"}`,
		`"public_keys":{"0":"ssh-rsa team"}`,
	} {
		image, err := p.cloudInit(Wanted{VMI: vmi}, &vmi.Spec.Volumes[i])
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(image.Path)
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s is not on the disk, %v", want, err)
		}
		if strings.Contains(string(data), "ssh-rsa agent") {
			t.Error("the agent's key is on a disk")
		}
	}
}

// TestCloudInitWithoutKeys starts a guest whose Secret has been emptied: that takes
// access away.
func TestCloudInitWithoutKeys(t *testing.T) {
	vmi := vmiOf(t, `
spec:
  volumes:
  - {name: seed, cloudInitNoCloud: {userData: x}}
  accessCredentials:
  - sshPublicKey: {source: {secret: {secretName: empty}}, propagationMethod: {noCloud: {}}}
`)
	p := &Local{DisksDir: t.TempDir(), SecretsDir: secretsOf(t, map[string]map[string]string{"empty": {"k": "# none\n"}})}
	if _, err := p.cloudInit(Wanted{VMI: vmi}, &vmi.Spec.Volumes[0]); err != nil {
		t.Error(err)
	}
	p.SecretsDir = t.TempDir()
	p.DisksDir = t.TempDir()
	if _, err := p.cloudInit(Wanted{VMI: vmi}, &vmi.Spec.Volumes[0]); err == nil || !strings.Contains(err.Error(), "Secret empty") {
		t.Errorf("a Secret that is not mounted: %v", err)
	}
}

// FuzzConfiguration gives disks or refusals by name for volumes as the API may hand them
// over, whose content the kubelet has mounted.
func FuzzConfiguration(f *testing.F) {
	for _, volume := range []string{
		`{"name":"a","cloudInitNoCloud":{"userData":"#cloud-config","networkDataBase64":"eA=="}}`,
		`{"name":"a","cloudInitConfigDrive":{"secretRef":{"name":"s"},"networkData":"x"}}`,
		`{"name":"a","configMap":{"name":"c","volumeLabel":"own","optional":true}}`, `{"name":"a","secret":{}}`,
		`{"name":"a","downwardAPI":{"fields":[{"path":"../x"}]}}`, `{"name":"a","serviceAccount":{}}`,
		`{"name":"../a","sysprep":{"secret":{}}}`, `{"name":"a","sysprep":{}}`, `{"name":"a"}`,
	} {
		f.Add(volume, "userdata", []byte("content"))
	}
	f.Fuzz(func(t *testing.T, encoded, key string, content []byte) {
		volume := &v1.Volume{}
		if json.Unmarshal([]byte(encoded), volume) != nil || volume.CloudInit() == nil && !volume.IsConfig() && volume.Sysprep == nil {
			return
		}
		p := &Local{DisksDir: t.TempDir(), ConfigDir: t.TempDir(), SecretsDir: t.TempDir()}
		for _, mount := range []string{p.configSource("a"), filepath.Join(p.SecretsDir, "a-udata"), filepath.Join(p.SecretsDir, "a-ndata")} {
			if os.Mkdir(mount, 0o755) == nil && filepath.Base(key) == key {
				_ = os.WriteFile(filepath.Join(mount, key), content, 0o600)
			}
		}
		disks, err := p.volume(Wanted{VMI: &v1.VirtualMachineInstance{}}, volume)
		if err != nil {
			if !errors.Is(err, disk.ErrInvalid) && !errors.Is(err, os.ErrNotExist) {
				t.Errorf("refused without a name: %v", err)
			}
			return
		}
		if info, err := os.Stat(disks[volume.Name].Path); err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(disks[volume.Name].Path) != p.DisksDir {
			t.Errorf("%+v, %v", disks, err)
		}
	})
}

func TestACPITables(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{"licence/slic.bin", "key/msdm.bin"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755), os.WriteFile(filepath.Join(dir, path), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	p := &Local{ConfigDir: dir}
	tables := func(acpi string) string {
		found, err := p.acpiTables(vmiOf(t, "spec: {domain: {devices: {}, firmware: {acpi: "+acpi+"}}}"))
		if err != nil && !errors.Is(err, disk.ErrInvalid) {
			t.Error(err)
		}
		encoded, _ := json.Marshal(found)
		return strings.ReplaceAll(string(encoded), dir, "")
	}
	for acpi, want := range map[string]string{
		"{slicNameRef: licence, msdmNameRef: key}": `{"SLIC":"/licence/slic.bin","MSDM":"/key/msdm.bin"}`,
		"{msdmNameRef: key}":                       `{"SLIC":"","MSDM":"/key/msdm.bin"}`,
		"{slicNameRef: key}":                       `{"SLIC":"","MSDM":""}`, // the Secret has no such key
	} {
		if got := tables(acpi); got != want {
			t.Errorf("%s: %s", acpi, got)
		}
	}
}
