//go:build process

package streams

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"kubevirt.io/kubevirt/handler/launcherclient"
)

// What clients are told at the end.
const (
	replaced = "another client has opened the device"
	nodeLost = "the connection to the node of the guest was lost"
)

// takeOver opens a console that somebody else has.
func (s *system) takeOver(t *testing.T) {
	n := s.newNode(t, 1)
	before := s.open(t, n.guests[0], nil)
	end := n.guests[0].console(t)
	// The hypervisor serves the next one only when this one has gone.
	go func() { _, _ = io.Copy(io.Discard, end) }()
	s.talk(t, n.guests[0])
	wantFarewell(t, before, websocket.CloseInternalServerErr, replaced)
}

// takeOverFromTyping is takeOver from somebody who types all the time.
func (s *system) takeOverFromTyping(t *testing.T) {
	n := s.newNode(t, 1)
	for range 10 {
		before := s.open(t, n.guests[0], nil)
		end := n.guests[0].console(t)
		go func() { _, _ = io.Copy(io.Discard, end) }()
		go func() {
			for before.WriteMessage(websocket.BinaryMessage, []byte("keys")) == nil {
			}
		}()
		s.talk(t, n.guests[0])
		wantFarewell(t, before, websocket.CloseInternalServerErr, replaced)
	}
}

// takeOverFromStuck is takeOver from somebody who has stopped reading while the guest
// has much to say.
func (s *system) takeOverFromStuck(t *testing.T) {
	n := s.newNode(t, 1)
	before := s.open(t, n.guests[0], smallWindow)
	end := n.guests[0].console(t)
	stuck := make(chan struct{})
	go func() {
		defer close(stuck)
		_, _ = io.Copy(end, text("endless"))
	}()
	time.Sleep(time.Second) // until everything is full
	began := time.Now()
	s.talk(t, n.guests[0])
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the next client had to wait for %s", took)
	}
	<-stuck
	wantFarewell(t, before, websocket.CloseInternalServerErr, replaced) // it finds time to read
}

// handlerRestart ends virt-handler under a stream.
func (s *system) handlerRestart(t *testing.T) {
	n := s.newNode(t, 2)
	var clients []*websocket.Conn
	var ends []net.Conn
	for _, g := range n.guests {
		client := &bytesOf{Conn: s.open(t, g, nil)}
		end := g.console(t)
		say(t, client, "before")
		hear(t, end, "before")
		clients, ends = append(clients, client.Conn), append(ends, end)
	}
	n.kill()
	for i, client := range clients {
		wantFarewell(t, client, websocket.CloseInternalServerErr, nodeLost)
		hearNothingMore(t, ends[i])
	}
	if _, err := s.attach(n.guests[0], nil); err == nil {
		t.Error("a stream could be opened while no virt-handler ran")
	}
	n.start(t)
	for _, g := range n.guests {
		s.talk(t, g)
		if signals, syncs := g.launcher.Signals(), g.launcher.Syncs(); len(signals)+len(syncs) > 0 {
			t.Errorf("the launcher was asked for something: %v, %v", signals, syncs)
		}
	}
}

// lost is what has vanished without a word, a client and a node, and when. It is long
// before anybody can tell.
type lost struct {
	since time.Time
	// console is what the guest saw of the client.
	console net.Conn
	// painted is closed when the display of a client that has vanished, to which the
	// guest never stopped talking, is free.
	painted chan struct{}
	// client is the one whose node has vanished.
	client *websocket.Conn
}

// deadline is later than virt-api's patience ends. On a slow machine that has been a
// while ago when somebody looks.
func (l *lost) deadline() time.Time {
	deadline, soon := l.since.Add(55*time.Second), time.Now().Add(2*time.Second)
	if deadline.Before(soon) {
		return soon
	}
	return deadline
}

// lose has a client and a node vanish.
func (s *system) lose(t *testing.T) *lost {
	t.Helper()
	n := s.newNode(t, 3)
	wire := newLink(t, "127.0.0.1:0", s.address)
	screens := n.serve(t, n.guests[2].instance.PodUID, launcherclient.VNCSocket)[0]
	viewer, err := s.attachTo("vnc", n.guests[2], wire.through)
	must(t, err)
	t.Cleanup(func() { viewer.Close() })
	screen, err := screens.Accept()
	must(t, err)
	s.open(t, n.guests[0], wire.through)
	s.open(t, n.guests[1], wire.through)
	taken, forgotten := n.guests[0].console(t), n.guests[1].console(t)

	far := s.newNodeAt(t, 1, "127.0.2.1")
	far.start(t)
	_, port, err := net.SplitHostPort(far.address)
	must(t, err)
	cable := newLink(t, net.JoinHostPort(nodeAddress(far.number), port), far.address)
	client := s.open(t, far.guests[0], nil)
	far.guests[0].console(t)

	wire.cutOff()
	cable.cutOff()
	l := &lost{since: time.Now(), console: forgotten, client: client, painted: make(chan struct{})}
	go func() {
		defer close(l.painted)
		_, _ = io.Copy(screen, text("endless"))
	}()
	go func() { _, _ = io.Copy(io.Discard, taken) }()
	s.talk(t, n.guests[0]) // whoever comes next has the console at once
	if took := time.Since(l.since); took > 5*time.Second {
		t.Errorf("the next client had to wait for %s", took)
	}
	return l
}

// clientGivenUp expects that the guest's console is free again.
func (l *lost) clientGivenUp(t *testing.T) {
	_ = l.console.SetReadDeadline(l.deadline())
	if rest, err := io.ReadAll(l.console); err != nil || len(rest) > 0 {
		t.Errorf("the console of a client that has vanished: %q, %v", rest, err)
	}
}

// displayGivenUp expects that the display is free again, later than a console that
// nothing is said on.
func (l *lost) displayGivenUp(t *testing.T) {
	select {
	case <-l.painted:
	case <-time.After(time.Until(l.deadline().Add(20 * time.Second))):
		t.Errorf("the display of a client that has vanished is still taken after %s", time.Since(l.since))
	}
}

// nodeGivenUp expects that the client is told.
func (l *lost) nodeGivenUp(t *testing.T) {
	_ = l.client.SetReadDeadline(l.deadline())
	wantFarewell(t, l.client, websocket.CloseInternalServerErr, nodeLost)
}
