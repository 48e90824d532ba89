package vmi

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sharedFor is how long a list of events is good for all pods of its namespace. The API
// server reads all events of a namespace even for those of one pod.
const sharedFor = 10 * time.Second

// podEvents are what nodes fail at with the pods of some namespaces.
type podEvents struct {
	mutex sync.Mutex
	lists map[string]*eventList
}

type eventList struct {
	// asked is guarded by podEvents, the rest by mutex.
	asked time.Time

	mutex  sync.Mutex
	listed time.Time
	byPod  map[types.UID][]corev1.Event
}

// of returns the obstacles among a pod's events, not older than sharedFor.
func (p *podEvents) of(ctx context.Context, live client.Reader, pod *corev1.Pod, now time.Time) ([]corev1.Event, error) {
	list := p.list(pod.Namespace, now)
	list.mutex.Lock()
	defer list.mutex.Unlock()
	if list.byPod != nil && now.Sub(list.listed) < sharedFor {
		return list.byPod[pod.UID], nil
	}
	events := &corev1.EventList{}
	err := live.List(ctx, events, client.InNamespace(pod.Namespace),
		client.MatchingFields{"involvedObject.kind": "Pod", "type": corev1.EventTypeWarning})
	if err != nil {
		return nil, fmt.Errorf("listing the events of the pods in %s: %w", pod.Namespace, err)
	}
	list.listed, list.byPod = now, map[types.UID][]corev1.Event{}
	for _, e := range events.Items {
		if slices.Contains(obstacles, e.Reason) {
			list.byPod[e.InvolvedObject.UID] = append(list.byPod[e.InvolvedObject.UID], e)
		}
	}
	return list.byPod[pod.UID], nil
}

// list returns a namespace's list and lets go of those that are no longer of use.
func (p *podEvents) list(namespace string, now time.Time) *eventList {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for name, list := range p.lists {
		if now.Sub(list.asked) > sharedFor {
			delete(p.lists, name)
		}
	}
	list := p.lists[namespace]
	if list == nil {
		list = &eventList{}
		if p.lists == nil {
			p.lists = map[string]*eventList{}
		}
		p.lists[namespace] = list
	}
	list.asked = now
	return list
}
