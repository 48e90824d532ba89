package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"kubevirt.io/kubevirt/handler/launcherclient"
	"kubevirt.io/kubevirt/handler/protocol"
	launcher "kubevirt.io/kubevirt/launcher/protocol"
)

func question(q protocol.Question) *protocol.GuestRequest {
	return &protocol.GuestRequest{Namespace: "default", Name: "vmi", Uid: "vmi-uid", Question: q, Options: []byte("options")}
}

func TestGuestIsAsked(t *testing.T) {
	f := newFixture(t)
	var last *launcher.GuestRequest
	var left time.Duration
	f.launcher.OnGuest(func(ctx context.Context, request *launcher.GuestRequest) ([]byte, error) {
		last = request
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return []byte("answer"), nil
	})
	client := f.call(t, f.clientConfig(t, apiClient))
	for number := 1; number < len(protocol.Question_name); number++ {
		q := protocol.Question(number)
		response, err := client.Guest(t.Context(), question(q))
		if err != nil || string(response.GetAnswer()) != "answer" {
			t.Fatalf("%v: %v, %v", q, response, err)
		}
		if last.GetQuestion().String() != q.String() || string(last.GetOptions()) != "options" {
			t.Errorf("%v: the launcher was asked %v", q, last)
		}
		if long := left > time.Minute; long != (q == protocol.Question_QUESTION_EXEC) {
			t.Errorf("%v: the launcher has %v", q, left)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if _, err := client.Guest(ctx, question(protocol.Question_QUESTION_EXEC)); err != nil || left > 2*time.Minute {
		t.Errorf("the launcher has %v, longer than the caller waits (%v)", left, err)
	}
}

// An answer may be larger than a message of gRPC usually is, but not of any size.
func TestGuestsAnswerIsBounded(t *testing.T) {
	f := newFixture(t)
	size := 16 << 20
	f.launcher.OnGuest(func(context.Context, *launcher.GuestRequest) ([]byte, error) { return make([]byte, size), nil })
	client := f.call(t, f.clientConfig(t, apiClient))
	screenshot, large := question(protocol.Question_QUESTION_SCREENSHOT), grpc.MaxCallRecvMsgSize(64<<20)
	response, err := client.Guest(t.Context(), screenshot, large)
	if err != nil || !bytes.Equal(response.GetAnswer(), make([]byte, size)) {
		t.Errorf("%d bytes of %d, %v", len(response.GetAnswer()), size, err)
	}
	for number := 1; number < len(protocol.Question_name); number++ {
		q := protocol.Question(number)
		size = protocol.MaxAnswer(q) + 1
		if _, err := client.Guest(t.Context(), question(q), large); status.Code(err) != codes.Unavailable {
			t.Errorf("%v: an answer of %d bytes: %v", q, size, err)
		}
	}
}

// A guest is asked only so much at a time. Programs do not count among the rest.
func TestGuestIsAskedInTurn(t *testing.T) {
	f := newFixture(t)
	begun, end := make(chan struct{}), make(chan struct{})
	f.launcher.OnGuest(func(context.Context, *launcher.GuestRequest) ([]byte, error) {
		begun <- struct{}{}
		<-end
		return nil, nil
	})
	client := f.call(t, f.clientConfig(t, apiClient))
	answers := make(chan error)
	for _, q := range []protocol.Question{protocol.Question_QUESTION_USERS, protocol.Question_QUESTION_EXEC} {
		for range atOnce {
			go func() {
				_, err := client.Guest(t.Context(), question(q))
				answers <- err
			}()
			<-begun
		}
		if _, err := client.Guest(t.Context(), question(q)); status.Code(err) != codes.ResourceExhausted {
			t.Errorf("%v: %v", q, err)
		}
	}
	close(end)
	for range 2 * atOnce {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	go func() { <-begun }()
	if _, err := client.Guest(t.Context(), question(protocol.Question_QUESTION_USERS)); err != nil {
		t.Errorf("after them: %v", err)
	}
}

func TestGuestRefusals(t *testing.T) {
	f := newFixture(t)
	client := f.call(t, f.clientConfig(t, apiClient))
	users := protocol.Question_QUESTION_USERS
	other, former := question(users), question(users)
	other.Name, former.Uid = "other", "former-uid"
	saying := func(code codes.Code, reason launcher.Reason, message string) func(context.Context, *launcher.GuestRequest) ([]byte, error) {
		return func(context.Context, *launcher.GuestRequest) ([]byte, error) {
			return nil, launcher.NewError(code, reason, message)
		}
	}
	refuse := func(code codes.Code, reason launcher.Reason) func(context.Context, *launcher.GuestRequest) ([]byte, error) {
		return saying(code, reason, "said so")
	}
	for name, c := range map[string]struct {
		request *protocol.GuestRequest
		says    func(context.Context, *launcher.GuestRequest) ([]byte, error)
		code    codes.Code
		message string
	}{
		"another name":     {other, nil, codes.NotFound, "does not run on this node"},
		"another UID":      {former, nil, codes.NotFound, "does not run on this node"},
		"unknown":          {question(99), nil, codes.InvalidArgument, "there is no question"},
		"none":             {question(0), nil, codes.InvalidArgument, "there is no question"},
		"former launcher":  {question(users), nil, codes.FailedPrecondition, "earlier version"},
		"unknown to it":    {question(users), saying(codes.InvalidArgument, launcher.ReasonInvalidRequest, "question 2 is not known"), codes.FailedPrecondition, "earlier version"},
		"wrong options":    {question(users), refuse(codes.InvalidArgument, launcher.ReasonInvalidRequest), codes.InvalidArgument, "said so"},
		"no agent":         {question(users), refuse(codes.FailedPrecondition, launcher.ReasonNoAgent), codes.FailedPrecondition, "said so"},
		"frozen":           {question(users), refuse(codes.FailedPrecondition, launcher.ReasonFrozen), codes.FailedPrecondition, "said so"},
		"no display":       {question(users), refuse(codes.FailedPrecondition, launcher.ReasonNoDisplay), codes.FailedPrecondition, "said so"},
		"still running":    {question(users), refuse(codes.DeadlineExceeded, launcher.ReasonStillRunning), codes.DeadlineExceeded, "said so"},
		"failed":           {question(users), refuse(codes.Internal, launcher.ReasonActionFailed), codes.Internal, "said so"},
		"out of time":      {question(users), refuse(codes.DeadlineExceeded, ""), codes.DeadlineExceeded, "said so"},
		"another session":  {question(users), refuse(codes.FailedPrecondition, launcher.ReasonStaleSession), codes.Unavailable, "said so"},
		"without a reason": {question(users), refuse(codes.Unavailable, ""), codes.Unavailable, "cannot be reached: said so"},
	} {
		f.launcher.OnGuest(c.says)
		_, err := client.Guest(t.Context(), c.request)
		if status.Code(err) != c.code || !strings.Contains(status.Convert(err).Message(), c.message) {
			t.Errorf("%s: %v, want %v with %q", name, err, c.code, c.message)
		}
		if got := protocol.IsStillRunning(err); got != (name == "still running") {
			t.Errorf("%s: it runs on is %v", name, got)
		}
	}
	stranger := f.call(t, f.clientConfig(t, "kubevirt.io:system:client:virt-controller"))
	if _, err := stranger.Guest(t.Context(), question(users)); status.Code(err) != codes.Unavailable {
		t.Errorf("another component: %v", err)
	}
}

func deviceOf(device protocol.Device) *protocol.StreamChunk {
	first := consoleOf("vmi", "vmi-uid")
	first.Target.Device = device
	return first
}

// opened waits until a stream has its device.
func opened(t *testing.T, stream chunks) {
	t.Helper()
	if header, err := stream.Header(); err != nil || header == nil {
		_, err = stream.Recv()
		t.Fatalf("not opened: %v", err)
	}
}

func TestEveryUSBChannelHasOneClient(t *testing.T) {
	f := newFixture(t)
	var guests []*device
	for _, socket := range launcherclient.USBSockets {
		guests = append(guests, serveDevice(t, f.run, socket))
	}
	var streams []chunks
	var hangUp context.CancelFunc
	for i, guest := range guests {
		ctx, cancel := context.WithCancel(t.Context())
		streams, hangUp = append(streams, f.open(t, ctx, deviceOf(protocol.Device_DEVICE_USBREDIR))), cancel
		opened(t, streams[i])
		if _, err := guest.client(t).Write([]byte{byte('0' + i)}); err != nil {
			t.Fatal(err)
		}
		receive(t, streams[i], string(rune('0'+i)))
	}
	_, err := f.open(t, t.Context(), deviceOf(protocol.Device_DEVICE_USBREDIR)).Recv()
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "all 4") {
		t.Errorf("a fifth client: %v", err)
	}
	if err := streams[0].Send(&protocol.StreamChunk{}); err != nil {
		t.Errorf("the first client's stream has ended: %v", err)
	}
	hangUp() // the last one's
	if _, err := streams[3].Recv(); status.Code(err) != codes.Canceled {
		t.Errorf("the stream that was hung up: %v", err)
	}
	f.eventually(t, func() bool {
		stream := f.open(t, t.Context(), deviceOf(protocol.Device_DEVICE_USBREDIR))
		header, err := stream.Header()
		return err == nil && header != nil
	})
	guests[3].client(t)
}

func TestDeviceIsLeftToWhoHasIt(t *testing.T) {
	f := newFixture(t)
	polite := consoleOf("vmi", "vmi-uid")
	polite.Target.KeepPresent = true
	first := f.open(t, t.Context(), polite)
	opened(t, first)
	guest := f.console.client(t)
	if _, err := f.open(t, t.Context(), polite).Recv(); status.Code(err) != codes.AlreadyExists {
		t.Errorf("the second: %v", err)
	}
	if _, err := guest.Write([]byte("still there")); err != nil {
		t.Fatal(err)
	}
	receive(t, first, "still there")
	guest.Close()
	if _, err := first.Recv(); !errors.Is(err, io.EOF) {
		t.Fatalf("the first: %v", err)
	}
	f.eventually(t, func() bool {
		header, err := f.open(t, t.Context(), polite).Header()
		return err == nil && header != nil
	})
	f.console.client(t)
}

// eventually waits for what follows the end of a stream.
func (f fixture) eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never happened")
		}
	}
}
