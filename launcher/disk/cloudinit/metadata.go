package cloudinit

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// MetaData is what cloud-init hears about its machine.
type MetaData struct {
	// InstanceID tells cloud-init whether it has seen this machine before:
	// equal on every start of a VM, different between VMs.
	InstanceID string
	Hostname   string
	// InstanceType is the name of the machine's instance type, if it has one.
	InstanceType string
	// PublicKeys let their owners in by ssh.
	PublicKeys []string
	// Devices are those that have a tag.
	Devices []Device
}

// Device is a tagged device of the guest.
type Device struct {
	// Type is nic or disk.
	Type string `json:"type"`
	// Bus on which the guest finds it: pci, scsi, sata or usb.
	Bus string `json:"bus"`
	// Address on its bus; empty where that is not known before the guest starts.
	Address string `json:"address,omitempty"`
	// MAC address of a network interface.
	MAC string `json:"mac,omitempty"`
	// Serial number of a disk.
	Serial string   `json:"serial,omitempty"`
	Tags   []string `json:"tags"`
}

// noCloud is the meta-data of the NoCloud data source, in JSON, which is YAML.
func (m *MetaData) noCloud() ([]byte, error) {
	return encode(struct {
		InstanceID    string            `json:"instance-id"`
		LocalHostname string            `json:"local-hostname"`
		PublicKeys    map[string]string `json:"public-keys,omitempty"`
		InstanceType  string            `json:"instance-type,omitempty"`
	}{m.InstanceID, m.Hostname, m.keys(), m.InstanceType})
}

// configDrive is the meta_data.json of OpenStack.
func (m *MetaData) configDrive() ([]byte, error) {
	return encode(struct {
		UUID          string            `json:"uuid"`
		InstanceID    string            `json:"instance_id"`
		InstanceType  string            `json:"instance_type,omitempty"`
		Hostname      string            `json:"hostname"`
		LocalHostname string            `json:"local_hostname"`
		PublicKeys    map[string]string `json:"public_keys,omitempty"`
		Devices       []Device          `json:"devices,omitempty"`
	}{m.InstanceID, m.InstanceID, m.InstanceType, m.Hostname, m.Hostname, m.keys(), m.Devices})
}

// keys numbers the public keys, as names that nobody asks for.
func (m *MetaData) keys() map[string]string {
	keys := map[string]string{}
	for i, key := range m.PublicKeys {
		keys[strconv.Itoa(i)] = key
	}
	return keys
}

func encode(document any) ([]byte, error) {
	data, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("encoding the meta-data: %w", err)
	}
	return data, nil
}
