package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

func connect(t *testing.T, paths map[string]http.HandlerFunc) *client.Client {
	t.Helper()
	c, err := client.New(fakeapi.Serve(t, paths))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestStream(t *testing.T) {
	queries, closes := make(chan string, 1), make(chan error, 1)
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/portforward/53/udp"): fakeapi.Stream(t, func(r *http.Request, conn *websocket.Conn) {
			queries <- r.URL.RawQuery
			_ = conn.WriteMessage(websocket.BinaryMessage, []byte("first"))
			_ = conn.WriteMessage(websocket.BinaryMessage, nil)
			_ = conn.WriteMessage(websocket.BinaryMessage, []byte("second"))
			_, _, err := conn.ReadMessage()
			closes <- err
		}),
	})
	stream, err := c.StreamWith(t.Context(), client.InstanceResource, "web", "portforward/53/udp", url.Values{"a": {"b c"}})
	if err != nil {
		t.Fatal(err)
	}
	if query := <-queries; query != "a=b+c" {
		t.Errorf("the query is %q", query)
	}
	packets := stream.(client.PacketReader)
	for _, want := range []string{"first", "", "second"} {
		if got, err := packets.ReadPacket(); err != nil || string(got) != want {
			t.Errorf("got %q %v, want %q", got, err, want)
		}
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	if err := <-closes; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("the server saw %v, want an orderly end", err)
	}
	if err := stream.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestStreamReadsMessagesAsBytes(t *testing.T) {
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/console"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			for _, piece := range []string{"a long", "", " message"} {
				_ = conn.WriteMessage(websocket.BinaryMessage, []byte(piece))
			}
			fakeapi.Close(conn, "")
		}),
	})
	stream, err := c.Stream(t.Context(), client.InstanceResource, "web", "console")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	got, err := io.ReadAll(io.MultiReader(io.LimitReader(stream, 3), stream))
	if err != nil || string(got) != "a long message" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestStreamEnds(t *testing.T) {
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("replaced", "/vnc"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			fakeapi.Close(conn, "another session has taken over")
		}),
		fakeapi.Instance("broken", "/vnc"): fakeapi.Stream(t, func(*http.Request, *websocket.Conn) {}),
	})
	for name, want := range map[string]string{"replaced": "another session has taken over", "broken": "the connection was lost"} {
		stream, err := c.Stream(t.Context(), client.InstanceResource, name, "vnc")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		stream.Close()
	}
}

func TestStreamEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	c := connect(t, map[string]http.HandlerFunc{fakeapi.Instance("web", "/vnc"): fakeapi.Stream(t, fakeapi.Echo)})
	stream, err := c.Stream(ctx, client.InstanceResource, "web", "vnc")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	left := errors.New("the user has left")
	time.AfterFunc(10*time.Millisecond, func() { cancel(left) })
	if _, err := stream.Read(make([]byte, 1)); !errors.Is(err, left) {
		t.Errorf("got %v", err)
	}
}

func TestRefusals(t *testing.T) {
	missing := schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachineinstances"}
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("headless", "/vnc"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewBadRequest("autoattachGraphicsDevice is false"))
		},
		fakeapi.Instance("web", "/vnc"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewNotFound(missing, "web"))
		},
		fakeapi.Object("virtualmachines", "web"): fakeapi.JSON(map[string]any{
			"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachine", "status": map[string]any{"printableStatus": "Stopped"},
		}),
	})
	for name, want := range map[string]string{
		"headless": "autoattachGraphicsDevice is false\nhint: set spec.domain",
		"web":      "virtual machine web is not running (Stopped)",
		"unserved": "is KubeVirt installed",
	} {
		stream, err := c.Stream(t.Context(), client.InstanceResource, name, "vnc")
		if err == nil {
			stream.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s as a stream: %v, want %q", name, err, want)
		}
		_, err = c.Fetch(t.Context(), client.InstanceResource, name, "vnc", nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if err := c.In("other").Exists(t.Context(), client.MachineResource, "web"); err == nil {
		t.Error("the other namespace was not asked")
	}
	if err := c.In("").Exists(t.Context(), client.MachineResource, "web"); err != nil {
		t.Error(err)
	}
}

// TestLongRefusals has the server say more than the dialer keeps.
func TestLongRefusals(t *testing.T) {
	roles := strings.Repeat(`the role "a\b" is bound, `, 60)
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("long", "/vnc"): func(w http.ResponseWriter, _ *http.Request) {
			fakeapi.Refuse(w, apierrors.NewForbidden(schema.GroupResource{Resource: "virtualmachineinstances/vnc"}, "long", errors.New(
				`User "jane" cannot get resource "virtualmachineinstances/vnc" in API group "subresources.kubevirt.io" in the namespace "shop": RBAC: `+roles)))
		},
		fakeapi.Instance("detailed", "/vnc"): func(w http.ResponseWriter, _ *http.Request) {
			refusal := apierrors.NewBadRequest("the guest has no display")
			refusal.ErrStatus.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Message: strings.Repeat("x", 2000)}}}
			fakeapi.Refuse(w, refusal)
		},
	})
	for name, want := range map[string]string{
		"long": "you may not get virtualmachineinstances/vnc in namespace shop", "detailed": "the guest has no display\nhint: ",
	} {
		stream, err := c.Stream(t.Context(), client.InstanceResource, name, "vnc")
		if err == nil {
			stream.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func TestSend(t *testing.T) {
	c := connect(t, map[string]http.HandlerFunc{
		fakeapi.Instance("web", "/file"): func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, r.Method+" "+r.URL.RawQuery+" "+r.Header.Get("Content-Type")+" "+string(body))
		},
	})
	answer, err := c.Send(t.Context(), http.MethodPost, client.InstanceResource, "web", "file",
		url.Values{"path": {"/a"}}, strings.NewReader("data"), "application/octet-stream")
	if want := "POST path=%2Fa application/octet-stream data"; err != nil || string(answer) != want {
		t.Errorf("got %q %v, want %q", answer, err, want)
	}
	answer, err = c.Send(t.Context(), http.MethodGet, client.InstanceResource, "web", "file", nil, nil, "")
	if err != nil || string(answer) != "GET   " {
		t.Errorf("got %q %v", answer, err)
	}
}
