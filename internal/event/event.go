// Package event records what happened to an object as core Events. An event is
// emitted on a transition only, so each costs one write.
package event

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Event is one thing that happened. Packages build theirs in functions of their
// events.go; reasons are constants of api/core/v1.
type Event struct {
	// Type is corev1.EventTypeNormal or corev1.EventTypeWarning.
	Type string
	// Reason is one CamelCase word for programs.
	Reason string
	// Message is a sentence for people; no secrets.
	Message string
}

// Normal is an event about something that was to be expected.
func Normal(reason, format string, args ...any) Event {
	return Event{Type: corev1.EventTypeNormal, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Warning is an event about something a person should look at. Clients take any
// warning for a failure, so a healthy path emits none.
func Warning(reason, format string, args ...any) Event {
	return Event{Type: corev1.EventTypeWarning, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// Recorder takes events about objects; it never blocks and never fails.
type Recorder interface {
	Emit(about client.Object, e Event)
}

// New returns a Recorder that writes core Events in the background, under the
// component's name, until ctx is done. Repetitions become updates of the first
// event.
func New(ctx context.Context, sink typedcorev1.EventsGetter, scheme *runtime.Scheme, component string) Recorder {
	return NewForMany(ctx, sink, scheme, component, 0)
}

// NewForMany is New for a component that may have so many different things to say of one
// object in a moment; 0 is client-go's own limit, beyond which it summarizes and drops.
func NewForMany(ctx context.Context, sink typedcorev1.EventsGetter, scheme *runtime.Scheme, component string, burst int) Recorder {
	options := record.CorrelatorOptions{BurstSize: burst}
	if burst > 0 {
		options.MaxEvents = burst + 1
	}
	broadcaster := record.NewBroadcaster(record.WithContext(ctx), record.WithCorrelatorOptions(options))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: sink.Events("")})
	return recorder{broadcaster.NewRecorder(scheme, corev1.EventSource{Component: component})}
}

type recorder struct{ record.EventRecorderLogger }

func (r recorder) Emit(about client.Object, e Event) {
	r.Event(about, e.Type, e.Reason, e.Message)
}

// Memory keeps events instead of writing them; for tests.
type Memory struct {
	mutex  sync.Mutex
	events []Recorded
}

// Recorded is an event that Memory keeps, with the object it is about.
type Recorded struct {
	About client.ObjectKey
	Event
}

// Emit keeps the event.
func (m *Memory) Emit(about client.Object, e Event) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.events = append(m.events, Recorded{client.ObjectKeyFromObject(about), e})
}

// Take returns the events kept so far, oldest first, and forgets them.
func (m *Memory) Take() []Recorded {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	taken := m.events
	m.events = nil
	return taken
}
