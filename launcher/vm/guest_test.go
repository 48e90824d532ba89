package vm

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

func (f *fakeHypervisor) AskAgent(_ context.Context, command string) (string, error) {
	var message struct {
		Execute string `json:"execute"`
	}
	if err := json.Unmarshal([]byte(command), &message); err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, message.Execute)
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

func TestExec(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		began := time.Now()
		result, err := m.Exec(t.Context(), f.program())
		if err != nil || result.ExitCode == nil || *result.ExitCode != 3 {
			t.Errorf("result %+v, %v", result, err)
		}
		if took := time.Since(began); took != (50+100+200)*time.Millisecond {
			t.Errorf("took %v", took)
		}
		f.want(t, execCommand, statusCommand, statusCommand, statusCommand)
	})
}

// Much input goes to the guest first.
func TestExecWithMuchInput(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		f.says = map[string]string{
			execCommand:        `{"return":{"pid":7}}`,
			statusCommand:      `{"return":{"exited":true,"exitcode":0,"out-data":"L3RtcC94Cg=="}}`,
			"guest-file-open":  `{"return":1}`,
			"guest-file-write": `{"return":{"count":25000}}`,
			"guest-file-flush": `{"return":{}}`, "guest-file-close": `{"return":{}}`,
		}
		result, err := m.Exec(t.Context(), &subresources.GuestExecOptions{Command: []string{"cat"}, Stdin: make([]byte, 50000)})
		if err != nil || string(result.Stdout) != "/tmp/x\n" {
			t.Errorf("result %+v, %v", result, err)
		}
		f.want(t, execCommand, statusCommand, execCommand, statusCommand, "guest-file-open", "guest-file-write", "guest-file-write",
			"guest-file-flush", "guest-file-close", execCommand, statusCommand)
	})
}

func TestExecTakesTooLong(t *testing.T) {
	for name, tc := range map[string]struct {
		seconds *int64
		limit   time.Duration
		said    string
	}{
		"as long as is usual":  {nil, execTimeout, "within 30s"},
		"as long as was asked": {new(int64(100)), 100 * time.Second, "within 1m40s"},
	} {
		t.Run(name, func(t *testing.T) {
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				program := f.program()
				f.ending, program.TimeoutSeconds = 1000, tc.seconds
				began := time.Now()
				_, err := m.Exec(t.Context(), program)
				if took := time.Since(began); !errors.Is(err, ErrStillRunning) || took != tc.limit || !strings.Contains(err.Error(), tc.said) {
					t.Errorf("%v after %v", err, took)
				}
				// 50 ms, 100, 200, 400, 800, then every second.
				if asked := 1000 - f.ending; asked > int(tc.limit.Seconds())+5 {
					t.Errorf("asked %d times", asked)
				}
			})
		})
	}
}

// What a guest does while a program runs in it.
func TestExecMeanwhile(t *testing.T) {
	for name, tc := range map[string]struct {
		meanwhile func(t *testing.T, m *Machine, f *fakeHypervisor)
		err       error
		took      time.Duration
	}{
		"paused and resumed": {func(t *testing.T, m *Machine, f *fakeHypervisor) {
			must(t, m.Pause(t.Context()))
			time.Sleep(10 * time.Second)
			must(t, m.Resume(t.Context()))
		}, nil, 11550 * time.Millisecond},
		"frozen and thawed": {func(t *testing.T, m *Machine, f *fakeHypervisor) {
			must(t, m.Freeze(t.Context(), time.Minute))
			time.Sleep(10 * time.Second)
			must(t, m.Thaw(t.Context()))
		}, nil, 11550 * time.Millisecond},
		"without its agent": {func(t *testing.T, m *Machine, f *fakeHypervisor) { f.agent(false) }, ErrNoAgent, 150 * time.Millisecond},
		"ended":             {func(t *testing.T, m *Machine, f *fakeHypervisor) { f.status(shutdown) }, ErrNotRunning, 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
				program := f.program()
				began := time.Now()
				go func() {
					time.Sleep(100 * time.Millisecond)
					tc.meanwhile(t, m, f)
				}()
				_, err := m.Exec(t.Context(), program)
				if took := time.Since(began); !errors.Is(err, tc.err) || took != tc.took {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

// A program that runs for long is in nobody's way, nor is a slow screenshot.
func TestNobodyWaitsForAProgram(t *testing.T) {
	withGuest(t, func(t *testing.T, m *Machine, f *fakeHypervisor) {
		program := f.program()
		f.ending, f.slow = 1000, 20*time.Second
		go func() { _, _ = m.Exec(t.Context(), program) }()
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
		time.Sleep(execTimeout)
	})
}

// questions are all that the guest agent answers.
var questions = map[string]func(ctx context.Context, m *Machine) error{
	"os info":     func(ctx context.Context, m *Machine) error { _, err := m.OSInfo(ctx); return err },
	"users":       func(ctx context.Context, m *Machine) error { _, err := m.Users(ctx); return err },
	"filesystems": func(ctx context.Context, m *Machine) error { _, err := m.Filesystems(ctx); return err },
	"exec": func(ctx context.Context, m *Machine) error {
		_, err := m.Exec(ctx, &subresources.GuestExecOptions{Command: []string{"true"}})
		return err
	},
	"read": func(ctx context.Context, m *Machine) error {
		_, err := m.ReadFile(ctx, &subresources.GuestFileOptions{Path: "/f", Length: 1})
		return err
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
