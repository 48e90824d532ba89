package configvolume

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kdomanski/iso9660"
	corev1 "k8s.io/api/core/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

var ref = &corev1.LocalObjectReference{Name: "answers"}

// mount lays files out as the kubelet does.
func mount(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	state := filepath.Join(dir, "..2026_01")
	for path, content := range files {
		target := filepath.Join(state, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o755), os.WriteFile(target, []byte(content), 0o640)); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(path, "/")
		_ = os.Symlink("..data/"+name, filepath.Join(dir, name))
	}
	if err := errors.Join(os.MkdirAll(state, 0o755), os.Symlink("..2026_01", filepath.Join(dir, "..data"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDisk(t *testing.T) {
	yes := true
	for name, tc := range map[string]struct {
		source v1.VolumeSource
		files  map[string]string
		label  string
		// seen is a name in the root of the disk.
		seen string
	}{
		"config map": {
			v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{Name: "c"}},
			map[string]string{"my.long-Config_File.yaml": "x", "KEY": "y"}, "cfgdata", "my.long-Config_File.yaml",
		},
		"labelled config map": {
			v1.VolumeSource{ConfigMap: &v1.ConfigMapVolumeSource{Name: "c", VolumeLabel: "own"}}, map[string]string{"key": ""}, "own", "key",
		},
		"labelled secret": {
			v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "s", VolumeLabel: "sec"}}, map[string]string{"k": "v"}, "sec", "k",
		},
		"optional and missing": {v1.VolumeSource{Secret: &v1.SecretVolumeSource{SecretName: "s", Optional: &yes}}, nil, "cfgdata", ""},
		"downward API": {
			v1.VolumeSource{DownwardAPI: &v1.DownwardAPIVolumeSource{VolumeLabel: "facts"}},
			map[string]string{"pod/labels": "a=\"b\""}, "facts", "pod",
		},
		"service account": {
			v1.VolumeSource{ServiceAccount: &v1.ServiceAccountVolumeSource{ServiceAccountName: "a"}},
			map[string]string{"token": "t", "ca.crt": "c", "namespace": "n"}, "cfgdata", "ca.crt",
		},
		"sysprep": {
			v1.VolumeSource{Sysprep: &v1.SysprepSource{Secret: ref}}, map[string]string{"Autounattend.XML": "<x/>"}, "unattendCD", "Autounattend.XML",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			image, err := Disk(dir, &v1.Volume{Name: "v", VolumeSource: tc.source}, mount(t, tc.files))
			if err != nil {
				t.Fatal(err)
			}
			data, err := os.ReadFile(image.Path)
			if err != nil {
				t.Fatal(err)
			}
			label, names := rootOf(t, data)
			if label != tc.label || tc.seen != "" && !strings.Contains(names, "|"+tc.seen+"|") || tc.seen == "" && names != "|" {
				t.Errorf("label %q, names %s", label, names)
			}
			if strings.Contains(names, "..") {
				t.Errorf("the kubelet's own entries are on it: %s", names)
			}
			for _, content := range tc.files {
				if !bytes.Contains(data, []byte(content)) {
					t.Errorf("%q is not on it", content)
				}
			}
			if info, err := os.Stat(image.Path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
}

func rootOf(t testing.TB, data []byte) (label, names string) {
	t.Helper()
	image, err := iso9660.OpenImage(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	label, err = image.Label()
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
	names = "|"
	for _, child := range children {
		names += child.Name() + "|"
	}
	return label, names
}

func TestRefusals(t *testing.T) {
	sysprep := v1.VolumeSource{Sysprep: &v1.SysprepSource{ConfigMap: ref}}
	for name, tc := range map[string]struct {
		volume v1.Volume
		files  map[string]string
		say    string
	}{
		"no answer file":      {v1.Volume{Name: "v", VolumeSource: sysprep}, map[string]string{"answers.xml": ""}, "ConfigMap answers"},
		"a way out":           {v1.Volume{Name: "../v", VolumeSource: sysprep}, map[string]string{"unattend.xml": ""}, "no name"},
		"a label too long":    {v1.Volume{Name: "v", VolumeSource: v1.VolumeSource{Secret: &v1.SecretVolumeSource{VolumeLabel: strings.Repeat("l", 33)}}}, nil, "label"},
		"more than fits":      {v1.Volume{Name: "v", VolumeSource: sysprep}, map[string]string{"unattend.xml": strings.Repeat("x", 9<<20)}, "MiB"},
		"an answer elsewhere": {v1.Volume{Name: "v", VolumeSource: sysprep}, map[string]string{"sub/unattend.xml": ""}, "autounattend.xml"},
	} {
		dir := t.TempDir()
		_, err := Disk(dir, &tc.volume, mount(t, tc.files))
		if !errors.Is(err, disk.ErrInvalid) || !strings.Contains(err.Error(), tc.say) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) != 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// FuzzDisk gives disks that can be read, or refusals by name, for whatever a key, its
// content and a label may be.
func FuzzDisk(f *testing.F) {
	f.Add("key", "nested/path", []byte("content"), "cfgdata", byte(0))
	f.Add("autounattend.xml", "a", []byte{}, "", byte(1))
	f.Add(strings.Repeat("k", 253), "é/☺", []byte{0}, strings.Repeat("l", 40), byte(2))
	f.Fuzz(func(t *testing.T, key, path string, content []byte, label string, kind byte) {
		files := map[string]string{}
		for _, name := range []string{key, path} {
			// What no JSON holds or no file system takes does not get to a volume.
			if utf8.ValidString(name) && filepath.IsLocal(name) && name != "." && !strings.Contains(name, "\x00") && longest(name) < 256 && len(name) < 2000 &&
				!strings.HasPrefix(name, "..") {
				files[filepath.Clean(name)] = string(content)
			}
		}
		if len(files) == 2 && (strings.HasPrefix(key, path+"/") || strings.HasPrefix(path, key+"/")) {
			return
		}
		sources := []v1.VolumeSource{
			{ConfigMap: &v1.ConfigMapVolumeSource{VolumeLabel: label}},
			{Sysprep: &v1.SysprepSource{Secret: ref}},
			{DownwardAPI: &v1.DownwardAPIVolumeSource{VolumeLabel: label}},
			{ServiceAccount: &v1.ServiceAccountVolumeSource{}},
		}
		source := mount(t, files)
		image, err := Disk(t.TempDir(), &v1.Volume{Name: "v", VolumeSource: sources[int(kind)%len(sources)]}, source)
		if err != nil {
			if !errors.Is(err, disk.ErrInvalid) {
				t.Errorf("refused without a name: %v", err)
			}
			return
		}
		data, err := os.ReadFile(image.Path)
		if err != nil {
			t.Fatal(err)
		}
		_, names := rootOf(t, data)
		for name := range files {
			if first, _, _ := strings.Cut(name, "/"); !strings.Contains(names, "|"+first+"|") {
				t.Errorf("%q is not among %q", first, names)
			}
		}
	})
}

func longest(path string) int {
	most := 0
	for _, step := range strings.Split(path, "/") {
		most = max(most, len(step))
	}
	return most
}
