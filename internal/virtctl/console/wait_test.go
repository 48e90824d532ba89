package console

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
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

// inTurn answers each request with the next handler, and then always with the last.
func inTurn(handlers ...http.HandlerFunc) http.HandlerFunc {
	var asked atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(asked.Add(1)), len(handlers))-1](w, r)
	}
}

func TestConsole(t *testing.T) {
	resource := schema.GroupResource{Group: "kubevirt.io", Resource: "virtualmachineinstances"}
	instance := func(name, phase string) http.HandlerFunc {
		return fakeapi.JSON(object("VirtualMachineInstance", name, map[string]any{"phase": phase}))
	}
	machine := func(name, status string) http.HandlerFunc {
		return fakeapi.JSON(object("VirtualMachine", name, map[string]any{"printableStatus": status}))
	}
	missing := func(name string) http.HandlerFunc { return refuse(apierrors.NewNotFound(resource, name)) }
	prompt := fakeapi.Stream(t, func(_ *http.Request, conn *websocket.Conn) {
		_ = conn.WriteMessage(websocket.BinaryMessage, []byte("login: "))
		fakeapi.Close(conn, "another session has taken over")
	})
	c, err := client.New(fakeapi.Serve(t, map[string]http.HandlerFunc{
		fakeapi.Object("virtualmachineinstances", "web"):       instance("web", "Running"),
		fakeapi.Object("virtualmachineinstances", "failed"):    instance("failed", "Failed"),
		fakeapi.Object("virtualmachineinstances", "off"):       instance("off", "Succeeded"),
		fakeapi.Object("virtualmachines", "off"):               inTurn(machine("off", "Running"), machine("off", "Stopped")),
		fakeapi.Object("virtualmachineinstances", "restarted"): inTurn(instance("restarted", "Succeeded"), missing("restarted"), instance("restarted", "Running")),
		fakeapi.Object("virtualmachines", "restarted"):         machine("restarted", "Starting"),
		fakeapi.Object("virtualmachineinstances", "stopped"):   missing("stopped"),
		fakeapi.Object("virtualmachines", "stopped"):           machine("stopped", "Stopped"),
		fakeapi.Object("virtualmachineinstances", "slow"):      instance("slow", "Scheduling"),
		fakeapi.Object("virtualmachineinstances", "typo"):      missing("typo"),
		fakeapi.Object("virtualmachineinstances", "secret"): refuse(apierrors.NewForbidden(resource, "secret", errors.New(
			`User "jane" cannot get resource "virtualmachineinstances" in API group "kubevirt.io" in the namespace "shop"`))),
		fakeapi.Instance("web", "/console"):       prompt,
		fakeapi.Instance("restarted", "/console"): prompt,
		fakeapi.Instance("secret", "/console"):    prompt,
	}))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ problem, said, printed string }{
		"web":       {"another session has taken over", "Successfully connected", "login: "},
		"restarted": {"another session has taken over", "Waiting for restarted to run; the virtual machine is Starting.", "login: "},
		"secret":    {"another session has taken over", "Successfully connected", "login: "},
		"failed":    {"has ended (phase Failed): start it with `virtctl start failed -n shop`", "", ""},
		"off":       {"has ended (phase Succeeded)", "the virtual machine is Running", ""},
		"stopped":   {"is the virtual machine started?", "the virtual machine is Stopped", ""},
		"slow":      {"still in phase Scheduling after 100ms: `virtctl explain vm slow -n shop`", "", ""},
		"typo":      {"instance typo in namespace shop\nhint: ", "", ""},
	} {
		var out, errOut bytes.Buffer
		timeout := 10 * time.Second
		if name == "stopped" || name == "slow" {
			timeout = 100 * time.Millisecond
		}
		err := Run(t.Context(), c, Options{Name: name, Timeout: timeout, In: strings.NewReader(""), Out: &out, Err: &errOut})
		if err == nil || !strings.Contains(err.Error(), want.problem) || !strings.Contains(errOut.String(), want.said) {
			t.Errorf("%s: %v, said %q; want %+v", name, err, errOut.String(), want)
		}
		if out.String() != want.printed {
			t.Errorf("%s: printed %q", name, out.String())
		}
	}
}
