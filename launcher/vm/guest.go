package vm

import (
	"cmp"
	"context"
	"errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/guestagent"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

// ErrFrozen says that the guest's filesystems have to be thawed for this.
var ErrFrozen = errors.New("the guest's filesystems are frozen")

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
	if err := m.questions.enter(); err != nil {
		return nil, err
	}
	defer m.questions.leave()
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
	if err := m.questions.enter(); err != nil {
		return nil, err
	}
	defer m.questions.leave()
	return guestagent.Users(ctx, m.asking(lifecycle.obeys))
}

// Filesystems asks the guest agent for the filesystems that are mounted.
func (m *Machine) Filesystems(ctx context.Context) ([]subresources.VirtualMachineInstanceFileSystem, error) {
	if err := m.questions.enter(); err != nil {
		return nil, err
	}
	defer m.questions.leave()
	return guestagent.Filesystems(ctx, m.asking(lifecycle.obeys))
}

// ReadFile has the guest agent read a piece of a file and passes it on to use.
func (m *Machine) ReadFile(
	ctx context.Context, options *subresources.GuestFileOptions, use func(*subresources.GuestFileChunk) error,
) error {
	return m.transfer(ctx, func() error {
		chunk, err := guestagent.Read(ctx, m.asking(lifecycle.obeys), options)
		if err != nil {
			return err
		}
		return use(chunk)
	})
}

// WriteFile has the guest agent write a piece of a file.
func (m *Machine) WriteFile(ctx context.Context, options *subresources.GuestFileOptions) error {
	return m.transfer(ctx, func() error { return guestagent.Write(ctx, m.asking(lifecycle.obeys), options) })
}

// transfer is a question with much data in it.
func (m *Machine) transfer(ctx context.Context, do func() error) error {
	if err := m.questions.enter(); err != nil {
		return err
	}
	defer m.questions.leave()
	if err := m.large.wait(ctx); err != nil {
		return err
	}
	defer m.large.leave()
	return do()
}

// Screenshot returns the guest's display as a PNG image, of a paused guest as well.
// Images are large, so there is one at a time.
func (m *Machine) Screenshot(ctx context.Context, movePointer bool) ([]byte, error) {
	if err := m.questions.enter(); err != nil {
		return nil, err
	}
	defer m.questions.leave()
	if err := m.screenshots.wait(ctx); err != nil {
		return nil, err
	}
	defer m.screenshots.leave()
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
