package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

// byteStream is a device of a guest, one chunk at a time.
type byteStream interface {
	Send(*protocol.StreamChunk) error
	Recv() (*protocol.StreamChunk, error)
}

// streamer opens a device of a guest through the virt-handler of its node.
type streamer interface {
	open(ctx context.Context, node string, target *protocol.StreamTarget) (byteStream, error)
}

func (s *server) console(w http.ResponseWriter, r *http.Request, at target) {
	s.stream(w, r, at, protocol.Device_DEVICE_CONSOLE, func(vmi *v1.VirtualMachineInstance) error {
		if off(vmi.Spec.Domain.Devices.AutoattachSerialConsole) {
			return apierrors.NewBadRequest("spec.domain.devices.autoattachSerialConsole is false: the guest has no serial console")
		}
		if vmi.Status.Phase == v1.VMIPhaseFailed {
			return apierrors.NewConflict(resource("virtualmachineinstances"), vmi.Name, errors.New("the guest has failed"))
		}
		return nil
	})
}

func (s *server) vnc(w http.ResponseWriter, r *http.Request, at target) {
	s.stream(w, r, at, protocol.Device_DEVICE_VNC, func(vmi *v1.VirtualMachineInstance) error {
		if off(vmi.Spec.Domain.Devices.AutoattachGraphicsDevice) {
			return apierrors.NewBadRequest("spec.domain.devices.autoattachGraphicsDevice is false: the guest has no display")
		}
		return nil
	})
}

func off(value *bool) bool { return value != nil && !*value }

// stream connects the caller's websocket with a device of the guest. Everything
// that can be refused is refused before the connection is upgraded, with a status
// that a client understands.
func (s *server) stream(w http.ResponseWriter, r *http.Request, at target, device protocol.Device, check func(*v1.VirtualMachineInstance) error) {
	vmi := &v1.VirtualMachineInstance{}
	err := s.client.Get(r.Context(), types.NamespacedName{Namespace: at.namespace, Name: at.name}, vmi)
	if err == nil {
		err = check(vmi)
	}
	if err == nil && (vmi.Status.Phase != v1.VMIPhaseRunning || vmi.Status.NodeName == "") {
		err = apierrors.NewBadRequest(fmt.Sprintf("the guest is not running: phase %q", vmi.Status.Phase))
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	guest, err := s.streams.open(ctx, vmi.Status.NodeName, &protocol.StreamTarget{
		Namespace: vmi.Namespace, Name: vmi.Name, Uid: string(vmi.UID), Device: device,
	})
	if err != nil {
		s.fail(w, apierrors.NewBadRequest(fmt.Sprintf("reaching the node of the guest: %v", err)))
		return
	}
	if err := relay(w, r, guest); err != nil {
		s.log.V(1).Info("a stream ended", "namespace", at.namespace, "name", at.name, "reason", err.Error())
	}
}
