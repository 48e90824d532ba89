package cloudinit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kdomanski/iso9660"
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

// contents reads an image back: its label and its files.
func contents(t testing.TB, path string) (string, map[string]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	image, err := iso9660.OpenImage(f)
	if err != nil {
		t.Fatal(err)
	}
	label, err := image.Label()
	if err != nil {
		t.Fatal(err)
	}
	root, err := image.RootDir()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	collect(t, root, "", files)
	return label, files
}

func collect(t testing.TB, directory *iso9660.File, path string, files map[string]string) {
	t.Helper()
	children, err := directory.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		name := strings.TrimPrefix(path+"/"+child.Name(), "/")
		if child.IsDir() {
			collect(t, child, name, files)
			continue
		}
		raw, err := io.ReadAll(child.Reader())
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(raw)
	}
}

var (
	ref  = &corev1.LocalObjectReference{Name: "s"}
	meta = MetaData{InstanceID: "5d307ca9-b3ef-428c-8861-06e72d69f223", Hostname: "vm1"}
)

const (
	noCloudMeta     = `{"instance-id":"5d307ca9-b3ef-428c-8861-06e72d69f223","local-hostname":"vm1"}`
	configDriveMeta = `{"uuid":"5d307ca9-b3ef-428c-8861-06e72d69f223","instance_id":"5d307ca9-b3ef-428c-8861-06e72d69f223",` +
		`"hostname":"vm1","local_hostname":"vm1"}`
)

func TestDisk(t *testing.T) {
	secrets := Secrets{UserData: t.TempDir(), NetworkData: t.TempDir()}
	for path, content := range map[string]string{
		filepath.Join(secrets.UserData, "userData"):       "#cloud-config secret",
		filepath.Join(secrets.NetworkData, "networkdata"): "version: 2",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		source        v1.CloudInitNoCloudSource
		user, network string
	}{
		"clear":        {v1.CloudInitNoCloudSource{UserData: "#cloud-config", NetworkData: "version: 1"}, "#cloud-config", "version: 1"},
		"base64":       {v1.CloudInitNoCloudSource{UserDataBase64: "I2Nsb3VkLWNvbmZpZw=="}, "#cloud-config", ""},
		"base64 both":  {v1.CloudInitNoCloudSource{UserDataBase64: "eA==", NetworkDataBase64: "eQ=="}, "x", "y"},
		"secrets":      {v1.CloudInitNoCloudSource{SecretRef: ref, NetworkDataSecretRef: ref}, "#cloud-config secret", "version: 2"},
		"no user data": {v1.CloudInitNoCloudSource{NetworkData: "version: 1"}, "", "version: 1"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Resolve(&tc.source, secrets)
			if err != nil {
				t.Fatal(err)
			}
			noCloud := map[string]string{"user-data": tc.user, "meta-data": noCloudMeta}
			drive := map[string]string{"openstack/latest/meta_data.json": configDriveMeta}
			if tc.user != "" {
				drive["openstack/latest/user_data"] = tc.user
			}
			if tc.network != "" {
				noCloud["network-config"], drive["openstack/latest/network_data.json"] = tc.network, tc.network
			}
			checkDisk(t, NoCloud, data, "cidata", noCloud)
			checkDisk(t, ConfigDrive, data, "config-2", drive)
		})
	}
}

func checkDisk(t *testing.T, write func(string, string, Data, MetaData) (disk.Image, error), data Data, wantLabel string, want map[string]string) {
	t.Helper()
	dir := t.TempDir()
	image, err := write(dir, "cloudinitdisk", data, meta)
	if err != nil {
		t.Fatal(err)
	}
	label, files := contents(t, image.Path)
	if label != wantLabel || !maps.Equal(files, want) {
		t.Errorf("label %q, files %q, want %q, %q", label, files, wantLabel, want)
	}
	if info, err := os.Stat(image.Path); err != nil || info.Mode().Perm() != 0o600 || uint64(info.Size()) != image.Size {
		t.Errorf("the image is %v, %v; told %+v", info, err, image)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestMetaData has what only some machines have.
func TestMetaData(t *testing.T) {
	full := meta
	full.InstanceType, full.PublicKeys = "u1.small", []string{"ssh-ed25519 AAAA a", "ssh-rsa BBBB b"}
	full.Devices = []Device{
		{Type: "nic", Bus: "pci", Address: "0000:00:02.0", MAC: "02:00:00:00:00:01", Tags: []string{"wan"}},
		{Type: "disk", Bus: "scsi", Serial: "s1", Tags: []string{"data"}},
	}
	for name, tc := range map[string]struct {
		encode func() ([]byte, error)
		want   string
	}{
		"NoCloud": {full.noCloud, `{"instance-id": "5d307ca9-b3ef-428c-8861-06e72d69f223", "local-hostname": "vm1", "instance-type": "u1.small",
			"public-keys": {"0": "ssh-ed25519 AAAA a", "1": "ssh-rsa BBBB b"}}`},
		"ConfigDrive": {full.configDrive, `{"uuid": "5d307ca9-b3ef-428c-8861-06e72d69f223",
			"instance_id": "5d307ca9-b3ef-428c-8861-06e72d69f223", "hostname": "vm1", "local_hostname": "vm1", "instance_type": "u1.small",
			"public_keys": {"0": "ssh-ed25519 AAAA a", "1": "ssh-rsa BBBB b"},
			"devices": [{"type": "nic", "bus": "pci", "address": "0000:00:02.0", "mac": "02:00:00:00:00:01", "tags": ["wan"]},
			            {"type": "disk", "bus": "scsi", "serial": "s1", "tags": ["data"]}]}`},
	} {
		var got, want any
		data, err := tc.encode()
		if err == nil {
			err = json.Unmarshal(data, &got)
		}
		if err == nil {
			err = json.Unmarshal([]byte(tc.want), &want)
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %s, %v", name, data, err)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	for name, source := range map[string]v1.CloudInitNoCloudSource{
		"not base64":         {UserDataBase64: "%%"},
		"network not base64": {UserData: "x", NetworkDataBase64: "%%"},
		"secret without key": {SecretRef: ref},
	} {
		if _, err := Resolve(&source, Secrets{UserData: t.TempDir()}); !errors.Is(err, disk.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A start after one that failed takes the data of its own request. Whoever has the disk
// open sees no change.
func TestWriteAnew(t *testing.T) {
	dir := t.TempDir()
	first, err := NoCloud(dir, "ci", Data{UserData: []byte("first")}, meta)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := os.Open(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	image, err := NoCloud(dir, "ci", Data{UserData: []byte("second")}, meta)
	if err != nil {
		t.Fatal(err)
	}
	if _, files := contents(t, image.Path); files["user-data"] != "second" {
		t.Errorf("the disk is an old one: %v", files)
	}
	if _, files := contents(t, fmt.Sprintf("/proc/self/fd/%d", opened.Fd())); files["user-data"] != "first" {
		t.Errorf("the open disk has changed: %v", files)
	}
	if _, err := NoCloud(dir, "../ci", Data{}, meta); !errors.Is(err, disk.ErrInvalid) {
		t.Errorf("a name that leaves the directory: %v", err)
	}
}

// FuzzDisk gives disks with the data that was put in, or refusals by name.
func FuzzDisk(f *testing.F) {
	f.Add("#cloud-config", "", "version: 2", "", "key a", "host", []byte("s"), byte(0))
	f.Add("", "I2Nsb3VkLWNvbmZpZw==", "", "eA==", "", "", []byte{}, byte(3))
	f.Add("", "%%", "", "", "\xff", "\x00", []byte{0}, byte(1))
	f.Fuzz(func(t *testing.T, user, user64, network, network64, key, host string, secret []byte, flags byte) {
		secrets := Secrets{UserData: t.TempDir(), NetworkData: t.TempDir()}
		source := v1.CloudInitNoCloudSource{UserData: user, UserDataBase64: user64, NetworkData: network, NetworkDataBase64: network64}
		if flags&1 != 0 {
			source.SecretRef = ref
		}
		if flags&2 != 0 {
			source.NetworkDataSecretRef = ref
			if err := os.WriteFile(filepath.Join(secrets.NetworkData, "networkdata"), secret, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		data, err := Resolve(&source, secrets)
		if err != nil {
			if !errors.Is(err, disk.ErrInvalid) {
				t.Errorf("refused without a name: %v", err)
			}
			return
		}
		for _, write := range []func(string, string, Data, MetaData) (disk.Image, error){NoCloud, ConfigDrive} {
			image, err := write(t.TempDir(), "ci", data, MetaData{InstanceID: host, Hostname: host, PublicKeys: []string{key}})
			if err != nil {
				t.Fatal(err)
			}
			_, files := contents(t, image.Path)
			if files["user-data"]+files["openstack/latest/user_data"] != string(data.UserData) {
				t.Errorf("user data %q became %q", data.UserData, files)
			}
		}
	})
}
