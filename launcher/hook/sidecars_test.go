package hook_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/hook"
	"kubevirt.io/kubevirt/test/hooksidecar"
)

const domain = `<domain type="qemu"><name>ns_vm</name><sysinfo type="smbios"></sysinfo><devices></devices></domain>`

// instance is one whose mainboard and interface the test's sidecar changes.
func instance(t *testing.T) []byte {
	t.Helper()
	vmi := &v1.VirtualMachineInstance{}
	vmi.Annotations = map[string]string{hooksidecar.AnnotationBoardMaker: "ACME"}
	vmi.Spec.Domain.Devices.Interfaces = []v1.Interface{{Name: "blue", MacAddress: "02:00:00:00:00:01", Binding: &v1.PluginBinding{Name: "user"}}}
	encoded, err := json.Marshal(vmi)
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// pod is the hooks directory of a pod with as many sidecars.
func pod(t *testing.T, sidecars int) *hook.Sidecars {
	t.Helper()
	// The names of sockets are short, and those of a test's own directories are not.
	dir, err := os.MkdirTemp("", "hooks")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for i := range sidecars {
		if err := os.Mkdir(filepath.Join(dir, container(i)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return &hook.Sidecars{Dir: dir, Count: sidecars, Log: slog.New(slog.DiscardHandler)}
}

func container(i int) string { return fmt.Sprintf("hook-sidecar-%d", i) }

func serve(t *testing.T, pod *hook.Sidecars, i int, sidecar hooksidecar.Sidecar) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sidecar.Serve(ctx, filepath.Join(pod.Dir, container(i))) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the sidecar: %v", err)
		}
	})
}

func define(t *testing.T, pod *hook.Sidecars, patience time.Duration) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return pod.Define(ctx, instance(t), domain)
}

func TestSidecarChangesTheDomain(t *testing.T) {
	for _, versions := range [][]string{{"v1alpha1"}, {"v1alpha2"}, {"v1alpha3"}, {"v1alpha1", "v1alpha9", "v1alpha3"}} {
		pod := pod(t, 1)
		serve(t, pod, 0, hooksidecar.Sidecar{Name: "test", Versions: versions, HookPoints: []string{hook.OnDefineDomain, "Shutdown"}, Plugin: "user"})
		changed, err := define(t, pod, 10*time.Second)
		if err != nil {
			t.Fatalf("%v: %v", versions, err)
		}
		for _, want := range []string{`<interface type="user">`, `<mac address="02:00:00:00:00:01">`, `<alias name="ua-blue">`, `>ACME</entry>`} {
			if !strings.Contains(changed, want) {
				t.Errorf("%v: no %s in %s", versions, want, changed)
			}
		}
	}
}

// The highest priority comes first; among equals the name decides.
func TestOrder(t *testing.T) {
	pod := pod(t, 3)
	for i, sidecar := range []hooksidecar.Sidecar{{Name: "c", Plugin: "user"}, {Name: "b", Plugin: "user"}, {Name: "a", Priority: 7}} {
		sidecar.Versions, sidecar.HookPoints = []string{"v1alpha2"}, []string{hook.OnDefineDomain}
		serve(t, pod, i, sidecar)
	}
	var log strings.Builder
	pod.Log = slog.New(slog.NewTextHandler(&log, nil))
	changed, err := define(t, pod, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(changed, `<interface type="user">`) != 2 {
		t.Errorf("one does not see what the other has done: %s", changed)
	}
	last := -1
	for _, name := range []string{"sidecar=a", "sidecar=b", "sidecar=c"} {
		at := strings.Index(log.String(), name)
		if at <= last {
			t.Errorf("%s is out of order in\n%s", name, log.String())
		}
		last = at
	}
}

func TestSidecarThatIsNoHelp(t *testing.T) {
	for name, c := range map[string]struct {
		sidecar hooksidecar.Sidecar
		// want is a part of the error, empty for a domain that stays as it is.
		want string
	}{
		"wants nothing":         {hooksidecar.Sidecar{Name: "test", Versions: []string{"v1alpha2"}}, ""},
		"is of another time":    {hooksidecar.Sidecar{Name: "test", Versions: []string{"v2"}, HookPoints: []string{hook.OnDefineDomain}}, "it speaks the versions [v2]"},
		"wants what is unknown": {hooksidecar.Sidecar{Name: "test", Versions: []string{"v1alpha2"}, HookPoints: []string{"PreCloudInitIso"}}, "PreCloudInitIso, which is not supported"},
	} {
		t.Run(name, func(t *testing.T) {
			pod := pod(t, 1)
			serve(t, pod, 0, c.sidecar)
			changed, err := define(t, pod, 10*time.Second)
			switch {
			case c.want == "" && (err != nil || changed != domain):
				t.Errorf("%s, %v", changed, err)
			case c.want != "" && (!errors.Is(err, hook.ErrUnusable) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), container(0))):
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestSidecarThatDoesNotListen(t *testing.T) {
	silent := pod(t, 1)
	if _, err := define(t, silent, 200*time.Millisecond); err == nil || !strings.Contains(err.Error(), "hook-sidecar-0 has not answered") {
		t.Errorf("error %v", err)
	}
	// Sockets that are only pointed at are the launcher's own.
	foreign := filepath.Join(silent.Dir, "launcher.sock")
	listener, err := net.Listen("unix", foreign)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	touched := make(chan struct{})
	go func() {
		if connection, err := listener.Accept(); err == nil {
			close(touched)
			_ = connection.Close()
		}
	}()
	if err := os.Symlink(foreign, filepath.Join(silent.Dir, container(0), "a.sock")); err != nil {
		t.Fatal(err)
	}
	if _, err := define(t, silent, 200*time.Millisecond); err == nil {
		t.Error("a link is taken for a sidecar's socket")
	}
	select {
	case <-touched:
		t.Error("the link has been followed")
	default:
	}
}

// However many they are, the handler is told in time which of them is silent, and
// does not wait as long when it tries again.
func TestSilenceIsCutShort(t *testing.T) {
	silent := pod(t, 3)
	synctest.Test(t, func(t *testing.T) {
		for _, patience := range []time.Duration{20 * time.Second, 2 * time.Second, 2 * time.Second} {
			began := time.Now()
			_, err := silent.Define(t.Context(), nil, domain)
			if took := time.Since(began); took != patience || !errors.Is(err, hook.ErrSidecar) || !strings.Contains(err.Error(), container(0)) {
				t.Errorf("after %v, want %v: %v", took, patience, err)
			}
		}
	})
	serve(t, silent, 0, hooksidecar.Sidecar{Name: "test"})
	if _, err := define(t, silent, 10*time.Second); err == nil || !strings.Contains(err.Error(), container(1)) {
		t.Errorf("with one of them: %v", err)
	}
}

// What a sidecar calls its socket is its own affair.
func TestNamesOfSockets(t *testing.T) {
	for _, name := range []string{"a?b", "%2e%zz", "a#b c"} {
		pod := pod(t, 1)
		serve(t, pod, 0, hooksidecar.Sidecar{Name: "test", Versions: []string{"v1alpha2"}, HookPoints: []string{hook.OnDefineDomain}, Plugin: "user"})
		dir := filepath.Join(pod.Dir, container(0))
		for os.Rename(filepath.Join(dir, "test.sock"), filepath.Join(dir, name)) != nil && !t.Failed() {
			time.Sleep(time.Millisecond)
		}
		if changed, err := define(t, pod, 10*time.Second); err != nil || changed == domain {
			t.Errorf("%s: %s, %v", name, changed, err)
		}
	}
}

// A sidecar that was started again leaves its earlier socket behind.
func TestLeftOverSocket(t *testing.T) {
	pod := pod(t, 1)
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(pod.Dir, container(0), "before.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	_ = left.Close()
	serve(t, pod, 0, hooksidecar.Sidecar{Name: "test", Versions: []string{"v1alpha2"}, HookPoints: []string{hook.OnDefineDomain}, Plugin: "user"})
	if changed, err := define(t, pod, 10*time.Second); err != nil || changed == domain {
		t.Errorf("%s, %v", changed, err)
	}
}

// TestWire holds the messages to the numbers that existing sidecars use.
func TestWire(t *testing.T) {
	text := func(number protowire.Number, value string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value)
	}
	point := append(text(1, "OnDefineDomain"), protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), 5)...)
	for name, c := range map[string]struct {
		message proto.Message
		want    []byte
	}{
		"info": {
			&hook.InfoResult{Name: "n", HookPoints: []*hook.HookPoint{{Name: "OnDefineDomain", Priority: 5}}, Versions: []string{"v1alpha2"}},
			append(append(text(1, "n"), text(3, string(point))...), text(4, "v1alpha2")...),
		},
		"params": {&hook.OnDefineDomainParams{DomainXml: []byte("<domain/>"), Vmi: []byte("{}")}, append(text(1, "<domain/>"), text(2, "{}")...)},
		"result": {&hook.OnDefineDomainResult{DomainXml: []byte("<domain/>")}, text(1, "<domain/>")},
	} {
		got, err := proto.MarshalOptions{Deterministic: true}.Marshal(c.message)
		if err != nil || string(got) != string(c.want) {
			t.Errorf("%s: %s, want %s (%v)", name, hex.EncodeToString(got), hex.EncodeToString(c.want), err)
		}
	}
	if hook.DefineMethod("v1alpha3") != "/kubevirt.hooks.v1alpha3.Callbacks/OnDefineDomain" || hook.InfoMethod != "/kubevirt.hooks.info.Info/Info" {
		t.Error("the methods are called otherwise")
	}
}
