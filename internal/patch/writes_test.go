package patch

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestWrites(t *testing.T) {
	at := func(version string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "b", ResourceVersion: version}}
	}
	var w Writes
	if w.Behind(at("5")) {
		t.Error("nothing was written yet")
	}
	w.Note(at("99"))
	w.Note(at("100"))
	w.Note(at("98"))
	if !w.Behind(at("99")) {
		t.Error("99 is older than 100, as numbers")
	}
	if w.Behind(at("100")) || w.Behind(at("99")) {
		t.Error("the cache has shown the last write: nothing is remembered")
	}
	w.Note(at("101"))
	w.Forget(client.ObjectKey{Namespace: "a", Name: "b"})
	if w.Behind(at("1")) {
		t.Error("forgotten objects are not behind")
	}
}
