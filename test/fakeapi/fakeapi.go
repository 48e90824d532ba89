// Package fakeapi is a cluster's API server of which a test answers the requests:
// virtctl reaches it over TLS with a token, as it would a real one.
package fakeapi

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// Namespace of the requests.
const Namespace = "shop"

const token = "s3cret"

// Instance is the path of an instance's subresource, with a leading / if any.
func Instance(name, subresource string) string {
	return subresourcePath("virtualmachineinstances", name, subresource)
}

// Machine is the path of a machine's subresource, with a leading / if any.
func Machine(name, subresource string) string {
	return subresourcePath("virtualmachines", name, subresource)
}

func subresourcePath(resource, name, subresource string) string {
	return "/apis/subresources.kubevirt.io/v1/namespaces/" + Namespace + "/" + resource + "/" + name + subresource
}

// Object is the path of an object.
func Object(resource, name string) string {
	return "/apis/kubevirt.io/v1/namespaces/" + Namespace + "/" + resource + "/" + name
}

// Start serves until the test ends and returns the flags that reach it. What the
// handler does not know is refused as a cluster without KubeVirt would.
func Start(t testing.TB, handler http.Handler) *genericclioptions.ConfigFlags {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			Refuse(w, apierrors.NewUnauthorized("no token"))
			return
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	ca := filepath.Join(t.TempDir(), "ca.crt")
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(ca, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	// No kubeconfig of whoever runs the test may shine through.
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	flags := genericclioptions.NewConfigFlags(true)
	*flags.APIServer, *flags.CAFile, *flags.BearerToken, *flags.Namespace = server.URL, ca, token, Namespace
	return flags
}

// Serve serves some paths; each of them by one handler.
func Serve(t testing.TB, paths map[string]http.HandlerFunc) *genericclioptions.ConfigFlags {
	t.Helper()
	mux := http.NewServeMux()
	for path, handler := range paths {
		mux.HandleFunc(path, handler)
	}
	return Start(t, mux)
}

// Refuse answers with the status of an error.
func Refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.Kind, status.APIVersion = "Status", "v1"
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}

// JSON answers with an object.
func JSON(object any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(object)
	}
}

// Stream answers with a websocket.
func Stream(t testing.TB, serve func(r *http.Request, conn *websocket.Conn)) http.HandlerFunc {
	upgrader := websocket.Upgrader{Subprotocols: []string{"plain.kubevirt.io"}}
	return func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrading %s: %v", r.URL, err)
			return
		}
		defer conn.Close()
		if conn.Subprotocol() == "" {
			t.Errorf("%s: the client does not speak the protocol of the streams", r.URL)
		}
		serve(r, conn)
	}
}

// Echo sends every message back.
func Echo(_ *http.Request, conn *websocket.Conn) {
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		if err := conn.WriteMessage(kind, message); err != nil {
			return
		}
	}
}

// Close ends a stream as the server would, with a reason or, if it is empty, orderly.
func Close(conn *websocket.Conn, reason string) {
	code := websocket.CloseNormalClosure
	if reason != "" {
		code = websocket.CloseInternalServerErr
	}
	_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason))
}
