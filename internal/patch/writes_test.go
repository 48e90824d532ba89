package patch

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestWrites(t *testing.T) {
	key := client.ObjectKey{Namespace: "a", Name: "vm"}
	at := func(version string) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "b", UID: "u", ResourceVersion: version}}
	}
	var w Writes
	if w.Behind(key, at("5")) {
		t.Error("nothing was written yet")
	}
	w.Note(key, at("99"))
	w.Note(key, at("100"))
	w.Note(key, at("98"))
	if !w.Behind(key, at("99")) {
		t.Error("99 is older than 100, as numbers")
	}
	if w.Behind(key, at("100")) || w.Behind(key, at("99")) {
		t.Error("the cache has shown the last write: nothing is remembered")
	}
	w.Note(key, at("101"))
	w.Await(key, at("101"))
	if !w.Behind(key, at("101")) {
		t.Error("a deletion makes a version newer than the one deleted")
	}
	if w.Behind(key, at("102")) {
		t.Error("102 is newer than 101")
	}
	w.Await(key, at("103"))
	w.Forget(key)
	if w.Behind(key, at("1")) {
		t.Error("forgotten objects are not behind")
	}
}

func TestGone(t *testing.T) {
	key := client.ObjectKey{Namespace: "a", Name: "vm"}
	pod := func(uid types.UID) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: uid, ResourceVersion: "5"}}
	}
	var w Writes
	w.Gone(key)
	w.Await(key, pod("going"))
	w.Await(key, pod("gone"))
	w.Note(key, pod("new"))
	w.Gone(key, "going")
	if !w.Behind(key, pod("going")) {
		t.Error("it is still there")
	}
	if len(w.of[key]) != 2 {
		t.Errorf("remembered: %v; want what is still there and what the cache does not show yet", w.of[key])
	}
	w.Gone(key)
	if w.Behind(key, pod("new")) || len(w.of) != 0 {
		t.Errorf("remembered: %v", w.of)
	}
}
