package kvm

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"
)

// The program itself is right: with a count that even an emulating KVM is done
// with at once, it ends as expected.
func TestTryShort(t *testing.T) {
	if _, err := os.Stat(Device); err != nil {
		if err := Try(); !errors.Is(err, ErrAbsent) {
			t.Errorf("without a device: %v", err)
		}
		t.Skip("no KVM on this machine")
	}
	full := append([]byte{}, program...)
	defer func() { program = full }()
	program = append([]byte{}, full...)
	binary.LittleEndian.PutUint32(program[1:], 1000)
	if err := Try(); err != nil {
		t.Error(err)
	}
}
