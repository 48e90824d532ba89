package vnc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

const greeting = "RFB 003.008\n"

// viewerVariable makes this test's binary a viewer, with what it does as the value.
const viewerVariable = "TEST_VNC_VIEWER"

func TestMain(m *testing.M) {
	if does := os.Getenv(viewerVariable); does != "" {
		os.Exit(view(does))
	}
	os.Exit(m.Run())
}

// view fails unless it is shown a display.
func view(does string) int {
	if does == "fail" {
		return 3
	}
	conn, err := net.Dial("tcp", strings.Replace(os.Args[len(os.Args)-1], "::", ":", 1))
	if err != nil {
		return 4
	}
	read := make([]byte, len(greeting))
	if _, err := io.ReadFull(conn, read); err != nil || string(read) != greeting {
		return 5
	}
	if does == "stay" {
		_, _ = io.Copy(io.Discard, conn)
	}
	return 0
}

// display greets, and ends with a reason if there is one.
func display(t *testing.T, queries chan<- string, reason string) http.HandlerFunc {
	return fakeapi.Stream(t, func(r *http.Request, conn *websocket.Conn) {
		queries <- r.URL.RawQuery
		_ = conn.WriteMessage(websocket.BinaryMessage, []byte(greeting))
		if reason != "" {
			fakeapi.Close(conn, reason)
		}
		_, _, _ = conn.ReadMessage()
	})
}

func refuse(err *apierrors.StatusError) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fakeapi.Refuse(w, err) }
}

func connect(t *testing.T, paths map[string]http.HandlerFunc) *client.Client {
	t.Helper()
	paths[fakeapi.Object("virtualmachineinstances", "web")] = fakeapi.JSON(map[string]any{
		"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstance",
	})
	c, err := client.New(fakeapi.Serve(t, paths))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestViewer(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ viewer, reason, want string }{
		"leaves":   {"leave", "", ""},
		"fails":    {"fail", "", "has failed: exit status 3"},
		"replaced": {"stay", "another session has taken over", "the display of web: another session has taken over"},
	} {
		t.Run(name, func(t *testing.T) {
			queries := make(chan string, 1)
			c := connect(t, map[string]http.HandlerFunc{fakeapi.Instance("web", "/vnc"): display(t, queries, tc.reason)})
			t.Setenv(viewerVariable, tc.viewer)
			err := Run(t.Context(), c, Options{Name: "web", Address: "127.0.0.1", PreserveSession: true, ViewerPath: self, Err: io.Discard})
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if query := <-queries; query != "preserveSession=true" {
				t.Errorf("the query is %q", query)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	c := connect(t, map[string]http.HandlerFunc{})
	if err := Run(t.Context(), c, Options{Name: "web", Err: io.Discard}); err == nil || !strings.Contains(err.Error(), "--address is empty") {
		t.Errorf("got %v", err)
	}
}

func TestNoViewerForNoDisplay(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/vnc"): refuse(apierrors.NewBadRequest("the guest has no display")),
	})
	t.Setenv(viewerVariable, "fail")
	err = Run(t.Context(), c, Options{Name: "web", Address: "127.0.0.1", ViewerPath: self, Err: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "no display\nhint: ") || strings.Contains(err.Error(), "exit status") {
		t.Errorf("got %v, want the refusal", err)
	}
}

func TestProxyOnly(t *testing.T) {
	queries := make(chan string, 2)
	c := connect(t, map[string]http.HandlerFunc{fakeapi.Instance("web", "/vnc"): display(t, queries, "")})
	ctx, cancel := context.WithCancel(t.Context())
	line, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, c, Options{Name: "web", Address: "127.0.0.1", ProxyOnly: true, Out: out, Err: io.Discard})
	}()
	var printed struct{ Port int }
	if err := json.NewDecoder(line).Decode(&printed); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", printed.Port))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		read := make([]byte, len(greeting))
		if _, err := io.ReadFull(conn, read); err != nil || string(read) != greeting {
			t.Errorf("got %q, %v", read, err)
		}
		if query := <-queries; query != "" {
			t.Errorf("the query is %q", query)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestScreenshot(t *testing.T) {
	queries := make(chan string, 1)
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/vnc/screenshot"): func(w http.ResponseWriter, r *http.Request) {
			queries <- r.URL.RawQuery
			_, _ = io.WriteString(w, "picture")
		},
		fakeapi.Instance("off", "/vnc/screenshot"): refuse(apierrors.NewInternalError(errors.New("the guest has no display"))),
		fakeapi.Instance("cut", "/vnc/screenshot"): func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "pic")
		},
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "web.png")
	var out bytes.Buffer
	for _, tc := range []struct {
		options   ScreenshotOptions
		query     string
		kept, bad string
	}{
		{ScreenshotOptions{Name: "web", File: "-", MoveCursor: true, Out: &out}, "moveCursor=true", "", ""},
		{ScreenshotOptions{Name: "web", File: file}, "", "picture", ""},
		{ScreenshotOptions{Name: "off", File: file}, "", "picture", "no display\nhint: "},
		{ScreenshotOptions{Name: "cut", File: file}, "", "picture", "unexpected EOF"},
		{ScreenshotOptions{Name: "web", File: filepath.Join(dir, "none", "web.png")}, "", "picture", "no such file"},
	} {
		err := Screenshot(t.Context(), c, tc.options)
		if tc.bad == "" && err != nil || tc.bad != "" && (err == nil || !strings.Contains(err.Error(), tc.bad)) {
			t.Errorf("%+v: %v, want %q", tc.options, err, tc.bad)
		}
		if tc.options.Name == "web" {
			if query := <-queries; query != tc.query {
				t.Errorf("%+v: the query is %q", tc.options, query)
			}
		}
		if got, _ := os.ReadFile(file); string(got) != tc.kept {
			t.Errorf("%+v: the file holds %q, want %q", tc.options, got, tc.kept)
		}
	}
	if out.String() != "picture" {
		t.Errorf("printed %q", out.String())
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}
