package console

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
)

func TestSend(t *testing.T) {
	for _, tc := range []struct {
		name, typed, sent string
		left              bool
	}{
		{"plain keys", "ls\r", "ls\r", false},
		{"escape leaves", "ls\x1drest", "ls", true},
		{"escape first", "\x1d", "", true},
		{"other control keys go to the guest", "\x03\x04", "\x03\x04", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var guest bytes.Buffer
			left, err := send(&guest, strings.NewReader(tc.typed))
			if err != nil || left != tc.left || guest.String() != tc.sent {
				t.Fatalf("left %v, sent %q, %v; want %v, %q", left, guest.String(), err, tc.left, tc.sent)
			}
		})
	}
}

func TestAttachReadsOnAfterInputEnded(t *testing.T) {
	local, guest := net.Pipe()
	go func() {
		_, _ = io.ReadFull(guest, make([]byte, 2))
		_, _ = guest.Write([]byte("login: "))
		guest.Close()
	}()
	var out bytes.Buffer
	if err := attach(local, strings.NewReader("hi"), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "login: " {
		t.Errorf("got %q, want the guest's output", out.String())
	}
}

func TestAttachLeaves(t *testing.T) {
	local, guest := net.Pipe()
	defer guest.Close()
	if err := attach(local, strings.NewReader("\x1d"), io.Discard); err != nil {
		t.Fatal(err)
	}
}
