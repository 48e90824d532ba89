//go:build process

package streams

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// maxMessage is what virt-api takes in one websocket message.
const maxMessage = 1 << 20

// The bits and opcodes of a frame (RFC 6455).
const (
	final, masked                      = 0x80, 0x80
	continuation, binaryData, pingData = 0x0, 0x2, 0x9
	sixteenBits, sixtyFourBits         = 126, 127
)

// frame is a masked frame whose mask changes nothing.
func frame(first byte, payload []byte) []byte {
	header := []byte{first}
	switch n := len(payload); {
	case n < sixteenBits:
		header = append(header, masked|byte(n))
	case n < 1<<16:
		header = binary.BigEndian.AppendUint16(append(header, masked|sixteenBits), uint16(n))
	default:
		header = binary.BigEndian.AppendUint64(append(header, masked|sixtyFourBits), uint64(n))
	}
	return append(append(header, 0, 0, 0, 0), payload...)
}

// malformedFrames must end the stream they are sent on with a protocol error, and
// nothing else.
func (s *system) malformedFrames(t *testing.T) {
	n := s.newNode(t, 2)
	bystander := s.bystander(t, n.guests[1])
	for name, wrong := range map[string][]byte{
		"unknown opcode":              frame(final|0x3, []byte("wrong")),
		"unknown control opcode":      frame(final|0xb, nil),
		"unmasked":                    append([]byte{final | binaryData, 5}, "wrong"...),
		"reserved bit":                frame(final|0x40|binaryData, []byte("wrong")),
		"fragmented control frame":    frame(pingData, nil),
		"long control frame":          frame(final|pingData, make([]byte, 126)),
		"continuation of nothing":     frame(final|continuation, []byte("wrong")),
		"message within a message":    append(frame(binaryData, nil), frame(final|binaryData, []byte("wrong"))...),
		"close frame with wrong code": frame(final|0x8, []byte{0, 7}),
	} {
		t.Run(name, func(t *testing.T) {
			client := &bytesOf{Conn: s.open(t, n.guests[0], nil)}
			end := n.guests[0].console(t)
			say(t, client, "valid")
			say(t, client.NetConn(), string(wrong))
			wantFarewell(t, client.Conn, websocket.CloseProtocolError, "")
			hear(t, end, "valid")
			hearNothingMore(t, end)
			bystander()
		})
	}
	s.talk(t, n.guests[0])
}

// bystander returns a function that checks that another stream works on.
func (s *system) bystander(t *testing.T, g *guest) (check func()) {
	t.Helper()
	conn := &bytesOf{Conn: s.open(t, g, nil)}
	g.echo(t)
	return func() {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		say(t, conn, "still there?")
		hear(t, conn, "still there?")
	}
}

// oversizedMessages end their stream, too; what came before them is the guest's.
func (s *system) oversizedMessages(t *testing.T) {
	n := s.newNode(t, 2)
	bystander := s.bystander(t, n.guests[1])
	half, large := strings.Repeat("h", maxMessage/2), make([]byte, maxMessage+1)
	endless := binary.BigEndian.AppendUint64([]byte{final | binaryData, masked | sixtyFourBits}, 1<<63-1)
	for name, c := range map[string]struct {
		sent  []byte
		heard string
	}{
		"one byte too many":       {frame(final|binaryData, large), ""},
		"announced only":          {frame(final|binaryData, large)[:14], ""},
		"announced without bound": {append(endless, 0, 0, 0, 0), ""},
		"in fragments": {slicesOf(frame(binaryData, []byte(half)), frame(continuation, []byte(half)),
			frame(final|continuation, []byte("x"))), half + half},
	} {
		t.Run(name, func(t *testing.T) {
			client := &bytesOf{Conn: s.open(t, n.guests[0], nil)}
			end := n.guests[0].console(t)
			say(t, client, "valid")
			go func() { _, _ = client.NetConn().Write(c.sent) }()
			hear(t, end, "valid"+c.heard)
			wantFarewell(t, client.Conn, websocket.CloseMessageTooBig, "")
			hearNothingMore(t, end)
			bystander()
		})
	}
	client := &bytesOf{Conn: s.open(t, n.guests[0], nil)}
	end := n.guests[0].console(t)
	go func() { _, _ = io.WriteString(client, half+half) }()
	hear(t, end, half+half) // just what may be sent
}

func slicesOf(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// noWebsocket asks for a stream in wrong ways. None of them may disturb who has the
// console.
func (s *system) noWebsocket(t *testing.T) {
	n := s.newNode(t, 1)
	g := n.guests[0]
	check := s.bystander(t, g)
	path := strings.TrimPrefix(s.url("https", "virtualmachineinstances", g.instance.Name, "console"), "https://"+s.address)
	const head = "\r\nHost: x\r\nX-Remote-User: tester\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
	for name, request := range map[string]string{
		"garbage":         "\x00\xff\x16\x03 garbage\r\n\r\n",
		"plain GET":       "GET " + path + " HTTP/1.1\r\nHost: x\r\nX-Remote-User: tester\r\n\r\n",
		"no key":          "GET " + path + " HTTP/1.1" + head + "Sec-Websocket-Version: 13\r\n\r\n",
		"bad key":         "GET " + path + " HTTP/1.1" + head + "Sec-Websocket-Version: 13\r\nSec-Websocket-Key: short\r\n\r\n",
		"unknown version": "GET " + path + " HTTP/1.1" + head + "Sec-Websocket-Version: 7\r\nSec-Websocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		"POST":            "POST " + path + " HTTP/1.1" + head + "Sec-Websocket-Version: 13\r\nSec-Websocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		"endless header":  "GET " + path + " HTTP/1.1\r\nX: " + strings.Repeat("x", 2<<20),
	} {
		t.Run(name, func(t *testing.T) {
			config := s.caller.Clone()
			config.NextProtos = []string{"http/1.1"}
			conn, err := tls.Dial("tcp", s.address, config)
			must(t, err)
			defer conn.Close()
			_ = conn.SetDeadline(time.Now().Add(patience))
			go func() { _, _ = io.WriteString(conn, request) }()
			status := make([]byte, len("HTTP/1.1 4"))
			if _, err := io.ReadFull(conn, status); err != nil || string(status) != "HTTP/1.1 4" {
				t.Errorf("the answer begins with %q (%v), want a refusal", status, err)
			}
			check()
		})
	}
}

// oversizedBodies must not be read into memory, nor act on anything.
func (s *system) oversizedBodies(t *testing.T) {
	n := s.newNode(t, 1)
	before := len(s.kubernetes.changes())
	for _, at := range [][2]string{{"virtualmachines", "start"}, {"virtualmachineinstances", "pause"}} {
		body := io.MultiReader(strings.NewReader(`{"dryRun":["`), io.LimitReader(spaces{}, 10<<20), strings.NewReader(`"]}`))
		code, answer := s.do(t, http.MethodPut, s.url("https", at[0], n.guests[0].instance.Name, at[1]), body)
		if code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d %.200s, want 413", at[1], code, answer)
		}
	}
	if after := len(s.kubernetes.changes()); after != before || len(n.guests[0].launcher.Signals()) > 0 {
		t.Error("a request that was refused had an effect")
	}
	code, answer := s.do(t, http.MethodPut, s.url("https", "virtualmachineinstances", n.guests[0].instance.Name, "pause"), strings.NewReader("{}"))
	if code != http.StatusOK || len(n.guests[0].launcher.Signals()) != 1 {
		t.Errorf("a small one: %d %s", code, answer)
	}
}

// spaces are what a body may be filled with.
type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// burstAndGone sends much and breaks the connection: the guest gets what was sent in
// its order, or the beginning of it, and its console is free.
func (s *system) burstAndGone(t *testing.T) {
	n := s.newNode(t, 1)
	for range 5 {
		client := &bytesOf{Conn: s.open(t, n.guests[0], nil)}
		end := n.guests[0].console(t)
		var sent bytes.Buffer
		for range 100 {
			piece := make([]byte, 4<<10)
			_, _ = io.ReadFull(io.TeeReader(text("burst"), &sent), piece)
			say(t, client, string(piece))
		}
		raw := client.NetConn().(*tls.Conn).NetConn().(*net.TCPConn)
		must(t, raw.SetLinger(0)) // reset, and forget what was not sent yet
		must(t, raw.Close())
		_ = end.SetReadDeadline(time.Now().Add(patience))
		heard, err := io.ReadAll(end)
		if err != nil || !bytes.HasPrefix(sent.Bytes(), heard) {
			t.Fatalf("the guest heard %d bytes that nobody sent in this order (%v)", len(heard), err)
		}
		end.Close()
	}
	s.talk(t, n.guests[0])
}

// lastWords sends much and takes its leave: the guest gets all of it.
func (s *system) lastWords(t *testing.T) {
	n := s.newNode(t, 1)
	client := &bytesOf{Conn: s.open(t, n.guests[0], nil)}
	end := n.guests[0].console(t)
	words := make([]byte, payload)
	_, _ = io.ReadFull(text("last words"), words)
	say(t, client, string(words))
	farewell := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	must(t, client.WriteControl(websocket.CloseMessage, farewell, time.Now().Add(patience)))
	time.Sleep(100 * time.Millisecond) // all is on its way when the guest begins to listen
	say(t, end, "to nobody any more")  // and to talk
	hear(t, end, string(words))
	hearNothingMore(t, end)
	wantFarewell(t, client.Conn, websocket.CloseNormalClosure, "")
}
