package adm

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	dynamicfake "k8s.io/client-go/dynamic/fake"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// levels are what the flags say, by the text behind them.
func levels(t *testing.T, given map[string]string) map[string]*level {
	t.Helper()
	levels := map[string]*level{all: {}}
	for _, component := range components {
		levels[component.name] = &level{}
	}
	for name, text := range given {
		if err := levels[name].Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return levels
}

// TestFlags gives the command levels that are none, of which two once stood for
// flags without a value and flags not given.
func TestFlags(t *testing.T) {
	for text, ok := range map[string]bool{
		"--all": true, "--virt-api=0": true, "--virt-api=9": true, "--virt-api=10": false, "--all=11": false, "--all=12": false,
		"--all=-1": false, "--all=x": false, "--all=": false,
	} {
		cmd := newVerbosityCommand(genericclioptions.NewConfigFlags(true))
		if err := cmd.ParseFlags([]string{text}); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "from 0 to 9") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestDecide(t *testing.T) {
	cleared := map[string]any{
		"virtAPI": nil, "virtController": nil, "virtHandler": nil, "virtLauncher": nil, "virtOperator": nil,
		"virtSynchronizationController": nil, "nodeVerbosity": nil,
	}
	with := func(field string, level uint) map[string]any {
		written := map[string]any{}
		for key, value := range cleared {
			written[key] = value
		}
		written[field] = level
		return written
	}
	for _, tc := range []struct {
		name    string
		given   map[string]string
		reset   bool
		shown   int
		written map[string]any
		err     string
	}{
		{name: "nothing given", shown: 5},
		{name: "all shown", given: map[string]string{all: show}, shown: 5},
		{name: "one shown", given: map[string]string{"virt-api": show}, shown: 1},
		{name: "one set", given: map[string]string{"virt-api": "0"}, written: map[string]any{"virtAPI": uint(0)}},
		{
			name: "all, and one of its own", given: map[string]string{all: "1", "virt-handler": "6"},
			written: map[string]any{
				"virtAPI": uint(1), "virtController": uint(1), "virtHandler": uint(6), "virtLauncher": uint(1), "virtOperator": uint(1),
			},
		},
		{name: "reset", reset: true, written: cleared},
		{name: "reset and one set", reset: true, given: map[string]string{"virt-api": "3"}, written: with("virtAPI", 3)},
		{name: "shown and set", given: map[string]string{"virt-api": show, "virt-handler": "3"}, err: "either shown or changed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, err := decide(levels(t, tc.given), tc.reset)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %q", err, tc.err)
				}
				return
			}
			if tc.written == nil {
				tc.written = map[string]any{}
			}
			if err != nil || len(c.shown) != tc.shown || !reflect.DeepEqual(c.written, tc.written) {
				t.Errorf("shows %d, writes %v, %v; want %d, %v", len(c.shown), c.written, err, tc.shown, tc.written)
			}
		})
	}
}

func TestSetLevels(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	kubeVirt := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "kubevirt.io/v1", "kind": "KubeVirt", "metadata": map[string]any{"name": "anything", "namespace": "anywhere"},
		"spec": map[string]any{"configuration": map[string]any{"developerConfiguration": map[string]any{
			"useEmulation": true, "logVerbosity": map[string]any{"virtHandler": int64(7), "nodeVerbosity": map[string]any{"node01": int64(8)}},
		}}},
	}}
	objects := dynamicfake.NewSimpleDynamicClient(scheme, kubeVirt)
	apply := func(given map[string]string, reset bool) string {
		t.Helper()
		c, err := decide(levels(t, given), reset)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := setLevels(t.Context(), objects, c, &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	stored := func() *v1.DeveloperConfiguration {
		t.Helper()
		found, err := find(t.Context(), objects)
		if err != nil {
			t.Fatal(err)
		}
		return found.Spec.Configuration.DeveloperConfiguration
	}
	if got, want := apply(nil, false), "virt-api=2\nvirt-controller=2\nvirt-handler=7\nvirt-launcher=2\nvirt-operator=2\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	apply(map[string]string{all: "4"}, false)
	if got := stored().LogVerbosity; got.VirtAPI != 4 || got.VirtHandler != 4 || got.VirtLauncher != 4 || got.VirtOperator != 4 || got.NodeVerbosity["node01"] != 8 {
		t.Errorf("stored %+v", got)
	}
	apply(map[string]string{"virt-api": "5"}, true)
	got := stored()
	if want := (&v1.LogVerbosity{VirtAPI: 5}); !reflect.DeepEqual(got.LogVerbosity, want) || !got.UseEmulation {
		t.Errorf("stored %+v, want %+v and everything else as it was", got.LogVerbosity, want)
	}
}

func TestInstallations(t *testing.T) {
	scheme := runtime.NewScheme()
	if err := v1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	one := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "x"}}
	two := &v1.KubeVirt{ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "y"}}
	for want, objects := range map[string][]runtime.Object{"not installed": nil, "x/a, y/b": {one, two}} {
		err := setLevels(t.Context(), dynamicfake.NewSimpleDynamicClient(scheme, objects...), change{}, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
