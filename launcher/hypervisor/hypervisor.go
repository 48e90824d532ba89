// Package hypervisor is what launcher/vm asks of the layer that runs the guest
// and what that layer reports back. It is a leaf: plain structs, no libvirt.
package hypervisor

import (
	"context"
	"errors"
)

// ErrNoDomain says that the domain does not exist (any more).
var ErrNoDomain = errors.New("the domain does not exist")

// ErrUnavailable says that the hypervisor's management service cannot be
// reached before the call's deadline; the guest may be running nevertheless.
var ErrUnavailable = errors.New("the hypervisor cannot be reached")

// ErrRefused says that the guest agent has refused a command, rather than not answered.
var ErrRefused = errors.New("the guest agent refuses")

// ErrNoDisplay says that the domain has no display to look at.
var ErrNoDisplay = errors.New("the guest has no display: its spec.domain.devices.autoattachGraphicsDevice is false")

// MaxScreenshot is how many bytes an image of the display may have.
const MaxScreenshot = 16 << 20

// State of a domain.
type State int

// The states of a domain, in the order a guest usually passes them.
const (
	StateNone State = iota
	StateRunning
	StatePaused
	StateShuttingDown
	StateShutoff
	StateCrashed
	// StateSuspended: the guest put itself to sleep (ACPI S3).
	StateSuspended
)

// Ended tells whether a domain in this state will never run again.
func (s State) Ended() bool { return s == StateShutoff || s == StateCrashed }

// Alive tells whether a QEMU process stands behind the state.
func (s State) Alive() bool { return s != StateNone && !s.Ended() }

// Reasons for a state, in the words of the VMI's API documentation.
const (
	ReasonUnknown      = "Unknown"
	ReasonUser         = "User"
	ReasonIOError      = "IOError"
	ReasonMigration    = "Migration"
	ReasonWatchdog     = "Watchdog"
	ReasonSave         = "Save"
	ReasonDump         = "Dump"
	ReasonFromSnapshot = "FromSnapshot"
	ReasonSnapshot     = "Snapshot"
	ReasonShuttingDown = "ShuttingDown"
	ReasonStartingUp   = "StartingUp"
	ReasonPostcopy     = "Postcopy"
	ReasonPostcopyFail = "PostcopyFailed"
	ReasonShutdown     = "Shutdown"
	ReasonDestroyed    = "Destroyed"
	ReasonMigrated     = "Migrated"
	ReasonCrashed      = "Crashed"
	ReasonPanicked     = "Panicked"
	ReasonSaved        = "Saved"
	ReasonFailed       = "Failed"
)

// Status is a state with its reason ("" when there is nothing to add).
type Status struct {
	State  State
	Reason string
	// DiskError is what paused the guest for ReasonIOError, where that is known.
	DiskError DiskError
}

// DiskError is an error that QEMU met on behalf of the guest; the zero value is none.
type DiskError struct {
	// Alias of the disk in the domain.
	Alias string
	// NoSpace: no space is left where the disk's data is.
	NoSpace bool
}

// Event is one thing that happened to the domain. Exactly one field is set.
type Event struct {
	// Status is the domain's new state.
	Status *Status
	// Agent tells that the guest agent has connected or gone.
	Agent *bool
}

// GuestInfo is what the guest agent says. Everything in it was chosen by the
// guest; the implementation bounds lengths and counts.
type GuestInfo struct {
	AgentVersion  string
	Hostname      string
	OSID          string
	OSName        string
	OSPrettyName  string
	OSVersion     string
	OSVersionID   string
	KernelRelease string
	KernelVersion string
	OSMachine     string
	Timezone      string
	Interfaces    []GuestInterface
}

// GuestInterface is one network interface as the guest names it.
type GuestInterface struct {
	Name string
	MAC  string
	IPs  []string
}

// Hypervisor runs the launcher's one domain. Calls wait for the connection
// until ctx ends (ErrUnavailable).
type Hypervisor interface {
	// Start creates the domain from libvirt's domain XML and returns once QEMU
	// runs it, with the machine type that QEMU chose. A paused domain has its
	// virtual CPUs stopped before their first instruction.
	Start(ctx context.Context, xml string, paused bool) (machine string, err error)
	// PressPowerButton asks the guest to shut down.
	PressPowerButton(ctx context.Context) error
	// Destroy ends the domain at once; ErrNoDomain when it is gone already.
	Destroy(ctx context.Context) error
	// Suspend stops the virtual CPUs; Resume lets them run.
	Suspend(ctx context.Context) error
	Resume(ctx context.Context) error
	// Reset presses the reset button.
	Reset(ctx context.Context) error
	// Reboot has the guest reboot by itself: by its power button, or through its
	// agent, and by the button only if that refuses.
	Reboot(ctx context.Context, byAgent bool) error
	// Freeze has the guest agent freeze the filesystems, Thaw thaw them.
	Freeze(ctx context.Context) error
	Thaw(ctx context.Context) error
	// GuestInfo asks the guest agent.
	GuestInfo(ctx context.Context) (*GuestInfo, error)
	// AskAgent passes one command of the guest agent's protocol on and returns the
	// answer, both as JSON; what the agent refuses is ErrRefused in its own words. The
	// answer is the guest's and bounded only by what libvirt takes, 4 MiB.
	AskAgent(ctx context.Context, command string) (answer string, err error)
	// Screenshot returns the display as a PNG image of at most MaxScreenshot bytes;
	// ErrNoDisplay when there is none. The mouse pointer may be moved first, which
	// wakes a sleeping screen.
	Screenshot(ctx context.Context, movePointer bool) ([]byte, error)
	// DumpMemory writes the guest's memory to a file that is there, as an ELF core.
	// QEMU itself stops the virtual CPUs meanwhile and lets them run again.
	DumpMemory(ctx context.Context, path string) error
	// Events reports the domain's changes in order. After a lost connection
	// the present state comes first. There is one reader.
	Events() <-chan Event
}

// String returns the state's name for logs.
func (s State) String() string {
	names := [...]string{"None", "Running", "Paused", "ShuttingDown", "Shutoff", "Crashed", "Suspended"}
	if s < 0 || int(s) >= len(names) {
		return "invalid"
	}
	return names[s]
}
