package cloudinit

import "kubevirt.io/kubevirt/launcher/disk"

// Labels by which cloud-init finds its disks.
const (
	noCloudLabel     = "cidata"
	configDriveLabel = "config-2"
)

// NoCloud makes the disk of a volume in dir for the data source NoCloud.
func NoCloud(dir, volume string, data Data, meta MetaData) (disk.Image, error) {
	encoded, err := meta.noCloud()
	if err != nil {
		return disk.Image{}, err
	}
	files := map[string][]byte{"user-data": data.UserData, "meta-data": encoded}
	if len(data.NetworkData) > 0 {
		files["network-config"] = data.NetworkData
	}
	return disk.ISO(dir, volume, noCloudLabel, files)
}

// ConfigDrive makes the disk of a volume in dir for the data source ConfigDrive.
func ConfigDrive(dir, volume string, data Data, meta MetaData) (disk.Image, error) {
	encoded, err := meta.configDrive()
	if err != nil {
		return disk.Image{}, err
	}
	const latest = "openstack/latest/"
	files := map[string][]byte{latest + "meta_data.json": encoded}
	if len(data.UserData) > 0 {
		files[latest+"user_data"] = data.UserData
	}
	if len(data.NetworkData) > 0 {
		files[latest+"network_data.json"] = data.NetworkData
	}
	return disk.ISO(dir, volume, configDriveLabel, files)
}
