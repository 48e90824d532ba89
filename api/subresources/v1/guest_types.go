package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// VirtualMachineInstanceGuestAgentInfo is the answer of guestosinfo.
// +kubebuilder:object:root=true
type VirtualMachineInstanceGuestAgentInfo struct {
	metav1.TypeMeta `json:",inline"`
	// Version of the agent.
	// +optional
	GuestAgentVersion string `json:"guestAgentVersion,omitempty"`
	// Commands the agent knows.
	// +optional
	SupportedCommands []GuestAgentCommandInfo `json:"supportedCommands,omitempty"`
	// Host name of the guest.
	// +optional
	Hostname string `json:"hostname,omitempty"`
	// Operating system of the guest.
	// +optional
	OS v1.VirtualMachineInstanceGuestOSInfo `json:"os,omitempty"`
	// Time zone of the guest, with its offset from UTC in seconds.
	// +optional
	Timezone string `json:"timezone,omitempty"`
	// Users logged in.
	// +optional
	UserList []VirtualMachineInstanceGuestOSUser `json:"userList,omitempty"`
	// Filesystems that are mounted.
	// +optional
	FSInfo VirtualMachineInstanceFileSystemInfo `json:"fsInfo,omitempty"`
	// frozen while the filesystems are frozen, else empty.
	// +optional
	FSFreezeStatus string `json:"fsFreezeStatus,omitempty"`
}

// GuestAgentCommandInfo is a command of the guest agent.
type GuestAgentCommandInfo struct {
	// Name of the command.
	Name string `json:"name"`
	// Whether the agent may carry it out.
	// +optional
	Enabled bool `json:"enabled,omitempty"`
}

// VirtualMachineInstanceGuestOSUser is a user logged in to the guest.
type VirtualMachineInstanceGuestOSUser struct {
	// Name of the user.
	UserName string `json:"userName"`
	// Windows domain of the user.
	// +optional
	Domain string `json:"domain,omitempty"`
	// When the user logged in, in seconds since 1970.
	// +optional
	LoginTime float64 `json:"loginTime,omitempty"`
}

// VirtualMachineInstanceFileSystemInfo is the guest's filesystems.
type VirtualMachineInstanceFileSystemInfo struct {
	// The filesystems.
	Disks []VirtualMachineInstanceFileSystem `json:"disks"`
}

// VirtualMachineInstanceFileSystem is a filesystem mounted in the guest.
type VirtualMachineInstanceFileSystem struct {
	// Device of the filesystem.
	DiskName string `json:"diskName"`
	// Directory it is mounted on.
	MountPoint string `json:"mountPoint"`
	// Type of the filesystem, such as ext4.
	FileSystemType string `json:"fileSystemType"`
	// Bytes in use.
	UsedBytes int `json:"usedBytes"`
	// Bytes in all.
	TotalBytes int `json:"totalBytes"`
	// Disks the filesystem is on.
	// +optional
	Disk []VirtualMachineInstanceFileSystemDisk `json:"disk,omitempty"`
}

// VirtualMachineInstanceFileSystemDisk is a disk of the guest.
type VirtualMachineInstanceFileSystemDisk struct {
	// Serial number of the disk.
	// +optional
	Serial string `json:"serial,omitempty"`
	// How the disk is attached.
	BusType string `json:"busType"`
}

// VirtualMachineInstanceGuestOSUserList is the answer of userlist.
// +kubebuilder:object:root=true
type VirtualMachineInstanceGuestOSUserList struct {
	metav1.TypeMeta `json:",inline"`
	// Of a list; always empty.
	// +optional
	Metadata metav1.ListMeta `json:"metadata,omitempty"`
	// Users logged in.
	Items []VirtualMachineInstanceGuestOSUser `json:"items"`
}

// VirtualMachineInstanceFileSystemList is the answer of filesystemlist.
// +kubebuilder:object:root=true
type VirtualMachineInstanceFileSystemList struct {
	metav1.TypeMeta `json:",inline"`
	// Of a list; always empty.
	// +optional
	Metadata metav1.ListMeta `json:"metadata,omitempty"`
	// Filesystems that are mounted.
	Items []VirtualMachineInstanceFileSystem `json:"items"`
}
