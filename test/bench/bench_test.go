//go:build bench

// Package bench measures what a virtual machine costs on the running cluster and
// prints every figure beside its bar.
package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"text/tabwriter"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	namespace = "bench"
	// rounds of every latency; the median counts.
	rounds  = 7
	atOnce  = 10
	timeout = 3 * time.Minute
)

// row is one line of the report; bar is the most it may be, 0 for none.
type row struct {
	what       string
	value, bar float64
	unit       string
}

type report struct{ rows []row }

func (r *report) add(what string, value, bar float64, unit string) {
	r.rows = append(r.rows, row{what, value, bar, unit})
}

func (r *report) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer w.Flush()
	fmt.Fprintln(w, "WHAT\tMEASURED\tBAR\t")
	for _, row := range r.rows {
		bar, verdict := "", ""
		if row.bar > 0 {
			bar = fmt.Sprintf("%.4g %s", row.bar, row.unit)
			verdict = "ok"
			if row.value > row.bar {
				verdict = "MISSED"
			}
		}
		fmt.Fprintf(w, "%s\t%.4g %s\t%s\t%s\n", row.what, row.value, row.unit, bar, verdict)
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// bench holds what every measurement needs.
type bench struct {
	*testing.T
	ctx    context.Context
	k8s    client.WithWatch
	report *report
}

func TestBench(t *testing.T) {
	b := newBench(t)
	defer b.report.print()

	b.instances()
	b.machine()
	b.together()
	b.memory()
	b.idle()
	b.images()
	if os.Getenv("BENCH_INSTALL") != "" {
		b.install()
	}
}

// newBench connects to the cluster and makes the namespace, which goes with the test.
func newBench(t *testing.T) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	t.Cleanup(cancel)
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		t.Fatalf("KUBECONFIG must name the cluster: %v", err)
	}
	config.QPS, config.Burst = 500, 1000
	if err := v1.AddToScheme(clientgoscheme.Scheme); err != nil {
		t.Fatal(err)
	}
	k8s, err := client.NewWithWatch(config, client.Options{Scheme: clientgoscheme.Scheme})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, ctx: ctx, k8s: k8s, report: &report{}}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	b.must(client.IgnoreAlreadyExists(k8s.Create(ctx, ns)))
	t.Cleanup(func() { _ = k8s.Delete(context.WithoutCancel(ctx), ns) })
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// watch calls seen for every change of objects of a list's kind until it returns
// true, and returns how long that took since began.
func (b *bench) watch(began time.Time, list client.ObjectList, seen func(client.Object, bool) bool, act func()) float64 {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	watcher, err := b.k8s.Watch(ctx, list, client.InNamespace(namespace))
	b.must(err)
	defer watcher.Stop()
	act()
	for event := range watcher.ResultChan() {
		object, ok := event.Object.(client.Object)
		if ok && seen(object, event.Type == "DELETED") {
			return time.Since(began).Seconds()
		}
	}
	b.Fatalf("what was waited for did not happen within %s", timeout)
	return 0
}
