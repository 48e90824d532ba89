package apiserver

import (
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"kubevirt.io/kubevirt/handler/protocol"
)

// pace is how long a client may be silent.
type pace struct {
	// ping is the time between two questions whether the client is there.
	ping time.Duration
	// pong is how long a client may say nothing; more than ping.
	pong time.Duration
	// stall is how long it may say and take nothing while there is something to
	// take: a reader may be slow, or stopped for a while.
	stall time.Duration
}

var (
	usualPace = pace{ping: 30 * time.Second, pong: 45 * time.Second, stall: 10 * time.Minute}
	// devicePace is for what only few can have open, and guests may never stop talking
	// on. By these protocols a client says something for whatever it gets: one that
	// says nothing for so long does not merely read slowly.
	devicePace = pace{ping: 30 * time.Second, pong: 45 * time.Second, stall: time.Minute}
)

func paceOf(device protocol.Device) pace {
	switch device {
	case protocol.Device_DEVICE_VNC, protocol.Device_DEVICE_USBREDIR:
		return devicePace
	}
	return usualPace
}

// lifeline lets a client go that has vanished without a word. Pings count the messages
// that went before them, and pongs bring the count back: a pong that is missing tells
// nothing while the ping waits behind what the client has yet to read.
type lifeline struct {
	conn *websocket.Conn
	pace pace

	mutex sync.Mutex
	// sent messages, and those of them that the client has read for certain.
	sent, read int64
	heard      time.Time
	final      bool
}

func newLifeline(conn *websocket.Conn, pace pace) *lifeline {
	l := &lifeline{conn: conn, pace: pace}
	conn.SetPongHandler(func(count string) error {
		l.update(func() {
			if read, err := strconv.ParseInt(count, 10, 64); err == nil {
				l.read = max(l.read, min(read, l.sent))
			}
			l.heard = time.Now()
		})
		return nil
	})
	return l
}

// listen tells that the client is listened to from now on: while the guest takes
// nothing, nobody does.
func (l *lifeline) listen() { l.update(func() { l.heard = time.Now() }) }

// write sends a message, for which a client may take its time.
func (l *lifeline) write(data []byte) error {
	_ = l.conn.SetWriteDeadline(time.Now().Add(l.pace.stall))
	err := l.conn.WriteMessage(websocket.BinaryMessage, data)
	l.update(func() { l.sent++ })
	return err
}

// end makes limit the last that the client is waited for.
func (l *lifeline) end(limit time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.final = true
	_ = l.conn.SetReadDeadline(time.Now().Add(limit))
}

func (l *lifeline) update(change func()) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	change()
	if l.final {
		return
	}
	patience := l.pace.pong
	if l.read < l.sent {
		patience = l.pace.stall
	}
	_ = l.conn.SetReadDeadline(l.heard.Add(patience))
}

// ask pings until done is closed, or the client takes nothing any more.
func (l *lifeline) ask(done <-chan struct{}) error {
	ticker := time.NewTicker(l.pace.ping)
	defer ticker.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-ticker.C:
		}
		l.mutex.Lock()
		count := strconv.FormatInt(l.sent, 10)
		l.mutex.Unlock()
		if err := l.conn.WriteControl(websocket.PingMessage, []byte(count), time.Now().Add(l.pace.stall)); err != nil {
			return err
		}
	}
}
