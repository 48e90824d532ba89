// Package cloudinit makes the disks that cloud-init's data sources NoCloud and
// ConfigDrive read.
package cloudinit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
)

// Data is what a user says to cloud-init.
type Data struct {
	UserData []byte
	// NetworkData is left out of the disk when it is empty.
	NetworkData []byte
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
