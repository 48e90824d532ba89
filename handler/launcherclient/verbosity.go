package launcherclient

import (
	"context"
	"time"

	"google.golang.org/grpc/connectivity"

	"kubevirt.io/kubevirt/launcher/protocol"
)

// tellTimeout bounds the word about the log; a launcher answers it at once.
const tellTimeout = 5 * time.Second

// SetVerbosity changes how much all launchers log, those to come as well; 0 is what
// they begin with.
func (r *Registry) SetVerbosity(verbosity uint) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	wanted := uint32(min(verbosity, 255)) //nolint:gosec // it fits
	if r.verbosity != nil && *r.verbosity == wanted {
		return
	}
	r.verbosity = &wanted
	for _, known := range r.entries {
		if known.guest != nil && known.guest.Launcher != nil {
			go r.tell(r.ctx, known.guest.Launcher)
		}
	}
}

// tell has a launcher log as much as is wanted. One that does not answer is told again,
// until it is lost: when it is found again it is another.
func (r *Registry) tell(ctx context.Context, launcher *Launcher) {
	for !r.told(ctx, launcher) && ctx.Err() == nil && launcher.conn.GetState() != connectivity.Shutdown {
		pause(ctx, lookAgain)
	}
}

// told tells a launcher what is wanted by now, and whether it knows.
func (r *Registry) told(ctx context.Context, launcher *Launcher) bool {
	launcher.telling.Lock()
	defer launcher.telling.Unlock()
	r.mutex.Lock()
	wanted := r.verbosity
	r.mutex.Unlock()
	if wanted == nil || *wanted == launcher.verbosity || launcher.Info.GetProtocolVersion() < currentVersion {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, tellTimeout)
	defer cancel()
	_, err := launcher.client.Signal(ctx, &protocol.SignalRequest{
		Session: launcher.Info.GetSession(), Action: protocol.Action_ACTION_LOG_VERBOSITY, LogVerbosity: *wanted,
	})
	if err != nil {
		r.log.V(1).Info("A launcher was not told how much to log", "pod", launcher.PodUID, "reason", err.Error())
		return false
	}
	launcher.verbosity = *wanted
	return true
}
