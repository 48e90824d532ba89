package server

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/hypervisor"
	"kubevirt.io/kubevirt/launcher/protocol"
	"kubevirt.io/kubevirt/launcher/vm"
)

func (f *fakeMachine) OSInfo(context.Context) (*subresources.VirtualMachineInstanceGuestAgentInfo, error) {
	return &subresources.VirtualMachineInstanceGuestAgentInfo{
		Hostname: "tiny", FSInfo: subresources.VirtualMachineInstanceFileSystemInfo{Disks: []subresources.VirtualMachineInstanceFileSystem{}},
	}, f.call("os info")
}

func (f *fakeMachine) Users(context.Context) ([]subresources.VirtualMachineInstanceGuestOSUser, error) {
	return []subresources.VirtualMachineInstanceGuestOSUser{{UserName: "root"}}, f.call("users")
}

func (f *fakeMachine) Filesystems(context.Context) ([]subresources.VirtualMachineInstanceFileSystem, error) {
	return []subresources.VirtualMachineInstanceFileSystem{}, f.call("filesystems")
}

func (f *fakeMachine) Screenshot(_ context.Context, movePointer bool) ([]byte, error) {
	return []byte("\x89PNG"), f.call(fmt.Sprint("screenshot ", movePointer))
}

func (f *fakeMachine) Exec(
	_ context.Context, options *subresources.GuestExecOptions, use func(*subresources.GuestExecResult) error,
) error {
	return cmp.Or(f.call(fmt.Sprint("exec ", options.Command)),
		use(&subresources.GuestExecResult{ExitCode: new(int64(3)), Stdout: []byte("hi")}))
}

func (f *fakeMachine) ReadFile(
	_ context.Context, o *subresources.GuestFileOptions, use func(*subresources.GuestFileChunk) error,
) error {
	return cmp.Or(f.call(fmt.Sprintf("read %s %d+%d", o.Path, o.Offset, o.Length)),
		use(&subresources.GuestFileChunk{Data: []byte("hi"), EOF: true}))
}

func (f *fakeMachine) WriteFile(_ context.Context, o *subresources.GuestFileOptions) error {
	return f.call(fmt.Sprintf("write %s %d %q", o.Path, o.Offset, o.Data))
}

const (
	osInfo      = protocol.Question_QUESTION_OS_INFO
	users       = protocol.Question_QUESTION_USERS
	filesystems = protocol.Question_QUESTION_FILESYSTEMS
	screenshot  = protocol.Question_QUESTION_SCREENSHOT
	execProgram = protocol.Question_QUESTION_EXEC
	readFile    = protocol.Question_QUESTION_READ_FILE
	writeFile   = protocol.Question_QUESTION_WRITE_FILE
)

func TestGuest(t *testing.T) {
	machine, client, session := serve(t)
	const kind = `{"kind":"%s","apiVersion":"subresources.kubevirt.io/v1",`
	asked := map[protocol.Question]bool{}
	for _, tc := range []struct {
		question protocol.Question
		options  string
		call     string
		answer   string
	}{
		{osInfo, "", "os info", fmt.Sprintf(kind, "VirtualMachineInstanceGuestAgentInfo") + `"hostname":"tiny","os":{},"fsInfo":{"disks":[]}}`},
		{users, "", "users", fmt.Sprintf(kind, "VirtualMachineInstanceGuestOSUserList") + `"metadata":{},"items":[{"userName":"root"}]}`},
		{filesystems, "", "filesystems", fmt.Sprintf(kind, "VirtualMachineInstanceFileSystemList") + `"metadata":{},"items":[]}`},
		{screenshot, "", "screenshot false", "\x89PNG"},
		{screenshot, `{"moveCursor":true}`, "screenshot true", "\x89PNG"},
		{execProgram, `{"command":["ls","-l"],"stdin":"aGk=","env":["A="],"timeoutSeconds":3600}`, "exec [ls -l]",
			fmt.Sprintf(kind, "GuestExecResult") + `"exitCode":3,"stdout":"aGk="}`},
		{readFile, `{"path":"/etc/motd","offset":5,"length":1048576}`, "read /etc/motd 5+1048576", `{"data":"aGk=","eof":true}`},
		{readFile, `{"path":"C:\\x","length":1}`, `read C:\x 0+1`, `{"data":"aGk=","eof":true}`},
		{writeFile, `{"path":"/f","data":"aGk="}`, `write /f 0 "hi"`, ""},
	} {
		machine.calls, asked[tc.question] = nil, true
		got, err := client.Guest(t.Context(), &protocol.GuestRequest{Session: session, Question: tc.question, Options: []byte(tc.options)})
		if err != nil || string(got.GetAnswer()) != tc.answer || fmt.Sprint(machine.calls) != fmt.Sprint([]string{tc.call}) {
			t.Errorf("%v: %s %v\nwant %s; calls %q", tc.question, got.GetAnswer(), err, tc.answer, machine.calls)
		}
	}
	if len(asked) != len(protocol.Question_name)-1 {
		t.Errorf("%d of %d questions are tried", len(asked), len(protocol.Question_name)-1)
	}
	_, err := client.Guest(t.Context(), &protocol.GuestRequest{Session: session + 1, Question: osInfo})
	if protocol.ReasonOf(err) != protocol.ReasonStaleSession {
		t.Errorf("another session: %v", err)
	}
}

func TestGuestRefuses(t *testing.T) {
	machine, client, session := serve(t)
	marshal := func(options any) string {
		raw, err := json.Marshal(options)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for _, tc := range []struct {
		question protocol.Question
		options  string
		said     string
	}{
		{screenshot, "{", "reading the options"},
		{execProgram, "", "command: "},
		{execProgram, `{"command":["a"],"timeoutSeconds":3601}`, "timeoutSeconds: 3601"},
		{execProgram, marshal(subresources.GuestExecOptions{Command: []string{"a"}, Stdin: make([]byte, subresources.MaxExecStdin+1)}), "stdin: "},
		{readFile, `{"path":"etc/motd","length":1}`, "path: "},
		{readFile, `{"path":"/f"}`, "length: 0 is not allowed"},
		{writeFile, `{"path":"/f","offset":-1}`, "offset: -1 is not allowed"},
	} {
		_, err := client.Guest(t.Context(), &protocol.GuestRequest{Session: session, Question: tc.question, Options: []byte(tc.options)})
		if status.Code(err) != codes.InvalidArgument || protocol.ReasonOf(err) != protocol.ReasonActionFailed ||
			!strings.Contains(err.Error(), tc.said) {
			t.Errorf("%v %.60s: %v, want %s", tc.question, tc.options, err, tc.said)
		}
	}
	// Only this is for a handler to take as a launcher that knows less.
	for _, question := range []protocol.Question{protocol.Question_QUESTION_UNSPECIFIED, 99} {
		_, err := client.Guest(t.Context(), &protocol.GuestRequest{Session: session, Question: question})
		if status.Code(err) != codes.InvalidArgument || protocol.ReasonOf(err) != protocol.ReasonInvalidRequest {
			t.Errorf("%v: %v", question, err)
		}
	}
	if len(machine.calls) != 0 {
		t.Errorf("the machine was asked: %v", machine.calls)
	}
}

func TestGuestErrors(t *testing.T) {
	machine, client, session := serve(t)
	for _, tc := range []struct {
		err    error
		code   codes.Code
		reason protocol.Reason
	}{
		{vm.ErrNotRunning, codes.FailedPrecondition, protocol.ReasonNotRunning},
		{vm.ErrPaused, codes.FailedPrecondition, protocol.ReasonPaused},
		{vm.ErrNoAgent, codes.FailedPrecondition, protocol.ReasonNoAgent},
		{vm.ErrFrozen, codes.FailedPrecondition, protocol.ReasonFrozen},
		{vm.ErrStillRunning, codes.DeadlineExceeded, protocol.ReasonStillRunning},
		{fmt.Errorf("%w: %w", vm.ErrNotStarted, hypervisor.ErrUnavailable), codes.DeadlineExceeded, ""},
		{vm.ErrBusy, codes.Unavailable, protocol.ReasonHypervisorUnavailable},
		{hypervisor.ErrNoDisplay, codes.FailedPrecondition, protocol.ReasonNoDisplay},
		{errors.New("the agent said no"), codes.Internal, protocol.ReasonActionFailed},
	} {
		machine.err = fmt.Errorf("asking: %w", tc.err)
		for question, options := range map[protocol.Question]string{
			osInfo: "", users: "", filesystems: "", screenshot: "", execProgram: `{"command":["a"]}`,
			readFile: `{"path":"/f","length":1}`, writeFile: `{"path":"/f"}`,
		} {
			_, err := client.Guest(t.Context(), &protocol.GuestRequest{Session: session, Question: question, Options: []byte(options)})
			if status.Code(err) != tc.code || protocol.ReasonOf(err) != tc.reason || status.Convert(err).Message() != machine.err.Error() {
				t.Errorf("%v, %v: %v %v", question, tc.err, err, protocol.ReasonOf(err))
			}
		}
	}
}
