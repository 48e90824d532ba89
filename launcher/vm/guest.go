package vm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/guestagent"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// execTimeout is how long a program's end is waited for unless somebody says
	// otherwise.
	execTimeout = 30 * time.Second
	// A program's end is looked for often at first: most end soon.
	execPollFirst = 50 * time.Millisecond
	execPollLast  = time.Second
)

// ErrFrozen says that the guest's filesystems have to be thawed for this.
var ErrFrozen = errors.New("the guest's filesystems are frozen")

// ErrStillRunning says that a program has not ended in time.
var ErrStillRunning = errors.New("the program goes on in the guest")

// hears tells whether the guest agent can be asked anything.
func (l lifecycle) hears() error { return cmp.Or(l.lives(), l.runs(), l.hasAgent()) }

// obeys tells whether the guest agent carries out more than a thaw.
func (l lifecycle) obeys() error { return cmp.Or(l.hears(), l.moves()) }

func (l lifecycle) moves() error {
	if l.freeze.on {
		return ErrFrozen
	}
	return nil
}

// OSInfo asks the guest agent for all it knows. What an old or restricted agent does
// not tell is left empty, and so is most while the filesystems are frozen.
func (m *Machine) OSInfo(ctx context.Context) (*subresources.VirtualMachineInstanceGuestAgentInfo, error) {
	ask := m.asking(lifecycle.hears)
	version, commands, err := guestagent.Commands(ctx, ask)
	if err != nil {
		return nil, err
	}
	info := &subresources.VirtualMachineInstanceGuestAgentInfo{GuestAgentVersion: version, SupportedCommands: commands}
	known := m.Snapshot().Agent
	if frozen, err := guestagent.Frozen(ctx, ask); err == nil && frozen {
		info.FSFreezeStatus = "frozen"
	} else {
		if known, err = m.options.Hypervisor.GuestInfo(ctx); err != nil {
			return nil, gone(err)
		}
		info.UserList, _ = guestagent.Users(ctx, ask)
		info.FSInfo.Disks, _ = guestagent.Filesystems(ctx, ask)
	}
	if info.FSInfo.Disks == nil {
		info.FSInfo.Disks = []subresources.VirtualMachineInstanceFileSystem{}
	}
	describe(info, known)
	return info, ctx.Err()
}

// describe says which system the guest is.
func describe(info *subresources.VirtualMachineInstanceGuestAgentInfo, known *hypervisor.GuestInfo) {
	if known == nil {
		return
	}
	info.Hostname, info.Timezone = known.Hostname, known.Timezone
	info.OS = v1.VirtualMachineInstanceGuestOSInfo{
		ID: known.OSID, Name: known.OSName, PrettyName: known.OSPrettyName,
		Version: known.OSVersion, VersionID: known.OSVersionID,
		KernelRelease: known.KernelRelease, KernelVersion: known.KernelVersion, Machine: known.OSMachine,
	}
}

// Users asks the guest agent for the users logged in.
func (m *Machine) Users(ctx context.Context) ([]subresources.VirtualMachineInstanceGuestOSUser, error) {
	return guestagent.Users(ctx, m.asking(lifecycle.obeys))
}

// Filesystems asks the guest agent for the filesystems that are mounted.
func (m *Machine) Filesystems(ctx context.Context) ([]subresources.VirtualMachineInstanceFileSystem, error) {
	return guestagent.Filesystems(ctx, m.asking(lifecycle.obeys))
}

// ReadFile has the guest agent read a piece of a file.
func (m *Machine) ReadFile(ctx context.Context, options *subresources.GuestFileOptions) (*subresources.GuestFileChunk, error) {
	return guestagent.Read(ctx, m.asking(lifecycle.obeys), options)
}

// WriteFile has the guest agent write a piece of a file.
func (m *Machine) WriteFile(ctx context.Context, options *subresources.GuestFileOptions) error {
	return guestagent.Write(ctx, m.asking(lifecycle.obeys), options)
}

// Exec has the guest agent run a program and waits for its end. In between the agent
// is free for others, and a guest that stands still is not asked.
func (m *Machine) Exec(ctx context.Context, options *subresources.GuestExecOptions) (*subresources.GuestExecResult, error) {
	limit := execTimeout
	if options.TimeoutSeconds != nil {
		limit = time.Duration(*options.TimeoutSeconds) * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result, err := m.exec(ctx, m.asking(lifecycle.obeys), options)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%s has not ended within %v: %w", options.Command[0], limit, ErrStillRunning)
	}
	return result, err
}

func (m *Machine) exec(ctx context.Context, ask guestagent.Ask, options *subresources.GuestExecOptions) (*subresources.GuestExecResult, error) {
	if guestagent.HasMuchInput(options) {
		reader, err := guestagent.Input(ctx, ask, options, func(first *subresources.GuestExecOptions) (*subresources.GuestExecResult, error) {
			return m.exec(ctx, ask, first)
		})
		if err != nil {
			return nil, err
		}
		options = reader
	}
	pid, err := guestagent.Start(ctx, ask, options)
	if err != nil {
		return nil, err
	}
	for pause := execPollFirst; ; pause = min(2*pause, execPollLast) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		result, err := guestagent.Result(ctx, ask, pid)
		switch {
		case errors.Is(err, ErrPaused), errors.Is(err, ErrFrozen):
		case err != nil || result != nil:
			return result, err
		}
	}
}

// Screenshot returns the guest's display as a PNG image, of a paused guest as well.
// Images are large, so there is one at a time.
func (m *Machine) Screenshot(ctx context.Context, movePointer bool) ([]byte, error) {
	select {
	case m.screenshots <- struct{}{}:
		defer func() { <-m.screenshots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for an earlier screenshot: %w", ctx.Err())
	}
	if err := m.is(lifecycle.lives); err != nil {
		return nil, err
	}
	image, err := m.options.Hypervisor.Screenshot(ctx, movePointer)
	return image, gone(err)
}

// asking is how the guest agent is asked. Whether it may be is looked at anew for
// each command.
func (m *Machine) asking(may func(lifecycle) error) guestagent.Ask {
	return func(ctx context.Context, command string) (string, error) {
		if err := m.is(may); err != nil {
			return "", err
		}
		answer, err := m.options.Hypervisor.AskAgent(ctx, command)
		return answer, gone(err)
	}
}

func (m *Machine) is(may func(lifecycle) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return may(m.lifecycle)
}

// gone says in this package's words that there is no domain.
func gone(err error) error {
	if errors.Is(err, hypervisor.ErrNoDomain) {
		return ErrNotRunning
	}
	return err
}
