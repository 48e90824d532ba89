//go:build process

package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	subresources "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/launcher/protocol"
)

const (
	maxAnswer = 32 << 20
	// patience is how long an emulated guest may take for anything on a busy machine.
	patience = 3 * time.Minute
)

// ask asks the guest and returns the answer as it is.
func (p *pod) ask(question protocol.Question, options any) ([]byte, error) {
	p.t.Helper()
	raw, err := json.Marshal(options)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	response, err := p.client.Guest(ctx, &protocol.GuestRequest{
		Session: p.session, Question: question, Options: raw,
	}, grpc.MaxCallRecvMsgSize(maxAnswer))
	return response.GetAnswer(), err
}

// told is ask for a document.
func told[T any](p *pod, question protocol.Question, options any) T {
	p.t.Helper()
	raw, err := p.ask(question, options)
	if err != nil {
		p.t.Fatalf("%v: %v", question, err)
	}
	var answer T
	if err := json.Unmarshal(raw, &answer); err != nil {
		p.t.Fatalf("%v: %v: %s", question, err, raw)
	}
	return answer
}

// start starts the boot sector's guest with more devices, in JSON.
func (p *pod) start(devices string) {
	p.t.Helper()
	request := p.request(containerDisk(p.t, bootSector))
	request.Vmi = []byte(strings.Replace(string(request.GetVmi()), `"devices":{`, `"devices":{`+devices+`,`, 1))
	if _, err := p.client.Sync(p.ctx(), request); err != nil {
		p.t.Fatal(err)
	}
	p.waitLog(greeting)
}

// colours counts the colours of an image, up to two.
func colours(i image.Image) int {
	for y := i.Bounds().Min.Y; y < i.Bounds().Max.Y; y++ {
		for x := i.Bounds().Min.X; x < i.Bounds().Max.X; x++ {
			if i.At(x, y) != i.At(i.Bounds().Min.X, i.Bounds().Min.Y) {
				return 2
			}
		}
	}
	return 1
}

// The display is an image with something on it, the firmware's words, and stays so
// while the guest is paused.
func TestScreenshot(t *testing.T) {
	p := startPod(t, 30)
	states := p.watch()
	p.boot(bootSector)
	look := func(options subresources.ScreenshotOptions) {
		t.Helper()
		began := time.Now()
		raw, err := p.ask(protocol.Question_QUESTION_SCREENSHOT, options)
		if err != nil {
			t.Fatal(err)
		}
		display, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%v, %d bytes, after %v", display.Bounds(), len(raw), time.Since(began))
		if size := display.Bounds().Size(); size.X < 320 || size.Y < 200 || colours(display) < 2 {
			t.Errorf("%v with %d colours", size, colours(display))
		}
	}
	look(subresources.ScreenshotOptions{})
	look(subresources.ScreenshotOptions{MoveCursor: true})
	p.signal(protocol.Action_ACTION_PAUSE)
	p.until(states, protocol.State_STATE_PAUSED)
	look(subresources.ScreenshotOptions{MoveCursor: true})
	_, err := p.ask(protocol.Question_QUESTION_USERS, nil)
	if protocol.ReasonOf(err) != protocol.ReasonPaused {
		t.Errorf("asking a paused guest: %v", err)
	}
	p.signal(protocol.Action_ACTION_RESUME)
	p.until(states, protocol.State_STATE_RUNNING)
	_, err = p.ask(protocol.Question_QUESTION_USERS, nil)
	if protocol.ReasonOf(err) != protocol.ReasonNoAgent {
		t.Errorf("asking without an agent: %v", err)
	}
}

func TestNoDisplay(t *testing.T) {
	p := startPod(t, 30)
	p.start(`"autoattachGraphicsDevice":false`)
	_, err := p.ask(protocol.Question_QUESTION_SCREENSHOT, nil)
	if status.Code(err) != codes.FailedPrecondition || protocol.ReasonOf(err) != protocol.ReasonNoDisplay {
		t.Errorf("error %v", err)
	}
}

// Each slot for a client's USB device is a socket on which QEMU speaks usbredir,
// again for the next client as well.
func TestUSBRedirection(t *testing.T) {
	p := startPod(t, 30)
	p.start(`"clientPassthrough":{},"inputs":[{"name":"t","type":"tablet","bus":"usb"}]`)
	for range 2 {
		for i := range 4 {
			conn, err := net.Dial("unix", filepath.Join(p.runDir, fmt.Sprintf("usbredir-%d.sock", i)))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			// Type 0 is a hello, of 64 bytes and the capabilities.
			header := make([]byte, 8)
			if _, err := io.ReadFull(conn, header); err != nil {
				t.Fatalf("slot %d says nothing: %v", i, err)
			}
			if !bytes.Equal(header[:4], make([]byte, 4)) || header[4] < 64 {
				t.Errorf("slot %d begins with %v", i, header)
			}
			conn.Close()
		}
	}
}

// Everything that a real agent in a real guest can be asked.
func TestGuestAccess(t *testing.T) {
	if os.Getenv("KUBEVIRT_GUEST_DEBIAN") == "" {
		t.Skip("KUBEVIRT_GUEST_DEBIAN is not set")
	}
	p := startPod(t, 60)
	states := p.watch()
	p.bootDebian(states)
	info := told[subresources.VirtualMachineInstanceGuestAgentInfo](p, protocol.Question_QUESTION_OS_INFO, nil)
	if info.OS.ID != "debian" || info.Hostname == "" || len(info.SupportedCommands) < 20 || info.GuestAgentVersion == "" {
		t.Errorf("os info %+v", info)
	}
	// Nobody is: this Debian's login keeps no record that the agent would read.
	users := told[subresources.VirtualMachineInstanceGuestOSUserList](p, protocol.Question_QUESTION_USERS, nil)
	if users.Kind == "" || users.Items == nil {
		t.Errorf("users %+v", users)
	}
	filesystems := told[subresources.VirtualMachineInstanceFileSystemList](p, protocol.Question_QUESTION_FILESYSTEMS, nil)
	if len(filesystems.Items) == 0 || filesystems.Items[0].TotalBytes == 0 || len(filesystems.Items[0].Disk) == 0 {
		t.Errorf("filesystems %+v", filesystems)
	}
	t.Run("programs", p.testPrograms)
	t.Run("files", p.testFiles)
	p.t = t
	p.freeze(states, 60)
	info = told[subresources.VirtualMachineInstanceGuestAgentInfo](p, protocol.Question_QUESTION_OS_INFO, nil)
	if info.FSFreezeStatus != "frozen" || info.OS.ID != "debian" {
		t.Errorf("os info of a frozen guest %+v", info)
	}
	_, err := p.ask(protocol.Question_QUESTION_EXEC, subresources.GuestExecOptions{Command: []string{"true"}})
	if protocol.ReasonOf(err) != protocol.ReasonFrozen {
		t.Errorf("running a program in a frozen guest: %v", err)
	}
}

func (p *pod) testPrograms(t *testing.T) {
	p.t = t
	run := func(command ...string) subresources.GuestExecResult {
		t.Helper()
		began := time.Now()
		result := told[subresources.GuestExecResult](p, protocol.Question_QUESTION_EXEC, subresources.GuestExecOptions{
			Command: command, Stdin: []byte("from outside"), Env: []string{"A=1", "PATH=/usr/bin"}, TimeoutSeconds: new(int64(patience.Seconds())),
		})
		t.Logf("%.60q took %v", command, time.Since(began))
		return result
	}
	if r := run("sh", "-c", "cat; echo $A >&2; exit 3"); *r.ExitCode != 3 || string(r.Stdout) != "from outside" || string(r.Stderr) != "1\n" || r.Truncated {
		t.Errorf("result %+v", r)
	}
	if r := run("nonexistent"); *r.ExitCode != 127 {
		t.Errorf("no such program: %+v", r)
	}
	if r := run("sh", "-c", "kill -9 $$"); *r.ExitCode != 137 {
		t.Errorf("a killed program: %+v", r)
	}
	// More than an agent may say at once, after which it still speaks.
	r := run("sh", "-c", "head -c 12000000 /dev/zero; head -c 2000000 /dev/zero >&2")
	if *r.ExitCode != 0 || len(r.Stdout) != 1<<20 || len(r.Stderr) != 1<<20 || !r.Truncated {
		t.Errorf("%d bytes, %d of errors, truncated %v", len(r.Stdout), len(r.Stderr), r.Truncated)
	}
	input := bytes.Repeat([]byte("input "), 1<<20/6)
	r = told[subresources.GuestExecResult](p, protocol.Question_QUESTION_EXEC, subresources.GuestExecOptions{
		Command: []string{"sh", "-c", "cat; ls -d /tmp/tmp.* >&2"}, Stdin: input, TimeoutSeconds: new(int64(patience.Seconds())),
	})
	if !bytes.Equal(r.Stdout, input) || !bytes.Contains(r.Stderr, []byte("No such file")) {
		t.Errorf("%d of %d bytes of input; left: %s", len(r.Stdout), len(input), r.Stderr)
	}
	if r := run("echo", "$A"); string(r.Stdout) != "$A\n" {
		t.Errorf("afterwards: %+v", r)
	}
	began := time.Now()
	_, err := p.ask(protocol.Question_QUESTION_EXEC, subresources.GuestExecOptions{
		Command: []string{"sleep", "600"}, TimeoutSeconds: new(int64(2)),
	})
	if status.Code(err) != codes.DeadlineExceeded || protocol.ReasonOf(err) != protocol.ReasonStillRunning {
		t.Errorf("a long program: %v", err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("it was waited for %v", took)
	}
	if r := run("pgrep", "sleep"); *r.ExitCode != 0 {
		t.Errorf("it is gone: %+v", r)
	}
}

func (p *pod) testFiles(t *testing.T) {
	p.t = t
	const piece = 1 << 20
	content := bytes.Repeat([]byte("0123456789abcdef"), piece/16*2+1)
	began := time.Now()
	for offset := 0; offset < len(content); offset += piece {
		options := subresources.GuestFileOptions{Path: "/root/f", Offset: int64(offset), Data: content[offset:min(offset+piece, len(content))]}
		if _, err := p.ask(protocol.Question_QUESTION_WRITE_FILE, options); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d bytes written after %v", len(content), time.Since(began))
	began = time.Now()
	var got []byte
	for ended := false; !ended; {
		options := subresources.GuestFileOptions{Path: "/root/f", Offset: int64(len(got)), Length: piece}
		chunk := told[subresources.GuestFileChunk](p, protocol.Question_QUESTION_READ_FILE, options)
		got, ended = append(got, chunk.Data...), chunk.EOF
	}
	t.Logf("%d bytes read after %v", len(got), time.Since(began))
	if !bytes.Equal(got, content) {
		t.Errorf("%d bytes read, %d written", len(got), len(content))
	}
	mode := told[subresources.GuestExecResult](p, protocol.Question_QUESTION_EXEC, subresources.GuestExecOptions{
		Command: []string{"stat", "-c", "%A %U", "/root/f"}, TimeoutSeconds: new(int64(patience.Seconds())),
	})
	t.Logf("the file is %s", mode.Stdout)
	for path, said := range map[string]string{
		"/nonexistent": "reading /nonexistent in the guest: failed to open file", "/root": "directory",
	} {
		_, err := p.ask(protocol.Question_QUESTION_READ_FILE, subresources.GuestFileOptions{Path: path, Length: 1})
		if protocol.ReasonOf(err) != protocol.ReasonActionFailed || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v", path, err)
		}
		t.Log(err)
	}
	_, err := p.ask(protocol.Question_QUESTION_WRITE_FILE, subresources.GuestFileOptions{Path: "/root/f", Offset: 5, Data: []byte("x")})
	if protocol.ReasonOf(err) != protocol.ReasonActionFailed || !strings.Contains(err.Error(), "it ends at") {
		t.Errorf("a piece from elsewhere: %v", err)
	}
}
