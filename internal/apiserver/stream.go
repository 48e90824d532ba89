package apiserver

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// byteStream is a device of a guest, one chunk at a time.
type byteStream interface {
	Send(*protocol.StreamChunk) error
	Recv() (*protocol.StreamChunk, error)
	// CloseSend says that nothing more is sent; Recv ends once all was taken.
	CloseSend() error
}

// streamer opens a device of a guest through the virt-handler of its node. Errors
// carry the codes of handler/protocol, or are errNoHandler.
type streamer interface {
	open(ctx context.Context, node string, target *protocol.StreamTarget) (byteStream, error)
}

func (s *server) console(w http.ResponseWriter, r *http.Request, at target) {
	s.stream(w, r, at, &protocol.StreamTarget{Device: protocol.Device_DEVICE_CONSOLE}, mayOpenConsole)
}

func mayOpenConsole(vmi *v1.VirtualMachineInstance) error {
	if off(vmi.Spec.Domain.Devices.AutoattachSerialConsole) {
		return apierrors.NewBadRequest("spec.domain.devices.autoattachSerialConsole is false: the guest has no serial console")
	}
	if vmi.Status.Phase == v1.VMIPhaseFailed {
		return guestConflict(vmi, "the guest has failed")
	}
	return nil
}

func (s *server) vnc(w http.ResponseWriter, r *http.Request, at target) {
	preserve, err := boolQuery(r, "preserveSession", false)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.stream(w, r, at, &protocol.StreamTarget{Device: protocol.Device_DEVICE_VNC, KeepPresent: preserve}, mayOpenDisplay)
}

func mayOpenDisplay(vmi *v1.VirtualMachineInstance) error {
	if off(vmi.Spec.Domain.Devices.AutoattachGraphicsDevice) {
		return apierrors.NewBadRequest("spec.domain.devices.autoattachGraphicsDevice is false: the guest has no display")
	}
	return nil
}

// vncQuery is the query of vnc.
var vncQuery = map[string]string{"preserveSession": "boolean"}

func off(value *bool) bool { return value != nil && !*value }

// stream connects the caller's websocket with a device of the guest. Everything
// that can be refused is refused before the connection is upgraded, with a status
// that a client understands.
func (s *server) stream(w http.ResponseWriter, r *http.Request, at target, wanted *protocol.StreamTarget, check func(*v1.VirtualMachineInstance) error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	var guest byteStream
	err := s.withGuest(ctx, at, func(vmi *v1.VirtualMachineInstance) error {
		if err := cmp.Or(checkHandshake(r), check(vmi)); err != nil {
			return err
		}
		if err := unreachable(vmi); err != nil {
			return err
		}
		wanted.Namespace, wanted.Name, wanted.Uid = vmi.Namespace, vmi.Name, string(vmi.UID)
		var err error
		guest, err = s.streams.open(ctx, vmi.Status.NodeName, wanted)
		return openFailure(vmi, err)
	})
	if err != nil {
		s.fail(w, err)
		return
	}
	s.carry(w, r, at, guest, paceOf(wanted.GetDevice()))
}

// carry relays a stream until it ends.
func (s *server) carry(w http.ResponseWriter, r *http.Request, at target, guest byteStream, pace pace) {
	if err := relay(w, r, guest, pace); err != nil {
		s.log.V(1).Info("a stream ended", "namespace", at.namespace, "name", at.name, "reason", err.Error())
	}
}

// unreachable refuses streams into what does not run; nil when it does.
func unreachable(vmi *v1.VirtualMachineInstance) error {
	if notRunning(vmi) != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("%s is not running: %s", vmi.Name, whyNotRunning(vmi)))
	}
	return nil
}

// openFailure turns a node's refusal to open a device into what the caller is told.
func openFailure(vmi *v1.VirtualMachineInstance, err error) error {
	switch message := status.Convert(err).Message(); status.Code(err) {
	case codes.FailedPrecondition:
		return apierrors.NewBadRequest(message)
	case codes.AlreadyExists, codes.ResourceExhausted, codes.Aborted:
		return guestConflict(vmi, message)
	}
	return nodeFailure(vmi, err)
}
