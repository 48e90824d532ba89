package vm

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

func (f *fakeHypervisor) AskAgent(ctx context.Context, command string) (string, error) {
	var message struct {
		Execute string `json:"execute"`
	}
	if err := json.Unmarshal([]byte(command), &message); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, message.Execute)
	if message.Execute == execCommand {
		f.started = append(f.started, command)
	}
	if message.Execute == f.silent {
		f.asking++
		f.most = max(f.most, f.asking)
		f.mu.Unlock()
		<-ctx.Done()
		f.mu.Lock()
		f.asking--
		return "", ctx.Err()
	}
	if message.Execute == statusCommand && f.ending > 0 {
		f.ending--
		return `{"return":{"exited":false}}`, nil
	}
	answer, known := f.says[message.Execute]
	if !known {
		return "", errAgent
	}
	return answer, nil
}

func (f *fakeHypervisor) Screenshot(context.Context, bool) ([]byte, error) {
	time.Sleep(f.slow)
	return []byte("png"), f.verb("screenshot", nil)
}

// program is one that has ended with 3 when it has been asked for twice.
func (f *fakeHypervisor) program() *subresources.GuestExecOptions {
	f.says = map[string]string{
		execCommand:   `{"return":{"pid":7}}`,
		statusCommand: `{"return":{"exited":true,"exitcode":3}}`,
	}
	f.ending = 2
	return &subresources.GuestExecOptions{Command: []string{"true"}}
}

const execCommand, statusCommand = "guest-exec", "guest-exec-status"

// A program that runs for long is in nobody's way, nor is a slow screenshot.
func TestNobodyWaitsForAProgram(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		program := f.program()
		f.ending, f.slow = 1000, 20*time.Second
		go func() { _ = m.Exec(t.Context(), program, forget) }()
		go func() { _, _ = m.Screenshot(t.Context(), false) }()
		time.Sleep(time.Millisecond)
		began := time.Now()
		must(t, m.Pause(t.Context()))
		must(t, m.Resume(t.Context()))
		if took := time.Since(began); took != 0 {
			t.Errorf("pausing took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.Screenshot(ctx, false); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second screenshot: %v", err)
		}
		time.Sleep(subresources.DefaultExecSeconds * time.Second)
	})
}

// questions are all that the guest agent answers.
var questions = map[string]func(ctx context.Context, m *Machine) error{
	"os info":     func(ctx context.Context, m *Machine) error { _, err := m.OSInfo(ctx); return err },
	"users":       func(ctx context.Context, m *Machine) error { _, err := m.Users(ctx); return err },
	"filesystems": func(ctx context.Context, m *Machine) error { _, err := m.Filesystems(ctx); return err },
	"exec": func(ctx context.Context, m *Machine) error {
		return m.Exec(ctx, &subresources.GuestExecOptions{Command: []string{"true"}}, forget)
	},
	"read": func(ctx context.Context, m *Machine) error {
		return m.ReadFile(ctx, &subresources.GuestFileOptions{Path: "/f", Length: 1},
			func(*subresources.GuestFileChunk) error { return nil })
	},
	"write": func(ctx context.Context, m *Machine) error {
		return m.WriteFile(ctx, &subresources.GuestFileOptions{Path: "/f"})
	},
}

func TestGuestCannotAnswer(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		refused := func(want, display error) {
			t.Helper()
			synctest.Wait()
			for name, ask := range questions {
				if err := ask(t.Context(), m); !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", name, err, want)
				}
			}
			if _, err := m.Screenshot(t.Context(), true); !errors.Is(err, display) {
				t.Errorf("screenshot: %v, want %v", err, display)
			}
		}
		must(t, m.Pause(t.Context()))
		refused(ErrPaused, nil)
		must(t, m.Resume(t.Context()))
		f.agent(false)
		refused(ErrNoAgent, nil)
		f.status(shutdown)
		refused(ErrNotRunning, ErrNotRunning)
	})
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		must(t, m.Freeze(t.Context(), time.Minute))
		for name, ask := range questions {
			if err := ask(t.Context(), m); name != "os info" && !errors.Is(err, ErrFrozen) {
				t.Errorf("%s of a frozen guest: %v", name, err)
			}
		}
	})
}

func TestOSInfo(t *testing.T) {
	complete := map[string]string{
		"guest-info":            `{"return":{"version":"10.0","supported_commands":[{"name":"guest-ping","enabled":true}]}}`,
		"guest-get-users":       `{"return":[{"user":"root","login-time":1.5}]}`,
		"guest-get-fsinfo":      `{"return":[{"name":"vda1","mountpoint":"/","type":"ext4","used-bytes":1,"total-bytes":2}]}`,
		"guest-fsfreeze-status": `{"return":"thawed"}`,
	}
	all := subresources.VirtualMachineInstanceGuestAgentInfo{
		GuestAgentVersion: "10.0", Hostname: "tiny",
		SupportedCommands: []subresources.GuestAgentCommandInfo{{Name: "guest-ping", Enabled: true}},
		UserList:          []subresources.VirtualMachineInstanceGuestOSUser{{UserName: "root", LoginTime: 1.5}},
		FSInfo: subresources.VirtualMachineInstanceFileSystemInfo{Disks: []subresources.VirtualMachineInstanceFileSystem{
			{DiskName: "vda1", MountPoint: "/", FileSystemType: "ext4", UsedBytes: 1, TotalBytes: 2},
		}},
	}
	all.OS.ID = "debian"
	frozen := all
	frozen.FSFreezeStatus, frozen.UserList = "frozen", nil
	frozen.FSInfo.Disks = []subresources.VirtualMachineInstanceFileSystem{}
	old := all
	old.UserList, old.FSInfo.Disks = nil, frozen.FSInfo.Disks
	for name, tc := range map[string]struct {
		change func(says map[string]string)
		want   subresources.VirtualMachineInstanceGuestAgentInfo
	}{
		"all that there is": {func(map[string]string) {}, all},
		"of a frozen guest": {func(says map[string]string) { says["guest-fsfreeze-status"] = `{"return":"frozen"}` }, frozen},
		"of an old agent": {func(says map[string]string) {
			for _, command := range []string{"guest-get-users", "guest-get-fsinfo", "guest-fsfreeze-status"} {
				delete(says, command)
			}
		}, old},
	} {
		t.Run(name, func(t *testing.T) {
			says := maps.Clone(complete)
			tc.change(says)
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				f.mu.Lock()
				f.says, f.info = says, hypervisor.GuestInfo{Hostname: "tiny", OSID: "debian"}
				f.mu.Unlock()
				f.agent(true)
				synctest.Wait()
				if got, err := m.OSInfo(t.Context()); err != nil || !reflect.DeepEqual(*got, tc.want) {
					t.Errorf("got  %+v, %v\nwant %+v", got, err, tc.want)
				}
			})
		})
	}
}

// What is asked at once is bounded, and what takes much memory more so.
func TestBusyGuest(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		f.silent = "guest-file-open"
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range maxQuestions {
			go func() { _ = questions["read"](ctx, m) }()
		}
		synctest.Wait()
		if f.most != maxLarge {
			t.Errorf("%d pieces are read at once", f.most)
		}
		for _, name := range []string{"os info", "users", "filesystems", "read", "write"} {
			if err := questions[name](t.Context(), m); !errors.Is(err, ErrBusy) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := m.Screenshot(t.Context(), false); !errors.Is(err, ErrBusy) {
			t.Errorf("screenshot: %v", err)
		}
		f.says = map[string]string{execCommand: `{"return":{"pid":7}}`, statusCommand: `{"return":{"exited":false}}`}
		for range maxPrograms {
			go func() { _ = questions["exec"](ctx, m) }()
		}
		synctest.Wait()
		if err := questions["exec"](t.Context(), m); !errors.Is(err, ErrBusy) {
			t.Errorf("exec: %v", err)
		}
		time.Sleep(time.Hour)
		f.mu.Lock()
		f.says["guest-get-users"] = `{"return":[]}`
		f.mu.Unlock()
		must(t, questions["users"](t.Context(), m))
		f.agent(false)
	})
}
