package guestagent

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
)

// content is a file of more than one piece.
func content() []byte {
	data := make([]byte, subresources.MaxFilePiece*2+subresources.MaxFilePiece/2)
	for i := range data {
		data[i] = byte(i * 7 >> (i % 5))
	}
	return data
}

func TestWriteAndRead(t *testing.T) {
	agent := newFakeAgent(t)
	path, want := filepath.Join(t.TempDir(), "f"), content()
	for range 2 { // the second time over the first
		for offset := 0; offset < len(want); offset += subresources.MaxFilePiece {
			piece := want[offset:min(offset+subresources.MaxFilePiece, len(want))]
			if err := Write(t.Context(), agent.ask, &subresources.GuestFileOptions{Path: path, Offset: int64(offset), Data: piece}); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes written, %v", len(got), err)
		}
	}
	var got []byte
	for ended := false; !ended; {
		chunk, err := Read(t.Context(), agent.ask, &subresources.GuestFileOptions{Path: path, Offset: int64(len(got)), Length: subresources.MaxFilePiece})
		if err != nil || len(chunk.Data) > subresources.MaxFilePiece {
			t.Fatalf("%d bytes, %v", len(chunk.Data), err)
		}
		got, ended = append(got, chunk.Data...), chunk.EOF
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes read", len(got))
	}
	if agent.sent > maxMessage {
		t.Errorf("a message has %d bytes", agent.sent)
	}
}

// Where a file ends at the end of a piece, the next read says so.
func TestReadAtTheEnd(t *testing.T) {
	agent := newFakeAgent(t)
	path := filepath.Join(t.TempDir(), "f")
	if err := Write(t.Context(), agent.ask, &subresources.GuestFileOptions{Path: path, Data: []byte("0123456789")}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		offset, length int64
		data           string
		eof            bool
	}{{0, 10, "0123456789", false}, {10, 10, "", true}, {2, 3, "234", false}, {8, 5, "89", true}, {99, 5, "", true}} {
		chunk, err := Read(t.Context(), agent.ask, &subresources.GuestFileOptions{Path: path, Offset: tc.offset, Length: tc.length})
		if err != nil || string(chunk.Data) != tc.data || chunk.EOF != tc.eof {
			t.Errorf("%d at %d: %+v, %v", tc.length, tc.offset, chunk, err)
		}
	}
	if err := Write(t.Context(), agent.ask, &subresources.GuestFileOptions{Path: path}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != 0 || info.Mode() != 0o600 {
		t.Errorf("an empty first piece leaves %v, %v", info, err)
	}
}

func TestFileProblems(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context, a *fakeAgent, path string) error {
		_, err := Read(ctx, a.ask, &subresources.GuestFileOptions{Path: path, Length: 5})
		return err
	}
	write := func(ctx context.Context, a *fakeAgent, path string) error {
		return Write(ctx, a.ask, &subresources.GuestFileOptions{Path: path, Offset: 5, Data: []byte("x")})
	}
	for name, tc := range map[string]struct {
		do    func(context.Context, *fakeAgent, string) error
		path  string
		agent func(*fakeAgent)
		want  string
	}{
		"no such file":        {read, "/nonexistent/f", nil, "reading /nonexistent/f in the guest: open /nonexistent/f: no such file or directory"},
		"no such directory":   {write, "/nonexistent/f", nil, "writing /nonexistent/f in the guest: open /nonexistent/f: no such file or directory"},
		"not where it ends":   {write, path, nil, "writing " + path + " in the guest: it ends at 10, the piece begins at 5"},
		"forbidden":           {read, path, func(a *fakeAgent) { a.disabled = []string{commandOpen} }, "the configuration of the guest's agent forbids guest-file-open"},
		"forbidden in part":   {read, path, func(a *fakeAgent) { a.disabled = []string{commandRead} }, "reading " + path + " in the guest: Command has been disabled"},
		"more than asked for": {read, path, func(a *fakeAgent) { a.answers[commandRead] = `{"return":{"buf-b64":"MDEyMzQ1Njc="}}` }, "more than was asked for"},
		"more than there is": {func(ctx context.Context, a *fakeAgent, path string) error {
			return Write(ctx, a.ask, &subresources.GuestFileOptions{Path: path, Offset: 10, Data: []byte("x")})
		}, path, func(a *fakeAgent) { a.answers[commandWrite] = `{"return":{"count":2}}` }, "written 2 of 1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			agent := newFakeAgent(t)
			if tc.agent != nil {
				tc.agent(agent)
			}
			if err := tc.do(t.Context(), agent, tc.path); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

// A reader who gives up leaves no open file behind.
func TestGivingUp(t *testing.T) {
	agent := newFakeAgent(t)
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, make([]byte, subresources.MaxFilePiece), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ask := func(ctx context.Context, message string) (string, error) {
		if strings.Contains(message, commandRead) {
			cancel()
		}
		return agent.ask(ctx, message)
	}
	if _, err := Read(ctx, ask, &subresources.GuestFileOptions{Path: path, Length: subresources.MaxFilePiece}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if !slices.Contains(agent.commands, commandClose) {
		t.Error("the file was not closed")
	}
}

// Nothing more is done for who has given up, not even what an agent would do at once.
func TestNothingAfterGivingUp(t *testing.T) {
	agent := newFakeAgent(t)
	path := filepath.Join(t.TempDir(), "f")
	for _, last := range []string{commandExec, commandExecStatus, commandOpen, commandWrite} {
		agent.commands = nil
		ctx, cancel := context.WithCancel(t.Context())
		deaf := func(_ context.Context, message string) (string, error) {
			answer, err := agent.ask(t.Context(), message)
			if agent.commands[len(agent.commands)-1] == last {
				cancel()
			}
			return answer, err
		}
		if err := Write(ctx, deaf, &subresources.GuestFileOptions{Path: path, Data: content()[:200<<10]}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", last, err)
		}
		i := slices.Index(agent.commands, last)
		if after := agent.commands[i+1:]; len(after) > 1 || (len(after) == 1 && after[0] != commandClose) {
			t.Errorf("after %s: %q", last, after)
		}
	}
	if _, err := Read(canceled(t), nil, &subresources.GuestFileOptions{Path: path, Length: 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// What is there already is not opened by the shell, least of all what lets it wait.
func TestCreatePrivate(t *testing.T) {
	agent := newFakeAgent(t)
	fifo := filepath.Join(t.TempDir(), "f")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- createPrivate(t.Context(), agent.ask, fifo) }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the shell waits for a reader")
		if reader, err := os.OpenFile(fifo, os.O_RDONLY|syscall.O_NONBLOCK, 0); err == nil {
			defer reader.Close()
		}
		<-ended
	}
	// A shell that does not end for other reasons, such as a network's filesystem.
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		stuck := func(_ context.Context, message string) (string, error) {
			if strings.Contains(message, commandExecStatus) {
				return `{"return":{"exited":false}}`, nil
			}
			return `{"return":{"pid":1}}`, nil
		}
		err := Write(t.Context(), stuck, &subresources.GuestFileOptions{Path: "/f"})
		if took := time.Since(began); err == nil || took > 2*createTimeout+time.Second {
			t.Errorf("%v after %v", err, took)
		}
	})
}
