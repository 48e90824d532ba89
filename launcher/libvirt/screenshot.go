package libvirt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	golibvirt "libvirt.org/go/libvirt"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

const (
	// The pointer ends where it was. These go to QEMU itself: libvirt has keys to
	// press, but no pointer to move.
	movePointer     = `{"execute":"input-send-event","arguments":{"events":[{"type":"rel","data":{"axis":"x","value":1}}]}}`
	movePointerBack = `{"execute":"input-send-event","arguments":{"events":[{"type":"rel","data":{"axis":"x","value":-1}}]}}`
	// wakeTime is what a guest needs to draw a screen that was asleep.
	wakeTime = 500 * time.Millisecond
	// imageBlock is how much of an image is read at once.
	imageBlock = 256 << 10
)

// Screenshot implements hypervisor.Hypervisor.
func (h *Hypervisor) Screenshot(ctx context.Context, move bool) (image []byte, err error) {
	err = h.withDomain(ctx, func(domain *golibvirt.Domain) error {
		parsed, err := live(domain)
		if err != nil {
			return err
		}
		if len(parsed.Videos) == 0 {
			return hypervisor.ErrNoDisplay
		}
		if move {
			for _, command := range []string{movePointer, movePointerBack} {
				if _, err := domain.QemuMonitorCommand(command, golibvirt.DOMAIN_QEMU_MONITOR_COMMAND_DEFAULT); err != nil {
					return doing("moving the mouse pointer", err)
				}
			}
			sleep(ctx, wakeTime)
		}
		image, err = screenshot(domain)
		return err
	})
	return image, err
}

// screenshot reads the image that QEMU draws, which is a PNG since QEMU 7.1.
func screenshot(domain *golibvirt.Domain) ([]byte, error) {
	conn, err := domain.DomainGetConnect()
	if err != nil {
		return nil, doing("using the domain's connection", err)
	}
	defer func() { _, _ = conn.Close() }()
	stream, err := conn.NewStream(0)
	if err != nil {
		return nil, doing("opening a stream for the display's image", err)
	}
	defer func() { _ = stream.Free() }()
	kind, err := domain.Screenshot(stream, 0, 0)
	if err != nil {
		return nil, doing("taking an image of the display", err)
	}
	image, err := readImage(received{stream})
	if err == nil && kind != "image/png" {
		err = fmt.Errorf("it is %s, not PNG", kind)
	}
	if err != nil {
		_ = stream.Abort()
		return nil, doing("reading the image of the display", err)
	}
	return image, doing("reading the image of the display", stream.Finish())
}

// readImage copies what it reads once: a buffer that grows would take several times
// the image's memory.
func readImage(from io.Reader) ([]byte, error) {
	var blocks [][]byte
	for size := 0; ; {
		block := make([]byte, imageBlock)
		n, err := io.ReadFull(from, block)
		blocks, size = append(blocks, block[:n]), size+n
		switch {
		case size > hypervisor.MaxScreenshot:
			return nil, fmt.Errorf("it is larger than %d bytes", hypervisor.MaxScreenshot)
		case err == nil:
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return slices.Concat(blocks...), nil
		default:
			return nil, err
		}
	}
}

// received reads a stream.
type received struct{ *golibvirt.Stream }

func (r received) Read(p []byte) (int, error) {
	n, err := r.Recv(p)
	if n < 0 {
		return 0, errors.New("the stream is not one that waits for its data")
	}
	return n, err
}
