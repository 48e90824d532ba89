package event

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestMany: nothing is summarized or dropped of what happens to many at once.
func TestMany(t *testing.T) {
	const many = 100
	server := fake.NewClientset()
	about := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "one", UID: "1"}}
	recorder := NewForMany(t.Context(), server.CoreV1(), scheme.Scheme, "test", many)
	want := map[string]bool{}
	for n := range many {
		e := Normal("Restored", "object %d is back", n)
		want[e.Message] = true
		recorder.Emit(about, e)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		list, err := server.CoreV1().Events("default").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list.Items {
			delete(want, e.Message)
		}
		if len(want) == 0 {
			return
		}
	}
	t.Errorf("%d of %d are missing", len(want), many)
}
