package agent

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/event"
	"kubevirt.io/kubevirt/launcher/protocol"
)

const (
	// dumpTimeout bounds the word that begins a dump, not the dump.
	dumpTimeout = 10 * time.Second
	// maxDumpMessage is how much of what a launcher says about a dump is shown.
	maxDumpMessage = 1024
)

// dumpFile is how the files of dumps are called.
var dumpFile = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,240}\.memory\.dump$`)

// dumpMemory has the launcher begin a dump of the memory of a guest that runs and has a
// volume for it, unless one was begun before.
func (r *Reconciler) dumpMemory(ctx context.Context, s *scope) error {
	if s.guest.Launcher == nil || !wantsDump(s.vmi, s.state) {
		return nil
	}
	call, cancel := context.WithTimeout(ctx, dumpTimeout)
	defer cancel()
	err := s.guest.Signal(call, protocol.Action_ACTION_DUMP_MEMORY)
	switch protocol.ReasonOf(err) {
	case protocol.ReasonNotRunning, protocol.ReasonTerminating, protocol.ReasonPaused, protocol.ReasonStaleSession:
		return nil // what the launcher says next brings the instance back
	}
	if err != nil {
		return fmt.Errorf("having the guest's memory dumped: %w", err)
	}
	return nil
}

func wantsDump(vmi *v1.VirtualMachineInstance, state *protocol.DomainState) bool {
	volume := dumpVolume(vmi)
	if volume == nil || !vmi.IsRunning() || !vmi.DeletionTimestamp.IsZero() ||
		state.GetState() != protocol.State_STATE_RUNNING || state.GetMemoryDump() != nil {
		return false
	}
	entry := v1.FindVolumeStatus(vmi.Status.VolumeStatus, volume.Name)
	return entry == nil || entry.MemoryDumpVolume == nil
}

// dumpVolume is the volume for the guest's memory, nil for an instance without.
func dumpVolume(vmi *v1.VirtualMachineInstance) *v1.Volume {
	at := slices.IndexFunc(vmi.Spec.Volumes, func(v v1.Volume) bool { return v.MemoryDump != nil })
	if at < 0 {
		return nil
	}
	return &vmi.Spec.Volumes[at]
}

// setMemoryDump tells in the status how far the dump of the guest's memory is. What has
// come of it stands, whatever a launcher says later.
func setMemoryDump(
	vmi *v1.VirtualMachineInstance, phase v1.VirtualMachineInstancePhase, dump *protocol.MemoryDump, now time.Time,
) {
	volume := dumpVolume(vmi)
	if volume == nil {
		return
	}
	entry := v1.FindVolumeStatus(vmi.Status.VolumeStatus, volume.Name)
	if dumpEnded(entry) {
		return
	}
	if dump.GetVolume() == volume.Name && dumpFile.MatchString(dump.GetFile()) {
		entry = v1.EnsureVolumeStatus(&vmi.Status.VolumeStatus, volume.Name)
		entry.MemoryDumpVolume = &v1.DomainMemoryDumpInfo{
			StartTimestamp: stamp(dump.GetStarted()), EndTimestamp: stamp(dump.GetEnded()),
			ClaimName: volume.ClaimName(), TargetFileName: dump.GetFile(),
		}
		switch message := dump.GetError(); {
		case dump.GetEnded() == 0:
			entry.Phase, entry.Reason, entry.Message = v1.VolumePhaseMemoryDumpInProgress, "", ""
		case message == "":
			entry.Phase, entry.Reason, entry.Message = v1.VolumePhaseMemoryDumpCompleted, "", ""
		default:
			dumpFailed(entry, strings.ToValidUTF8(message[:min(len(message), maxDumpMessage)], ""))
		}
	}
	final := phase == v1.VMIPhaseSucceeded || phase == v1.VMIPhaseFailed
	if final && entry != nil && entry.Phase == v1.VolumePhaseMemoryDumpInProgress {
		dumpFailed(entry, "the guest ended before its memory was written")
		entry.MemoryDumpVolume.EndTimestamp = stamp(now.Unix())
	}
}

// dumpFailed records why there is no dump, and with it no file.
func dumpFailed(entry *v1.VolumeStatus, message string) {
	entry.Phase, entry.Reason, entry.Message = v1.VolumePhaseMemoryDumpFailed, v1.ReasonMemoryDumpError, message
}

func dumpEnded(entry *v1.VolumeStatus) bool {
	return entry != nil && (entry.Phase == v1.VolumePhaseMemoryDumpCompleted || entry.Phase == v1.VolumePhaseMemoryDumpFailed)
}

// stamp is a time in seconds since 1970, nil for none.
func stamp(seconds int64) *metav1.Time {
	if seconds == 0 {
		return nil
	}
	at := metav1.Unix(seconds, 0)
	return &at
}

func memoryDumped(dump *v1.DomainMemoryDumpInfo) event.Event {
	return event.Normal(v1.EventMemoryDumpCompleted, "The guest's memory is in claim %s, file %s.",
		dump.ClaimName, dump.TargetFileName)
}

func memoryNotDumped(message string) event.Event {
	return event.Warning(v1.EventMemoryDumpFailed, "The guest's memory could not be dumped: %s", message)
}

// dumpEvents tells when a dump has ended.
func dumpEvents(before, after *v1.VirtualMachineInstance) []event.Event {
	volume := dumpVolume(after)
	if volume == nil {
		return nil
	}
	was := v1.FindVolumeStatus(before.Status.VolumeStatus, volume.Name)
	is := v1.FindVolumeStatus(after.Status.VolumeStatus, volume.Name)
	switch {
	case !dumpEnded(is) || dumpEnded(was):
		return nil
	case is.Phase == v1.VolumePhaseMemoryDumpFailed:
		return []event.Event{memoryNotDumped(is.Message)}
	}
	return []event.Event{memoryDumped(is.MemoryDumpVolume)}
}
