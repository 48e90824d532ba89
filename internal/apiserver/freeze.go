package apiserver

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// defaultUnfreezeTimeout is how long filesystems stay frozen when the request does
// not say.
const defaultUnfreezeTimeout = 5 * time.Minute

func (s *server) freeze(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.FreezeUnfreezeTimeout
	var thawAfter uint32
	check := func() (err error) {
		thawAfter, err = thawAfterSeconds(options)
		return err
	}
	s.guestVerb(w, r, at, &options, check, func(vmi *v1.VirtualMachineInstance) error {
		if err := mayFreeze(vmi); err != nil {
			return err
		}
		return s.signal(r.Context(), vmi, &protocol.SignalRequest{Action: protocol.Action_ACTION_FREEZE, ThawAfterSeconds: thawAfter})
	})
}

// thawAfterSeconds is the time of a freeze in whole seconds, rounded up. Nothing and
// zero stand for the default: no freeze is without an end.
func thawAfterSeconds(options subresourcesv1.FreezeUnfreezeTimeout) (uint32, error) {
	timeout := defaultUnfreezeTimeout
	if options.UnfreezeTimeout != nil && options.UnfreezeTimeout.Duration != 0 {
		timeout = options.UnfreezeTimeout.Duration
	}
	seconds := math.Ceil(timeout.Seconds())
	if timeout < 0 || seconds > math.MaxUint32 {
		return 0, apierrors.NewBadRequest(fmt.Sprintf(
			"unfreezeTimeout: %s is not possible: a time such as 30s is, and without one %s", timeout, defaultUnfreezeTimeout))
	}
	return uint32(seconds), nil
}

func (s *server) unfreeze(w http.ResponseWriter, r *http.Request, at target) {
	s.guestVerb(w, r, at, nil, nil, func(vmi *v1.VirtualMachineInstance) error {
		if err := mayFreeze(vmi); err != nil {
			return err
		}
		return s.signal(r.Context(), vmi, &protocol.SignalRequest{Action: protocol.Action_ACTION_UNFREEZE})
	})
}

// mayFreeze tells whether the guest agent can be asked to freeze or thaw. An agent
// that cannot is a failure, by the contract, and no conflict.
func mayFreeze(vmi *v1.VirtualMachineInstance) error {
	if err := notRunning(vmi); err != nil {
		return err
	}
	if why := whyNoAgent(vmi); why != "" {
		return apierrors.NewInternalError(errors.New(why))
	}
	return nil
}
