package cloudinit

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/kdomanski/iso9660"
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

// contents reads an image back: its label and its files.
func contents(t *testing.T, path string) (string, map[string]string) {
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
	children, err := root.GetChildren()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, child := range children {
		raw, err := io.ReadAll(child.Reader())
		if err != nil {
			t.Fatal(err)
		}
		files[child.Name()] = string(raw)
	}
	return label, files
}

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
	const meta = `{"instance-id":"5d307ca9-b3ef-428c-8861-06e72d69f223","local-hostname":"vm1"}`
	ref := &corev1.LocalObjectReference{Name: "s"}
	for name, tc := range map[string]struct {
		source v1.CloudInitNoCloudSource
		want   map[string]string
	}{
		"clear": {
			v1.CloudInitNoCloudSource{UserData: "#cloud-config", NetworkData: "version: 1"},
			map[string]string{"user-data": "#cloud-config", "meta-data": meta, "network-config": "version: 1"},
		},
		"base64": {
			v1.CloudInitNoCloudSource{UserDataBase64: "I2Nsb3VkLWNvbmZpZw=="},
			map[string]string{"user-data": "#cloud-config", "meta-data": meta},
		},
		"secrets": {
			v1.CloudInitNoCloudSource{SecretRef: ref, NetworkDataSecretRef: ref},
			map[string]string{"user-data": "#cloud-config secret", "meta-data": meta, "network-config": "version: 2"},
		},
		"no user data": {
			v1.CloudInitNoCloudSource{NetworkData: "version: 1"},
			map[string]string{"user-data": "", "meta-data": meta, "network-config": "version: 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Resolve(&tc.source, secrets)
			if err != nil {
				t.Fatal(err)
			}
			data.MetaData = MetaData{InstanceID: "5d307ca9-b3ef-428c-8861-06e72d69f223", LocalHostname: "vm1"}
			dir := t.TempDir()
			image, err := Write(dir, "cloudinitdisk", data)
			if err != nil {
				t.Fatal(err)
			}
			label, files := contents(t, image.Path)
			if label != "cidata" {
				t.Errorf("label %q", label)
			}
			if len(files) != len(tc.want) {
				t.Errorf("files %v, want %v", files, tc.want)
			}
			for file, want := range tc.want {
				if files[file] != want {
					t.Errorf("%s is %q, want %q", file, files[file], want)
				}
			}
			if info, err := os.Stat(image.Path); err != nil || info.Mode().Perm() != 0o600 || uint64(info.Size()) != image.Size {
				t.Errorf("the image is %v, %v; told %+v", info, err, image)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 1 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestResolveRefuses(t *testing.T) {
	ref := &corev1.LocalObjectReference{Name: "s"}
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

// A second start of the same request leaves the disk alone.
func TestWriteKeeps(t *testing.T) {
	dir := t.TempDir()
	if _, err := Write(dir, "ci", Data{UserData: []byte("first")}); err != nil {
		t.Fatal(err)
	}
	image, err := Write(dir, "ci", Data{UserData: []byte("second")})
	if err != nil {
		t.Fatal(err)
	}
	if _, files := contents(t, image.Path); files["user-data"] != "first" {
		t.Errorf("the disk was rewritten: %v", files)
	}
	if _, err := Write(dir, "../ci", Data{}); !errors.Is(err, disk.ErrInvalid) {
		t.Errorf("a name that leaves the directory: %v", err)
	}
}
