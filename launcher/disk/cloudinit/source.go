// Package cloudinit makes the disk that cloud-init's NoCloud data source reads.
package cloudinit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kdomanski/iso9660"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

// volumeID is the label by which cloud-init finds the disk.
const volumeID = "cidata"

// Data is the content of a NoCloud disk.
type Data struct {
	UserData []byte
	// NetworkData is left out of the disk when it is empty.
	NetworkData []byte
	MetaData    MetaData
}

// MetaData is NoCloud's meta-data, written as JSON (which is YAML).
type MetaData struct {
	// InstanceID tells cloud-init whether it has seen this machine before:
	// equal on every start of a VM, different between VMs.
	InstanceID    string `json:"instance-id"`
	LocalHostname string `json:"local-hostname"`
}

// Secrets are the directories in which the referenced secrets are mounted.
type Secrets struct {
	UserData    string
	NetworkData string
}

// Resolve collects user data and network data from wherever source has them.
func Resolve(source *v1.CloudInitNoCloudSource, secrets Secrets) (Data, error) {
	user, err := pick("user data", source.UserData, source.UserDataBase64,
		source.SecretRef != nil, secrets.UserData, "userdata", "userData")
	if err != nil {
		return Data{}, err
	}
	network, err := pick("network data", source.NetworkData, source.NetworkDataBase64,
		source.NetworkDataSecretRef != nil, secrets.NetworkData, "networkdata", "networkData")
	if err != nil {
		return Data{}, err
	}
	return Data{UserData: user, NetworkData: network}, nil
}

// pick returns the data from the first of its three places that is in use;
// admission lets only one of them through.
func pick(what, clear, encoded string, secret bool, dir string, keys ...string) ([]byte, error) {
	switch {
	case clear != "":
		return []byte(clear), nil
	case encoded != "":
		data, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("%w: the cloud-init %s is not base64: %w", disk.ErrInvalid, what, err)
		}
		return data, nil
	case !secret:
		return nil, nil
	}
	for _, key := range keys {
		data, err := os.ReadFile(filepath.Join(dir, key))
		if err == nil {
			return data, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading the secret with the cloud-init %s: %w", what, err)
		}
	}
	return nil, fmt.Errorf("%w: the secret with the cloud-init %s has no key %s", disk.ErrInvalid, what, keys[0])
}

// Write makes the disk of a volume in dir. A disk that is there already stays:
// it was complete when it got its name.
func Write(dir, volume string, data Data) (disk.Image, error) {
	path, err := disk.PathOf(dir, volume, ".iso")
	if err != nil {
		return disk.Image{}, err
	}
	if info, err := os.Stat(path); err == nil {
		return disk.Image{Path: path, Format: disk.FormatRaw, Size: uint64(info.Size())}, nil
	}
	size, err := writeISO(path+".tmp", data)
	if err == nil {
		err = os.Rename(path+".tmp", path)
	}
	if err != nil {
		_ = os.Remove(path + ".tmp")
		return disk.Image{}, fmt.Errorf("writing the cloud-init disk of volume %s: %w", volume, err)
	}
	return disk.Image{Path: path, Format: disk.FormatRaw, Size: uint64(size)}, nil
}

func writeISO(path string, data Data) (size int64, err error) {
	meta, err := json.Marshal(data.MetaData)
	if err != nil {
		return 0, fmt.Errorf("encoding the meta-data: %w", err)
	}
	image, err := iso9660.NewWriter()
	if err != nil {
		return 0, fmt.Errorf("beginning the image: %w", err)
	}
	defer func() { _ = image.Cleanup() }()
	files := []struct {
		name    string
		content []byte
	}{{"user-data", data.UserData}, {"meta-data", meta}, {"network-config", data.NetworkData}}
	for _, file := range files {
		if file.name == "network-config" && len(file.content) == 0 {
			continue
		}
		if err := image.AddFile(bytes.NewReader(file.content), file.name); err != nil {
			return 0, fmt.Errorf("adding %s: %w", file.name, err)
		}
	}
	// The guest's password may be in it: readable by the launcher's user only.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("creating the image: %w", err)
	}
	err = image.WriteTo(f, volumeID)
	if err == nil {
		var info os.FileInfo
		if info, err = f.Stat(); err == nil {
			size = info.Size()
		}
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return size, err
}
