package usbredir

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

const hello = "usbredirhello"

// TestMain is usbredirect when it is called so.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == helper {
		os.Exit(redirect())
	}
	os.Exit(m.Run())
}

// redirect has one device only.
func redirect() int {
	if !slices.Equal(os.Args[1:4], []string{"--device", "0951:1666", "--to"}) {
		return 2
	}
	conn, err := net.Dial("tcp", os.Args[4])
	if err != nil {
		return 3
	}
	if _, err := io.WriteString(conn, hello); err != nil {
		return 4
	}
	if _, err := io.ReadFull(conn, make([]byte, len(hello))); err != nil {
		return 5
	}
	return 0
}

func guest(t *testing.T, heard chan<- string) *client.Client {
	t.Helper()
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/usbredir"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			_, message, _ := conn.ReadMessage()
			heard <- string(message)
			_ = conn.WriteMessage(websocket.BinaryMessage, message)
			_, _, _ = conn.ReadMessage()
		}),
		fakeapi.Instance("plain", "/usbredir"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewBadRequest("spec.domain.devices.clientPassthrough is not set"))
		},
	}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLaunch(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, helper)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	heard := make(chan string, 2)
	c := guest(t, heard)
	if err := Run(t.Context(), c, Options{Name: "web", Device: "0951:1666", Out: io.Discard, Err: io.Discard}); err != nil {
		t.Error(err)
	}
	if got := <-heard; got != hello {
		t.Errorf("the guest has heard %q", got)
	}
	for want, o := range map[string]Options{
		"has failed for device 2-3": {Name: "web", Device: "2-3", Out: io.Discard, Err: io.Discard},
		"clientPassthrough: {}":     {Name: "plain", Device: "2-3"},
	} {
		if err := Run(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if err := Run(t.Context(), c, Options{Name: "web", Device: "2-3"}); err == nil || !strings.Contains(err.Error(), "--no-launch") {
		t.Errorf("got %v, want what to do without the helper", err)
	}
}

func TestNoLaunch(t *testing.T) {
	heard := make(chan string, 1)
	c := guest(t, heard)
	ctx, cancel := context.WithCancel(t.Context())
	read, out := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, c, Options{Name: "web", NoLaunch: true, Out: out}) }()
	line := make([]byte, 200)
	n, err := read.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).Find(bytes.TrimSpace(line[:n]))
	conn, err := net.Dial("tcp", string(address))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, hello)
	if got := <-heard; got != hello {
		t.Errorf("the guest has heard %q", got)
	}
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		options Options
		ok      bool
	}{
		{Options{Device: "0951:1666"}, true},
		{Options{Device: "2-3"}, true},
		{Options{NoLaunch: true}, true},
		{Options{}, false},
		{Options{Device: "stick"}, false},
		{Options{Device: "0951:1666 --to x"}, false},
		{Options{Device: "2-3", NoLaunch: true}, false},
	} {
		if err := tc.options.validate(); (err == nil) != tc.ok {
			t.Errorf("%+v: %v", tc.options, err)
		}
	}
}
