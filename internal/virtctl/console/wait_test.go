package console

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"kubevirt.io/kubevirt/internal/virtctl/client"
	"kubevirt.io/kubevirt/test/fakeapi"
)

func refuse(err *apierrors.StatusError) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fakeapi.Refuse(w, err) }
}

func object(kind, name string, status map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "kubevirt.io/v1", "kind": kind, "status": status,
		"metadata": map[string]any{"name": name, "namespace": fakeapi.Namespace, "resourceVersion": "1"},
	}
}

func TestConsole(t *testing.T) {
	resource := schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachineinstances"}
	running := object("VirtualMachineInstance", "web", map[string]any{"phase": "Running"})
	failed := object("VirtualMachineInstance", "failed", map[string]any{"phase": "Failed"})
	all := map[string]map[string]any{"metadata.name=web": running, "metadata.name=failed": failed}
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Object("virtualmachineinstances", "web"):     fakeapi.JSON(running),
		fakeapi.Object("virtualmachineinstances", "failed"):  fakeapi.JSON(failed),
		fakeapi.Object("virtualmachineinstances", "stopped"): refuse(apierrors.NewNotFound(resource, "stopped")),
		fakeapi.Object("virtualmachineinstances", "typo"):    refuse(apierrors.NewNotFound(resource, "typo")),
		fakeapi.Object("virtualmachineinstances", "secret"): refuse(apierrors.NewForbidden(resource, "secret", errors.New(
			`User "jane" cannot get resource "virtualmachineinstances" in API group "kubevirt.io" in the namespace "shop"`))),
		fakeapi.Object("virtualmachines", "stopped"): fakeapi.JSON(object("VirtualMachine", "stopped", map[string]any{"printableStatus": "Stopped"})),
		strings.TrimSuffix(fakeapi.Object("virtualmachineinstances", ""), "/"): func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("sendInitialEvents") != "" {
				fakeapi.Refuse(w, apierrors.NewInvalid(schema.GroupKind{}, "", nil)) // list first, as with older servers
				return
			}
			if r.URL.Query().Get("watch") != "" {
				<-r.Context().Done()
				return
			}
			items := []any{}
			if item := all[r.URL.Query().Get("fieldSelector")]; item != nil {
				items = append(items, item)
			}
			fakeapi.JSON(map[string]any{
				"apiVersion": "kubevirt.io/v1", "kind": "VirtualMachineInstanceList", "items": items, "metadata": map[string]any{"resourceVersion": "1"},
			})(w, r)
		},
		fakeapi.Instance("web", "/console"): fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
			_ = conn.WriteMessage(websocket.BinaryMessage, []byte("login: "))
			fakeapi.Close(conn, "another session has taken over")
		}),
	}))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ problem, said string }{
		"web":     {"another session has taken over", "Successfully connected"},
		"failed":  {"has ended (phase Failed)", ""},
		"stopped": {"is the virtual machine started?", "the virtual machine is Stopped"},
		"typo":    {"instance typo in namespace shop\nhint: ", ""},
		"secret":  {"you may not get virtualmachineinstances in namespace shop\nhint: ", ""},
	} {
		var out, errOut bytes.Buffer
		timeout := 10 * time.Second
		if name == "stopped" {
			timeout = 100 * time.Millisecond
		}
		err := Run(t.Context(), c, Options{Name: name, Timeout: timeout, In: strings.NewReader(""), Out: &out, Err: &errOut})
		if err == nil || !strings.Contains(err.Error(), want.problem) || !strings.Contains(errOut.String(), want.said) {
			t.Errorf("%s: %v, said %q; want %+v", name, err, errOut.String(), want)
		}
		if name == "web" && out.String() != "login: " {
			t.Errorf("printed %q", out.String())
		}
	}
}
