package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/clientcmd"
)

var (
	instances = schema.GroupResource{Group: "kubevirt.io", Resource: InstanceResource}
	machines  = schema.GroupResource{Group: "kubevirt.io", Resource: MachineResource}
	refused   = &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
)

func forbidden(verb, resource, group, namespace string) error {
	text := fmt.Sprintf("User %q cannot %s resource %q in API group %q", "jane", verb, resource, group)
	if namespace != "" {
		text += fmt.Sprintf(" in the namespace %q", namespace)
	}
	return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "web", errors.New(text))
}

func TestFriendly(t *testing.T) {
	about := About{Server: "https://cluster.example:6443", Namespace: "shop", Resource: InstanceResource, Name: "web"}
	at := func(subresource string) About {
		a := about
		a.Subresource = subresource
		return a
	}
	stopped := about
	stopped.MachineStatus = "Stopped"
	conflict := func(text string) error { return apierrors.NewConflict(instances, "web", errors.New(text)) }
	dialled := func(why string) error {
		return apierrors.NewInternalError(errors.New("connecting to tcp port 80 of the guest: dial tcp 10.0.0.7:80: " + why))
	}
	for name, tc := range map[string]struct {
		err   error
		about About
		want  []string
	}{
		"no kubeconfig":           {clientcmd.ErrEmptyConfig, About{}, []string{"no cluster is configured", "--kubeconfig"}},
		"no kubeconfig, a stream": {refused, About{Server: "http://localhost:8080"}, []string{"no cluster is configured"}},
		"no kubeconfig, a list":   {&url.Error{Op: "Get", URL: "http://localhost:8080/api", Err: refused}, About{}, []string{"no cluster is configured"}},
		"cluster down":            {refused, about, []string{"refused", "cluster.example:6443 is not reached"}},
		"cluster unknown":         {&net.DNSError{Err: "no such host", Name: "x"}, about, []string{"is not reached"}},
		"cluster silent":          {&net.OpError{Op: "dial", Err: context.DeadlineExceeded}, about, []string{"does not answer"}},
		"other cluster":           {errors.New("tls: x509: certificate signed by unknown authority"), about, []string{"is not trusted"}},
		"token expired":           {apierrors.NewUnauthorized("no"), about, []string{"does not accept your credentials", "expired"}},
		"wrong namespace":         {apierrors.NewNotFound(machines, "web"), about, []string{"no virtual machine web in namespace shop", "-n"}},
		"no replica set": {apierrors.NewNotFound(schema.GroupResource{Resource: "virtualmachineinstancereplicasets"}, "farm"), about,
			[]string{"no replica set farm in namespace shop"}},
		"no instance": {apierrors.NewNotFound(instances, "web"), about, []string{"no running virtual machine instance web in namespace shop"}},
		"stopped": {apierrors.NewNotFound(instances, "web"), stopped,
			[]string{"virtual machine web is not running (Stopped)", "`virtctl start web -n shop`", "virtctl explain vm web"}},
		"not installed": {apierrors.NewGenericServerResponse(http.StatusNotFound, "put", instances, "web", "404 page not found", 0, true), about,
			[]string{"does not serve", "is KubeVirt installed"}},
		"virt-api away": {apierrors.NewServiceUnavailable("the server is currently unable to handle the request"), about, []string{"virt-api is not available"}},
		"may not start": {forbidden("update", "virtualmachines/start", SubresourceGroup, "shop"), about,
			[]string{"you may not update virtualmachines/start in namespace shop", "--clusterrole=kubevirt.io:edit --user=jane -n shop"}},
		"may not look":           {forbidden("list", "virtualmachines", "kubevirt.io", ""), about, []string{"you may not list virtualmachines\n", "kubevirt.io:view"}},
		"may not take a picture": {forbidden("get", "virtualmachineinstances/vnc/screenshot", SubresourceGroup, "shop"), about, []string{"kubevirt.io:admin"}},
		"may not migrate":        {forbidden("update", "virtualmachines/migrate", SubresourceGroup, "shop"), about, []string{"kubevirt.io:migrate"}},
		"may not ask":            {forbidden("get", "virtualmachineinstances/userlist", SubresourceGroup, "shop"), about, []string{"kubevirt.io:view"}},
		"may not, elsewhere":     {forbidden("get", "pods", "", "shop"), about, []string{`the verb get on pods of API group ""`}},
		"may not look, half said": {forbidden("get", "virtualmachineinstances/vnc", SubresourceGroup, "shop"), at("vnc/screenshot"),
			[]string{"may not get virtualmachineinstances/vnc in", "--clusterrole=kubevirt.io:admin"}},
		"may not watch":      {forbidden("get", "virtualmachineinstances/vnc", SubresourceGroup, "shop"), at("vnc"), []string{"=kubevirt.io:edit "}},
		"no console":         {apierrors.NewBadRequest("the guest has no serial console"), at("console"), []string{"no serial console", "autoattachSerialConsole"}},
		"no display":         {apierrors.NewInternalError(errors.New("the guest has no display")), at("vnc/screenshot"), []string{"autoattachGraphicsDevice"}},
		"no USB redirection": {conflict("clientPassthrough is not set"), at("usbredir"), []string{"clientPassthrough: {}"}},
		"no agent":           {conflict("the guest agent is not connected"), at("guestosinfo"), []string{"qemu-guest-agent"}},
		"paused, asked":      {conflict("the guest is paused, and so is the guest agent"), at("guestosinfo"), []string{"virtctl unpause vmi web"}},
		"paused":             {conflict("its guest is paused"), at("portforward/80/tcp"), []string{"virtctl unpause vmi web -n shop"}},
		"port closed":        {dialled("connect: connection refused"), at("portforward/80/tcp"), []string{"port 80", "nothing listens"}},
		"port filtered":      {dialled("i/o timeout"), at("portforward/80/tcp"), []string{"does not answer"}},
		"no interface":       {apierrors.NewBadRequest("spec.domain.devices.interfaces is empty"), at("portforward/80/tcp"), []string{"add a network"}},
		"no address":         {apierrors.NewBadRequest("no address is known of the guest's network interface"), at("portforward/80/tcp"), []string{"status.interfaces"}},
		"not running":        {conflict("its guest does not run yet"), at("pause"), []string{"virtctl explain vm web"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := Friendly(fmt.Errorf("doing it: %w", tc.err), tc.about)
			if name == "no kubeconfig" { // clientcmd does not look into wrapped errors
				err = Friendly(tc.err, tc.about)
			}
			if !errors.Is(err, tc.err) {
				t.Errorf("%v hides its cause", err)
			}
			said, hint, _ := strings.Cut(err.Error(), "\nhint: ")
			if said == "" || hint == "" {
				t.Errorf("got %q, want an error and a hint", err)
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q", err, want)
				}
			}
			if again := Friendly(fmt.Errorf("outside: %w", err), About{}); strings.Count(again.Error(), "hint: ") != 1 {
				t.Errorf("explained again: %q", again)
			}
		})
	}
}

func TestFriendlyLeavesTheRest(t *testing.T) {
	for name, err := range map[string]error{
		"nothing":         nil,
		"a wrong flag":    errors.New("--stdio takes one port"),
		"already paused":  apierrors.NewConflict(instances, "web", errors.New("its guest is already paused")),
		"a probe forbids": apierrors.NewForbidden(instances, "web", errors.New("spec.livenessProbe: pausing is not allowed")),
		"nobody's host":   &net.DNSError{Err: "no such host", Name: "x"},
		"still starting":  apierrors.NewConflict(machines, "web", errors.New("it is running already")),
	} {
		var explained *Explained
		if got := Friendly(err, About{Name: "web", Subresource: "pause"}); !errors.Is(got, err) || errors.As(got, &explained) {
			t.Errorf("%s: %v", name, got)
		}
	}
	taken := &net.OpError{Op: "listen", Err: &net.DNSError{Err: "no such host", Name: "x"}}
	if got := Friendly(taken, About{Server: "https://cluster.example:6443"}); got.Error() != taken.Error() {
		t.Errorf("an address to listen on: %v", got)
	}
}
