package libvirt

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
	"testing/iotest"

	"kubevirt.io/kubevirt/launcher/hypervisor"
)

func TestReadImage(t *testing.T) {
	all := bytes.Repeat([]byte("0123456789abcdef"), hypervisor.MaxScreenshot/16+1)
	for _, size := range []int{0, 1, imageBlock, imageBlock + 1, hypervisor.MaxScreenshot} {
		// A stream gives less than it is asked for.
		if image, err := readImage(iotest.HalfReader(bytes.NewReader(all[:size]))); err != nil || !bytes.Equal(image, all[:size]) {
			t.Errorf("%d of %d bytes, %v", len(image), size, err)
		}
	}
	if _, err := readImage(bytes.NewReader(all[:hypervisor.MaxScreenshot+1])); err == nil {
		t.Error("a larger image was read")
	}
	if _, err := readImage(iotest.ErrReader(errors.ErrUnsupported)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("error %v", err)
	}
	// The image and its blocks, and little else.
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = readImage(bytes.NewReader(all[:8<<20]))
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 17<<20 {
		t.Errorf("an image of 8 MiB takes %d bytes", took)
	}
}
