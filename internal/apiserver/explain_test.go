package apiserver

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/internal/explain"
	"kubevirt.io/kubevirt/internal/turns"
)

// crowded is a cluster with endless events, each page holding one about the machine, and
// without anything else.
type crowded struct {
	mutex sync.Mutex
	lists []string
	gets  int
}

func (c *crowded) Get(_ context.Context, key client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.gets++
	return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
}

func (c *crowded) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	wanted := (&client.ListOptions{}).ApplyOptions(options)
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.lists = append(c.lists, fmt.Sprintf("%T %s %d", list, wanted.Continue, wanted.Limit))
	if events, ok := list.(*corev1.EventList); ok {
		events.Items = make([]corev1.Event, 2)
		events.Items[0].InvolvedObject.Name = "myvm"
		events.Items[1].InvolvedObject.Name = "another"
		events.Continue = "next"
	}
	return nil
}

func withClaims(count int) *v1.VirtualMachine {
	vm := machine(nil, v1.RunStrategyAlways)
	vm.Spec.Template = &v1.VirtualMachineInstanceTemplateSpec{}
	for i := range count {
		volume := v1.Volume{Name: fmt.Sprint("v", i)}
		volume.PersistentVolumeClaim = &v1.PersistentVolumeClaimVolumeSource{}
		volume.PersistentVolumeClaim.ClaimName = fmt.Sprintf("claim-%03d", i)
		vm.Spec.Template.Spec.Volumes = append(vm.Spec.Template.Spec.Volumes, volume)
	}
	return vm
}

// An explanation takes a bounded number of requests, whatever there is.
func TestExplainIsBounded(t *testing.T) {
	c := &crowded{}
	g := &gathering{client: c, facts: explain.Facts{VM: withClaims(200)}}
	if err := g.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.gets != maxClaims || len(c.lists) != maxPages || c.lists[1] != fmt.Sprintf("*v1.EventList next %d", pageSize) {
		t.Errorf("%d objects read, lists %q", c.gets, c.lists)
	}
	if len(g.facts.Events) != maxPages {
		t.Errorf("%d events", len(g.facts.Events))
	}
	if omitted := strings.Join(g.facts.Omitted, ", "); omitted != "claims after the first 32, events after the first 5000" {
		t.Errorf("omitted: %s", omitted)
	}
}

func TestFewAreExplainedAtATime(t *testing.T) {
	s := &server{client: cluster{vm: withClaims(40)}, surveyor: &crowded{}, log: logr.Discard(), explaining: turns.New(1, 1)}
	ask := func() (int, subresourcesv1.VirtualMachineExplanation) {
		var e subresourcesv1.VirtualMachineExplanation
		answer := httptest.NewRecorder()
		s.explain(answer, httptest.NewRequest(http.MethodGet, "/", http.NoBody), target{name: "myvm"})
		_ = json.Unmarshal(answer.Body.Bytes(), &e)
		return answer.Code, e
	}
	leave, _ := s.explaining.Take("another", 1)
	if code, _ := ask(); code != http.StatusTooManyRequests {
		t.Errorf("one too many: %d", code)
	}
	leave()
	for range 2 { // each leaves its turn to the next
		code, e := ask()
		if code != http.StatusOK || len(e.Notes) != 1 || e.Notes[0].Reason != v1.CauseNotAllLookedAt {
			t.Errorf("%d %+v", code, e)
		}
	}
}
