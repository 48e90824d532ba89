package downwardmetrics

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kubevirt.io/kubevirt/launcher/disk"
)

// node is a node with two CPUs on which a guest runs.
func node(t *testing.T) *Source {
	t.Helper()
	proc := t.TempDir()
	for name, content := range map[string]string{
		"meminfo": "MemTotal: 1000 kB\nMemFree: 400 kB\nSwapTotal: 100 kB\nSwapFree: 50 kB\n",
		"vmstat":  "pswpin 2\npswpout 3\n",
		"stat":    "cpu  100 20 30 9999 9999 4 5 6 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\ncpu1 1 2 3 4 5 6 7 8 0 0\nintr 1\n",
		"1/stat":  "1 (virt-launcher) S 0 1 1 0 -1 0 0 0 0 0 9 9 0 0\n",
		"7/stat":  "7 (qemu-system x86) S 1 1 1 0 -1 0 0 0 0 0 150 25 0 0\n",
	} {
		path := filepath.Join(proc, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return &Source{Node: "node<1>", VCPUs: 2, Memory: 64 << 20, Proc: proc}
}

func TestCollect(t *testing.T) {
	data, err := node(t).Collect(time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Metrics []struct {
			Context string `xml:"context,attr"`
			Name    string `xml:"name"`
			Value   string `xml:"value"`
		} `xml:"metric"`
	}
	if err := xml.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, m := range document.Metrics {
		got[m.Context+" "+m.Name] = m.Value
	}
	for name, want := range map[string]string{
		"host HostName": "node<1>", "host NumberOfPhysicalCPUs": "2", "host TotalCPUTime": "1.65", "host FreePhysicalMemory": "400",
		"host FreeVirtualMemory": "450", "host UsedVirtualMemory": "650", "host Time": "1700000000", "vm TotalCPUTime": "1.75",
		"vm ResourceProcessorLimit": "2", "vm PhysicalMemoryAllocatedToVirtualSystem": "65536",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if _, err := (&Source{Proc: t.TempDir()}).Collect(time.Now()); err == nil {
		t.Error("metrics of nothing")
	}
}

// TestReal reads this machine's.
func TestReal(t *testing.T) {
	if _, err := (&Source{Proc: "/proc"}).Collect(time.Now()); err != nil {
		t.Error(err)
	}
}

// TestDisk reads a disk as libmetrics does.
func TestDisk(t *testing.T) {
	dir, source := t.TempDir(), node(t)
	for range 2 { // again over the first
		image, err := Disk(dir, "metrics", source)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(image.Path)
		if err != nil || len(data) != diskSize {
			t.Fatalf("%d bytes, %v", len(data), err)
		}
		field := func(i int) uint32 { return binary.BigEndian.Uint32(data[4*i:]) }
		content := data[headerLength : headerLength+field(3)]
		sum := uint32(0)
		for _, b := range content {
			sum += uint32(b)
		}
		if string(data[:4]) != "mvbd" || field(1) != 0 || field(2) != sum || !bytes.HasPrefix(content, []byte("<metrics>")) ||
			!bytes.HasSuffix(content, []byte("</metrics>")) {
			t.Errorf("header %x, content %q", data[:headerLength], content)
		}
		if info, err := os.Stat(image.Path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
	if _, err := Disk(dir, "../metrics", source); !errors.Is(err, disk.ErrInvalid) {
		t.Errorf("a name that leaves the directory: %v", err)
	}
}

// TestServe asks as a guest does through QEMU, which comes late and goes.
func TestServe(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { Serve(ctx, socket, node(t), slog.New(slog.DiscardHandler)); close(ended) }()
	for _, connection := range [][][2]string{
		{
			{"GET /metrics/XML\n\n", "<metrics>"}, {"GET /metrics/XML\r\n\r\n", "<metrics>"},
			{"GET /other\n\n", "INVALID"}, {"GET /metrics/XML\nmore\n\n", "INVALID"}, {"GET /metrics/XML\n\n", "<metrics>"},
		},
		{{strings.Repeat("x", 2*maxRequest) + "\n\n", ""}}, // no line ever: closed
		{{"GET /metrics/XML\n\n", "<metrics>"}},
	} {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		for _, exchange := range connection {
			if _, err := io.WriteString(conn, exchange[0]); err != nil {
				t.Fatal(err)
			}
			answer := ""
			for piece := make([]byte, 4096); exchange[1] != "" && !strings.HasSuffix(answer, "\n\n"); {
				n, err := conn.Read(piece)
				if err != nil {
					t.Fatal(err)
				}
				answer += string(piece[:n])
			}
			if !strings.HasPrefix(answer, exchange[1]) {
				t.Errorf("%q is answered by %q", exchange[0], answer)
			}
		}
		if connection[0][1] != "" {
			_ = conn.Close()
		}
	}
	cancel()
	<-ended
}
