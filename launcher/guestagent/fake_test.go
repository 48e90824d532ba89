package guestagent

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"testing"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// refused is what an agent refuses, in its own words.
type refused string

func (r refused) Error() string { return string(r) }

func (r refused) Is(target error) bool { return target == hypervisor.ErrRefused }

const errDisabled = refused("Command has been disabled")

// fakeAgent is an agent whose guest is this machine. Its files are real; a program
// has ended when it has been started.
type fakeAgent struct {
	files    map[int64]*os.File
	opened   int64
	ended    map[int64]map[string]any
	disabled []string
	// commands are those carried out, in their order; sent is the longest message.
	commands []string
	sent     int
	// answers replace what the agent would say.
	answers map[string]string
}

func newFakeAgent(t *testing.T) *fakeAgent {
	f := &fakeAgent{files: map[int64]*os.File{}, ended: map[int64]map[string]any{}, answers: map[string]string{}}
	t.Cleanup(func() {
		if len(f.files) != 0 {
			t.Errorf("%d files are still open", len(f.files))
		}
	})
	return f
}

type arguments struct {
	program
	PID    int64  `json:"pid"`
	Mode   string `json:"mode"`
	Handle int64  `json:"handle"`
	Offset int64  `json:"offset"`
	Whence int    `json:"whence"`
	Count  int64  `json:"count"`
	Data   []byte `json:"buf-b64"`
}

func (f *fakeAgent) ask(ctx context.Context, message string) (string, error) {
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	var command struct {
		Execute   string    `json:"execute"`
		Arguments arguments `json:"arguments"`
	}
	if err := json.Unmarshal([]byte(message), &command); err != nil {
		return "", err
	}
	f.commands = append(f.commands, command.Execute)
	f.sent = max(f.sent, len(message))
	if slices.Contains(f.disabled, command.Execute) {
		return "", errDisabled
	}
	if answer, known := f.answers[command.Execute]; known {
		return answer, nil
	}
	result, err := f.carryOut(command.Execute, &command.Arguments)
	if err != nil {
		return "", refused(err.Error())
	}
	raw, err := json.Marshal(map[string]any{"return": result})
	return string(raw), err
}

func (f *fakeAgent) carryOut(command string, a *arguments) (any, error) {
	file := f.files[a.Handle]
	switch command {
	case commandInfo:
		var commands []map[string]any
		for _, name := range []string{commandExec, commandOpen, commandUsers} {
			commands = append(commands, map[string]any{"name": name, "enabled": !slices.Contains(f.disabled, name)})
		}
		return map[string]any{"version": "1", "supported_commands": commands}, nil
	case commandExec:
		return f.run(a)
	case commandExecStatus:
		return f.ended[a.PID], nil
	case commandOpen:
		flags := map[string]int{"r": os.O_RDONLY, "w": os.O_WRONLY | os.O_CREATE | os.O_TRUNC, "a": os.O_WRONLY | os.O_CREATE | os.O_APPEND}
		_, missing := os.Stat(a.Path)
		opened, err := os.OpenFile(a.Path, flags[a.Mode], 0o600)
		if err != nil {
			return nil, err
		}
		if missing != nil {
			_ = opened.Chmod(0o666) // as the real one does
		}
		f.opened++
		f.files[f.opened] = opened
		return f.opened, nil
	case commandClose:
		delete(f.files, a.Handle)
		return map[string]any{}, file.Close()
	case commandFlush:
		return map[string]any{}, nil
	case commandSeek:
		position, err := file.Seek(a.Offset, a.Whence)
		return map[string]any{"position": position, "eof": false}, err
	case commandRead:
		buffer := make([]byte, a.Count)
		n, err := file.Read(buffer)
		if n < 0 || (err != nil && n > 0) {
			return nil, err
		}
		return map[string]any{"count": n, "buf-b64": buffer[:n], "eof": int64(n) < a.Count}, nil
	case commandWrite:
		n, err := file.Write(a.Data[:min(len(a.Data), 100<<10)]) // not all at once
		return map[string]any{"count": n, "eof": false}, err
	}
	return nil, fmt.Errorf("command %s is not known", command)
}

func (f *fakeAgent) run(a *arguments) (any, error) {
	path, err := exec.LookPath(a.Path)
	if err != nil {
		return nil, err
	}
	var stdout, stderr writer
	command := exec.Command(path, a.Args...)
	command.Env, command.Stdin, command.Stdout, command.Stderr = a.Env, bytes.NewReader(a.Input), &stdout, &stderr
	_ = command.Run()
	pid := int64(command.Process.Pid)
	f.ended[pid] = map[string]any{
		"exited": true, "exitcode": command.ProcessState.ExitCode(), "out-data": stdout.b, "err-data": stderr.b,
	}
	return map[string]any{"pid": pid}, nil
}

type writer struct{ b []byte }

func (w *writer) Write(p []byte) (int, error) {
	w.b = append(w.b, p...)
	return len(p), nil
}
