package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// +kubebuilder:object:root=true
type VirtualMachineInstanceGuestAgentInfo struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	GuestAgentVersion string `json:"guestAgentVersion,omitempty"`
	// +optional
	SupportedCommands []GuestAgentCommandInfo `json:"supportedCommands,omitempty"`
	// +optional
	Hostname string `json:"hostname,omitempty"`
	// +optional
	OS v1.VirtualMachineInstanceGuestOSInfo `json:"os,omitempty"`
	// +optional
	Timezone string `json:"timezone,omitempty"`
	// +optional
	UserList []VirtualMachineInstanceGuestOSUser `json:"userList,omitempty"`
	// +optional
	FSInfo VirtualMachineInstanceFileSystemInfo `json:"fsInfo,omitempty"`
	// +optional
	FSFreezeStatus string `json:"fsFreezeStatus,omitempty"`
}

type GuestAgentCommandInfo struct {
	Name string `json:"name"`
	// +optional
	Enabled bool `json:"enabled,omitempty"`
}

type VirtualMachineInstanceGuestOSUser struct {
	UserName string `json:"userName"`
	// +optional
	Domain string `json:"domain,omitempty"`
	// +optional
	LoginTime float64 `json:"loginTime,omitempty"`
}

type VirtualMachineInstanceFileSystemInfo struct {
	Disks []VirtualMachineInstanceFileSystem `json:"disks"`
}

type VirtualMachineInstanceFileSystem struct {
	DiskName       string `json:"diskName"`
	MountPoint     string `json:"mountPoint"`
	FileSystemType string `json:"fileSystemType"`
	UsedBytes      int    `json:"usedBytes"`
	TotalBytes     int    `json:"totalBytes"`
	// +optional
	Disk []VirtualMachineInstanceFileSystemDisk `json:"disk,omitempty"`
}

type VirtualMachineInstanceFileSystemDisk struct {
	// +optional
	Serial  string `json:"serial,omitempty"`
	BusType string `json:"busType"`
}

// +kubebuilder:object:root=true
type VirtualMachineInstanceGuestOSUserList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	Metadata metav1.ListMeta                     `json:"metadata,omitempty"`
	Items    []VirtualMachineInstanceGuestOSUser `json:"items"`
}

// +kubebuilder:object:root=true
type VirtualMachineInstanceFileSystemList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	Metadata metav1.ListMeta                    `json:"metadata,omitempty"`
	Items    []VirtualMachineInstanceFileSystem `json:"items"`
}
