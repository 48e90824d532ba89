package vm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/api/resource"

	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// dumpOverhead is what a dump may take beyond the guest's memory: its headers, and
	// the memory of the guest's devices.
	dumpOverhead = 100 << 20
	dumpSuffix   = ".memory.dump"
	// dumpTime tells a dump from those before it.
	dumpTime = "20060102-150405"
	// maxDumpName is how much of the names before that there is room for in a file's name.
	maxDumpName = 220
)

// DumpTarget is where a dump of the guest's memory goes.
type DumpTarget struct {
	// Volume is the VMI's volume, Claim the claim behind it.
	Volume, Claim string
	// Directory is where the claim is mounted; empty for one that is no filesystem.
	Directory string
	// Name begins the name of the file.
	Name string
	// Memory is how many bytes the guest has.
	Memory int64
}

// MemoryDump is a dump of the guest's memory, as far as it is.
type MemoryDump struct {
	// Volume is the VMI's volume that it goes to, File the name of the file there.
	Volume, File string
	// Started and Ended are when; it goes on while Ended is zero.
	Started, Ended time.Time
	// Error is why there is no dump after all; empty for one that is complete.
	Error string
}

// errNoDumpTarget says that there is no place for a dump.
var errNoDumpTarget = errors.New("the VMI has no volume of kind memoryDump")

// dumpTargetOf is nil for an instance without a volume for a dump.
func dumpTargetOf(wanted Wanted) *DumpTarget {
	for i := range wanted.VMI.Spec.Volumes {
		volume := &wanted.VMI.Spec.Volumes[i]
		if volume.MemoryDump == nil {
			continue
		}
		memory, name := wanted.VMI.Spec.Domain.GuestMemory(), wanted.VMI.Name+"-"+volume.ClaimName()
		return &DumpTarget{
			Volume: volume.Name, Claim: volume.ClaimName(), Directory: wanted.Volumes[volume.Name],
			Name: name[:min(len(name), maxDumpName)], Memory: memory.Value(),
		}
	}
	return nil
}

// inDump names the reason for which a guest stands still while its memory is written:
// libvirt does not know it from somebody's wish.
func (l lifecycle) inDump(status hypervisor.Status) hypervisor.Status {
	if l.dumping && status.State == hypervisor.StatePaused && status.Reason == hypervisor.ReasonUser {
		status.Reason = hypervisor.ReasonDump
	}
	return status
}

// dumped notes the end of a dump. QEMU lets the guest run again, and is yet to say so.
func (l lifecycle) dumped() (lifecycle, []step) {
	l.dumping = false
	if l.status.State == hypervisor.StatePaused && l.status.Reason == hypervisor.ReasonDump {
		l.status = hypervisor.Status{State: hypervisor.StateRunning}
	}
	return l, nil
}

// DumpMemory begins to write the guest's memory to the volume for that. It does so once:
// asked again, what has become of it stands. Other actions wait for its end, or QEMU
// would let a guest run that was paused meanwhile.
func (m *Machine) DumpMemory(ctx context.Context) error {
	if err := m.turn(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	err := cmp.Or(m.lifecycle.stays(), m.lifecycle.runs())
	if err == nil && m.dumpTarget == nil {
		err = errNoDumpTarget
	}
	if err != nil || m.dump != nil {
		<-m.verbs
		if m.dump != nil {
			return nil
		}
		return err
	}
	now := time.Now()
	dump := MemoryDump{
		Volume: m.dumpTarget.Volume, File: m.dumpTarget.Name + "-" + now.UTC().Format(dumpTime) + dumpSuffix, Started: now,
	}
	m.dump, m.lifecycle.dumping = &dump, true
	m.notify()
	go m.dumpMemory(*m.dumpTarget, dump)
	return nil
}

// dumpMemory writes a dump and says what has become of it.
func (m *Machine) dumpMemory(target DumpTarget, dump MemoryDump) {
	defer func() { <-m.verbs }()
	err := target.write(dump.File, func(path string) error {
		return gone(m.call("dumping the guest's memory", func(ctx context.Context) error {
			return m.options.Hypervisor.DumpMemory(ctx, path)
		}))
	})
	dump.Ended = time.Now()
	if err != nil {
		dump.Error = err.Error()
	}
	m.options.Log.Info("memory dump ended", "file", dump.File,
		"millis", dump.Ended.Sub(dump.Started).Milliseconds(), "err", dump.Error)
	m.apply(lifecycle.dumped)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dump = &dump
	m.notify()
}

// write makes the file, has it filled, and takes it away again if that fails. It is a
// new one, and no link that somebody has left there is followed.
func (t DumpTarget) write(file string, fill func(path string) error) error {
	if t.Directory == "" {
		return fmt.Errorf("claim %s: a memory dump needs volumeMode Filesystem", t.Claim)
	}
	root, err := os.OpenRoot(t.Directory)
	if err != nil {
		return fmt.Errorf("claim %s: %w", t.Claim, err)
	}
	defer func() { _ = root.Close() }()
	made, err := root.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return fmt.Errorf("claim %s cannot be written to: %w", t.Claim, err)
	}
	defer func() { _ = made.Close() }()
	if err = t.fits(made); err == nil {
		// By the open file, which nobody can put another in the place of.
		err = fill(fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), made.Fd()))
	}
	if err == nil {
		err = made.Sync()
	}
	if err != nil {
		_ = root.Remove(file)
		return fmt.Errorf("claim %s: %w", t.Claim, err)
	}
	return nil
}

// fits returns an error unless there is room for the dump where its file is.
func (t DumpTarget) fits(file *os.File) error {
	var found unix.Statfs_t
	if err := unix.Fstatfs(int(file.Fd()), &found); err != nil {
		return fmt.Errorf("looking at its room: %w", err)
	}
	free, needed := int64(found.Bavail)*disk.BlockUnit(&found), t.Memory+dumpOverhead
	if free < needed {
		return fmt.Errorf("it has %s of room, and a memory dump needs %s: the guest's memory and 100Mi; "+
			"enlarge it or make room, and start the guest anew", mebibytes(free), mebibytes(needed))
	}
	return nil
}

func mebibytes(bytes int64) string {
	return resource.NewQuantity(bytes>>20<<20, resource.BinarySI).String()
}
