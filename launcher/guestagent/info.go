package guestagent

import (
	"context"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// How much of its lists a guest may fill.
const (
	maxCommands        = 256
	maxUsers           = 256
	maxFilesystems     = 256
	maxFilesystemDisks = 32
)

// Commands returns the agent's version and the commands it knows.
func Commands(ctx context.Context, ask Ask) (string, []subresources.GuestAgentCommandInfo, error) {
	var answer struct {
		Version  string `json:"version"`
		Commands []struct {
			Name    string `json:"name"`
			Enabled bool   `json:"enabled"`
		} `json:"supported_commands"`
	}
	if err := ask.call(ctx, commandInfo, nil, &answer); err != nil {
		return "", nil, err
	}
	var commands []subresources.GuestAgentCommandInfo
	for _, command := range first(answer.Commands, maxCommands) {
		commands = append(commands, subresources.GuestAgentCommandInfo{
			Name: hypervisor.Bounded(command.Name), Enabled: command.Enabled,
		})
	}
	return hypervisor.Bounded(answer.Version), commands, nil
}

// Users returns the users logged in; none is an empty list.
func Users(ctx context.Context, ask Ask) ([]subresources.VirtualMachineInstanceGuestOSUser, error) {
	var answer []struct {
		User      string  `json:"user"`
		Domain    string  `json:"domain"`
		LoginTime float64 `json:"login-time"`
	}
	if err := ask.call(ctx, commandUsers, nil, &answer); err != nil {
		return nil, ask.allowed(ctx, commandUsers, err)
	}
	users := []subresources.VirtualMachineInstanceGuestOSUser{}
	for _, user := range first(answer, maxUsers) {
		users = append(users, subresources.VirtualMachineInstanceGuestOSUser{
			UserName: hypervisor.Bounded(user.User), Domain: hypervisor.Bounded(user.Domain), LoginTime: user.LoginTime,
		})
	}
	return users, nil
}

// Filesystems returns the filesystems that are mounted; none is an empty list.
func Filesystems(ctx context.Context, ask Ask) ([]subresources.VirtualMachineInstanceFileSystem, error) {
	var answer []struct {
		Name       string `json:"name"`
		MountPoint string `json:"mountpoint"`
		Type       string `json:"type"`
		Used       int    `json:"used-bytes"`
		Total      int    `json:"total-bytes"`
		Disks      []struct {
			Serial string `json:"serial"`
			Bus    string `json:"bus-type"`
		} `json:"disk"`
	}
	if err := ask.call(ctx, commandFilesystems, nil, &answer); err != nil {
		return nil, ask.allowed(ctx, commandFilesystems, err)
	}
	filesystems := []subresources.VirtualMachineInstanceFileSystem{}
	for _, mounted := range first(answer, maxFilesystems) {
		filesystem := subresources.VirtualMachineInstanceFileSystem{
			DiskName: hypervisor.Bounded(mounted.Name), MountPoint: hypervisor.Bounded(mounted.MountPoint),
			FileSystemType: hypervisor.Bounded(mounted.Type), UsedBytes: mounted.Used, TotalBytes: mounted.Total,
		}
		for _, disk := range first(mounted.Disks, maxFilesystemDisks) {
			filesystem.Disk = append(filesystem.Disk, subresources.VirtualMachineInstanceFileSystemDisk{
				Serial: hypervisor.Bounded(disk.Serial), BusType: hypervisor.Bounded(disk.Bus),
			})
		}
		filesystems = append(filesystems, filesystem)
	}
	return filesystems, nil
}

// Frozen tells whether the guest's filesystems stand still.
func Frozen(ctx context.Context, ask Ask) (bool, error) {
	state := ""
	err := ask.call(ctx, commandFreezeState, nil, &state)
	return state == "frozen", err
}

func first[T any](list []T, most int) []T { return list[:min(len(list), most)] }
