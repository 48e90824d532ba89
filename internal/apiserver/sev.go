package apiserver

import (
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// noAttestation is where every request about SEV ends: spec.domain.launchSecurity is
// refused at admission, so there is no guest that its owner could attest.
const noAttestation = "its guest is started without attestation: spec.domain.launchSecurity.sev.attestation is not set"

func (s *server) sevCertChain(w http.ResponseWriter, r *http.Request, at target) {
	s.sevQuery(w, r, at, notScheduledOrRunning)
}

func (s *server) sevMeasurement(w http.ResponseWriter, r *http.Request, at target) {
	s.sevQuery(w, r, at, notPaused)
}

func (s *server) sevQuery(w http.ResponseWriter, r *http.Request, at target, ready func(*v1.VirtualMachineInstance) error) {
	err := s.needGate(clusterconfig.GateWorkloadEncryptionSEV)
	if err == nil {
		err = asInternal(s.withGuest(r.Context(), at, attestable(ready)))
	}
	s.fail(w, err)
}

func (s *server) sevSession(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.SEVSessionOptions
	s.sevVerb(w, r, at, &options, func() error {
		switch {
		case options.Session == "":
			return apierrors.NewBadRequest("session: must be given, in base64")
		case options.DHCert == "":
			return apierrors.NewBadRequest("dhCert: must be given, in base64")
		}
		return nil
	}, notScheduled)
}

func (s *server) sevSecret(w http.ResponseWriter, r *http.Request, at target) {
	var options subresourcesv1.SEVSecretOptions
	s.sevVerb(w, r, at, &options, func() error {
		if options == (subresourcesv1.SEVSecretOptions{}) {
			return apierrors.NewBadRequest("header and secret: must be given, in base64")
		}
		return nil
	}, notPaused)
}

func (s *server) sevVerb(w http.ResponseWriter, r *http.Request, at target, options any, check func() error,
	ready func(*v1.VirtualMachineInstance) error,
) {
	if err := s.needGate(clusterconfig.GateWorkloadEncryptionSEV); err != nil {
		s.fail(w, err)
		return
	}
	s.guestVerb(w, r, at, options, check, attestable(ready))
}

// attestable refuses first what its guest is not ready for.
func attestable(ready func(*v1.VirtualMachineInstance) error) func(*v1.VirtualMachineInstance) error {
	return func(vmi *v1.VirtualMachineInstance) error {
		if err := ready(vmi); err != nil {
			return err
		}
		return guestConflict(vmi, noAttestation)
	}
}

func notScheduled(vmi *v1.VirtualMachineInstance) error {
	if vmi.IsScheduled() {
		return nil
	}
	return guestConflict(vmi, fmt.Sprintf(
		"a session is set up before its guest starts, in phase Scheduled, not in phase %q", vmi.Status.Phase))
}

func notScheduledOrRunning(vmi *v1.VirtualMachineInstance) error {
	if vmi.IsScheduled() {
		return nil
	}
	return notRunning(vmi)
}

func notPaused(vmi *v1.VirtualMachineInstance) error {
	if err := notRunning(vmi); err != nil {
		return err
	}
	if !vmi.IsPaused() {
		return guestConflict(vmi, "its guest is not paused, which it is until its owner has attested it")
	}
	return nil
}
