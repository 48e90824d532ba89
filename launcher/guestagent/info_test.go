package guestagent

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

func TestInfo(t *testing.T) {
	agent := newFakeAgent(t)
	agent.answers = map[string]string{
		commandInfo:  `{"return":{"version":"7.2","supported_commands":[{"name":"guest-exec","enabled":false,"success-response":true}]}}`,
		commandUsers: `{"return":[{"user":"root","login-time":1700000000.25},{"user":"Admin","domain":"CORP","login-time":1}]}`,
		commandFilesystems: `{"return":[{"name":"vda1","mountpoint":"/","type":"ext4","used-bytes":10,"total-bytes":20,
			"disk":[{"serial":"S","bus-type":"virtio","bus":0,"pci-controller":{"bus":4}}]},{"name":"loop0","mountpoint":"/m","type":"squashfs","disk":[]}]}`,
		commandFreezeState: `{"return":"frozen"}`,
	}
	version, commands, err := Commands(t.Context(), agent.ask)
	if err != nil || version != "7.2" || !reflect.DeepEqual(commands, []subresources.GuestAgentCommandInfo{{Name: "guest-exec"}}) {
		t.Errorf("commands %q %+v, %v", version, commands, err)
	}
	users, err := Users(t.Context(), agent.ask)
	if err != nil || !reflect.DeepEqual(users, []subresources.VirtualMachineInstanceGuestOSUser{
		{UserName: "root", LoginTime: 1700000000.25}, {UserName: "Admin", Domain: "CORP", LoginTime: 1},
	}) {
		t.Errorf("users %+v, %v", users, err)
	}
	filesystems, err := Filesystems(t.Context(), agent.ask)
	if err != nil || !reflect.DeepEqual(filesystems, []subresources.VirtualMachineInstanceFileSystem{
		{
			DiskName: "vda1", MountPoint: "/", FileSystemType: "ext4", UsedBytes: 10, TotalBytes: 20,
			Disk: []subresources.VirtualMachineInstanceFileSystemDisk{{Serial: "S", BusType: "virtio"}},
		},
		{DiskName: "loop0", MountPoint: "/m", FileSystemType: "squashfs"},
	}) {
		t.Errorf("filesystems %+v, %v", filesystems, err)
	}
	if frozen, err := Frozen(t.Context(), agent.ask); err != nil || !frozen {
		t.Errorf("frozen is %v, %v", frozen, err)
	}
}

// Nobody and nothing are lists, too.
func TestEmptyLists(t *testing.T) {
	agent := newFakeAgent(t)
	agent.answers = map[string]string{commandUsers: `{"return":[]}`, commandFilesystems: `{"return":[]}`}
	users, err := Users(t.Context(), agent.ask)
	if err != nil || users == nil || len(users) != 0 {
		t.Errorf("users %#v, %v", users, err)
	}
	filesystems, err := Filesystems(t.Context(), agent.ask)
	if err != nil || filesystems == nil || len(filesystems) != 0 {
		t.Errorf("filesystems %#v, %v", filesystems, err)
	}
}

// However much a guest says, little of it comes out.
func TestGuestIsBounded(t *testing.T) {
	evil := strings.Repeat("ü", 1000) + "\x00\x1b[2J"
	many := func(entry any) string {
		list := make([]any, 300)
		for i := range list {
			list[i] = entry
		}
		raw, err := json.Marshal(map[string]any{"return": list})
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	disks := make([]any, 40)
	for i := range disks {
		disks[i] = map[string]any{"serial": evil, "bus-type": evil}
	}
	agent := newFakeAgent(t)
	command := many(map[string]any{"name": evil, "enabled": true})
	agent.answers = map[string]string{
		commandInfo:        `{"return":{"version":"1\u0000","supported_commands":` + strings.TrimPrefix(command, `{"return":`) + `}`,
		commandUsers:       many(map[string]any{"user": evil, "domain": evil, "login-time": 1}),
		commandFilesystems: many(map[string]any{"name": evil, "mountpoint": evil, "type": evil, "disk": disks}),
	}
	version, commands, err := Commands(t.Context(), agent.ask)
	if err != nil || version != "1" || len(commands) != maxCommands {
		t.Errorf("%q, %d commands, %v", version, len(commands), err)
	}
	users, err := Users(t.Context(), agent.ask)
	if err != nil || len(users) != maxUsers {
		t.Errorf("%d users, %v", len(users), err)
	}
	filesystems, err := Filesystems(t.Context(), agent.ask)
	if err != nil || len(filesystems) != maxFilesystems || len(filesystems[0].Disk) != maxFilesystemDisks {
		t.Fatalf("%d filesystems, %v", len(filesystems), err)
	}
	all := filesystems[0]
	for _, s := range []string{
		commands[0].Name, users[0].UserName, users[0].Domain, all.DiskName, all.MountPoint, all.FileSystemType,
		all.Disk[0].Serial, all.Disk[0].BusType,
	} {
		if len(s) > hypervisor.MaxGuestString || s == "" || strings.Trim(s, "ü") != "" {
			t.Errorf("%q", s)
		}
	}
}

func TestForbiddenUsers(t *testing.T) {
	agent := newFakeAgent(t)
	agent.disabled = []string{commandUsers}
	want := "the configuration of the guest's agent forbids guest-get-users: Command has been disabled"
	if _, err := Users(t.Context(), agent.ask); err == nil || err.Error() != want {
		t.Errorf("error %v", err)
	}
}
