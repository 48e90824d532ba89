package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kubevirt.io/kubevirt/test/fakeapi"
)

// helperVariable makes this test's binary a program that connects to its value and is
// a while tidying up once it is interrupted.
const helperVariable = "TEST_PROXY_HELPER"

func TestMain(m *testing.M) {
	if address := os.Getenv(helperVariable); address != "" {
		os.Exit(help(address, os.Args[1]))
	}
	os.Exit(m.Run())
}

func help(address, tidied string) int {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 3
	}
	_, _ = conn.Write([]byte("x"))
	<-interrupted
	time.Sleep(200 * time.Millisecond)
	if os.WriteFile(tidied, nil, 0o600) != nil {
		return 4
	}
	return 0
}

// TestServeProgram ends a session from outside: the program must have tidied up by the
// time it is over.
func TestServeProgram(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		reason string
		end    bool
		want   string
	}{
		"the stream fails": {"the guest has stopped", false, "the guest has stopped"},
		"the context ends": {"", true, context.Canceled.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			open := opener(t, func(conn *websocket.Conn) {
				_, _, _ = conn.ReadMessage()
				if tc.end {
					cancel()
					_, _, _ = conn.ReadMessage()
				}
				fakeapi.Close(conn, tc.reason)
			})
			listener, err := Listen(ctx, "127.0.0.1", 0)
			if err != nil {
				t.Fatal(err)
			}
			tidied := filepath.Join(t.TempDir(), "tidied")
			err = ServeProgram(ctx, listener, mustOpen(t, open), func(ctx context.Context) *exec.Cmd {
				cmd := Command(ctx, self, tidied)
				cmd.Env = append(os.Environ(), helperVariable+"="+listener.Addr().String())
				return cmd
			})
			if err == nil || err.Error() != tc.want {
				t.Errorf("ended with %v, want %s", err, tc.want)
			}
			if _, err := os.Stat(tidied); err != nil {
				t.Errorf("the program was not let tidy up: %v", err)
			}
		})
	}
}

func TestServeProgramThatFails(t *testing.T) {
	open := opener(t, func(conn *websocket.Conn) { _, _, _ = conn.ReadMessage() })
	for program, want := range map[string]any{"false": new(*exec.ExitError), "/does/not/exist": new(*os.PathError)} {
		listener, err := Listen(t.Context(), "127.0.0.1", 0)
		if err != nil {
			t.Fatal(err)
		}
		stream := mustOpen(t, open)
		err = ServeProgram(t.Context(), listener, stream, func(ctx context.Context) *exec.Cmd { return Command(ctx, program) })
		if !errors.As(err, want) {
			t.Errorf("%s: %v", program, err)
		}
		stream.(io.Closer).Close()
		listener.Close()
	}
}
