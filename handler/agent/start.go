package agent

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// start gets a guest going that has none yet. What goes wrong becomes a problem in
// the status; the error returned decides when to try again.
func (r *Reconciler) start(ctx context.Context, s *scope) error {
	handedOver := s.vmi.IsScheduled() || s.early
	if s.guest.Launcher == nil || s.state.GetState() != protocol.State_STATE_NONE || !handedOver || !s.vmi.DeletionTimestamp.IsZero() {
		return nil
	}
	// What becomes of a failed start is written down, which wakes this reconciler as well.
	id := string(s.vmi.UID)
	if r.Starts.IsInBackOffSinceUpdate(id, r.Clock.Now()) {
		s.retry = r.Starts.Get(id)
		return nil
	}
	err := r.attempt(ctx, s)
	if err != nil {
		r.Starts.GC()
		r.Starts.Next(id, r.Clock.Now())
	} else {
		r.Starts.DeleteEntry(id)
	}
	return err
}

func (r *Reconciler) attempt(ctx context.Context, s *scope) error {
	began := r.Clock.Now()
	prepared, err := r.Pods.Prepare(ctx, s.vmi, s.guest.Launcher)
	if err != nil {
		if !s.guest.Process.Alive() {
			return nil // its end brings the instance back
		}
		s.problem = &problem{reason: reasonPreparing, message: err.Error()}
		return fmt.Errorf("preparing the launcher pod: %w", err)
	}
	ready := r.Clock.Now()
	s.network = prepared.Network
	request, err := wanted(s.vmi, r.Config(), prepared)
	if err != nil {
		return err
	}
	call, cancel := context.WithTimeout(ctx, syncTimeout)
	defer cancel()
	if err := s.guest.Sync(call, request); err != nil {
		return s.refused(err)
	}
	s.synced = true
	ctrl.LoggerFrom(ctx).Info("Started the guest", "uid", s.vmi.UID, "early", s.early, "searchMillis", s.guest.Sought.Milliseconds(),
		"prepareMillis", ready.Sub(began).Milliseconds(), "syncMillis", r.Clock.Since(ready).Milliseconds())
	return nil
}

// Reasons of Synchronized=False that are this component's.
const (
	reasonPreparing = "PreparingFailed"
	reasonStarting  = "StartFailed"
)

// refused turns an error of Sync into what follows from it.
func (s *scope) refused(err error) error {
	switch protocol.ReasonOf(err) {
	case protocol.ReasonTerminating, protocol.ReasonStaleSession:
		// It is on its way out, or the session is no longer the last: the registry
		// notices either and brings the instance back.
		return nil
	case protocol.ReasonInvalidRequest, protocol.ReasonInvalidDomain:
		s.problem = &problem{reason: reasonStarting, message: status.Convert(err).Message()}
		return reconcile.TerminalError(fmt.Errorf("the guest cannot be started: %w", err))
	case "":
		if status.Code(err) == codes.Unavailable || status.Code(err) == codes.Canceled {
			return nil // the connection is gone; the registry brings the instance back
		}
	}
	s.problem = &problem{reason: reasonStarting, message: status.Convert(err).Message()}
	return fmt.Errorf("starting the guest: %w", err)
}

// emulated tells whether a guest in the pod runs without KVM.
func emulated(config *clusterconfig.Config, prepared Prepared) bool {
	return config.UseEmulation && !prepared.KVM
}

// wanted is the full wanted state of a guest.
func wanted(vmi *v1.VirtualMachineInstance, config *clusterconfig.Config, prepared Prepared) (*protocol.SyncRequest, error) {
	encoded, err := json.Marshal(vmi)
	if err != nil {
		return nil, fmt.Errorf("encoding the instance for its launcher: %w", err)
	}
	host := &protocol.Host{
		Emulation: emulated(config, prepared),
		Smbios: &protocol.SMBIOS{
			Manufacturer: config.SMBIOS.Manufacturer, Product: config.SMBIOS.Product, Version: config.SMBIOS.Version,
			Sku: config.SMBIOS.SKU, Family: config.SMBIOS.Family,
		},
		BalloonStatsPeriodSeconds: config.BalloonStatsPeriodSeconds,
		ClaimTolerancePercent:     uint32(config.DiskSpace.TolerancePercent), //nolint:gosec // admission bounds it
		ClaimReserveBytes:         config.DiskSpace.Reserve,
		FirmwareDirectory:         config.FirmwareDirectory(vmi.Spec.Architecture),
		FreePageReporting:         !config.DisableFreePageReporting && vmi.Annotations[v1.AnnotationFreePageReportingDisabled] != "true",
	}
	if host.Emulation {
		host.TranslationCacheMib = clusterconfig.TranslationCacheMiB(guestMemory(vmi))
	}
	request := &protocol.SyncRequest{Vmi: encoded, Host: host, Volumes: prepared.Volumes, KernelBoot: prepared.KernelBoot}
	if prepared.Network != nil {
		request.Interfaces = prepared.Network.Guests()
	}
	return request, nil
}

// guestMemory is the guest's memory in bytes; 0 when the VMI does not say.
func guestMemory(vmi *v1.VirtualMachineInstance) int64 {
	if memory := vmi.Spec.Domain.Memory; memory != nil && memory.Guest != nil {
		return memory.Guest.Value()
	}
	return vmi.Spec.Domain.Resources.Requests.Memory().Value()
}
