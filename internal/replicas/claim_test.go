package replicas

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubevirt.io/kubevirt/internal/patch"
)

var kind = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}

// server answers with one owner and records the patches.
type server struct {
	client.Client
	owner   metav1.ObjectMeta
	reads   int
	patches []string
	refuse  error
	lost    error
}

func (s *server) Get(_ context.Context, _ client.ObjectKey, obj client.Object, _ ...client.GetOption) error {
	s.reads++
	s.owner.DeepCopyInto(&obj.(*metav1.PartialObjectMetadata).ObjectMeta)
	return s.lost
}

func (s *server) Patch(_ context.Context, obj client.Object, p client.Patch, _ ...client.PatchOption) error {
	data, err := p.Data(obj)
	s.patches = append(s.patches, string(data))
	obj.SetResourceVersion("8")
	if err == nil {
		err = s.refuse
	}
	return err
}

func metadata(name string, labels map[string]string, owner *metav1.ObjectMeta) *corev1.Pod {
	pod := object("pod")
	pod.Name, pod.Labels, pod.ResourceVersion = name, labels, "7"
	if owner != nil {
		pod.OwnerReferences = []metav1.OwnerReference{
			{APIVersion: "v1", Kind: "ConfigMap", Name: "other", UID: "other"}, *metav1.NewControllerRef(owner, kind),
		}
	}
	return pod
}

func TestClaim(t *testing.T) {
	us, them := metav1.ObjectMeta{Name: "set", UID: "us"}, metav1.ObjectMeta{Name: "set", UID: "them"}
	leavingOwner := us
	leavingOwner.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	in, out := map[string]string{"app": "x"}, map[string]string{"app": "y"}
	leaving := func(pod *corev1.Pod) *corev1.Pod {
		pod.DeletionTimestamp = leavingOwner.DeletionTimestamp
		return pod
	}
	const adoption, release = `"uid":"us"`, `[{"apiVersion":"v1","kind":"ConfigMap","name":"other","uid":"other"}]`
	for name, c := range map[string]struct {
		cached, live metav1.ObjectMeta
		pod          *corev1.Pod
		refuse       error
		claimed      bool
		patch        string
		err          string
	}{
		"ours":                            {us, us, metadata("p", in, &us), nil, true, "", ""},
		"ours, leaving":                   {us, us, leaving(metadata("p", in, &us)), nil, true, "", ""},
		"another's":                       {us, us, metadata("p", in, &them), nil, false, "", ""},
		"an orphan":                       {us, us, metadata("p", in, nil), nil, true, adoption, ""},
		"an orphan, leaving":              {us, us, leaving(metadata("p", in, nil)), nil, false, "", ""},
		"an orphan that does not match":   {us, us, metadata("p", out, nil), nil, false, "", ""},
		"an orphan that is gone":          {us, us, metadata("p", in, nil), apierrors.NewNotFound(schema.GroupResource{}, "p"), false, adoption, ""},
		"an orphan that changed":          {us, us, metadata("p", in, nil), apierrors.NewConflict(schema.GroupResource{}, "p", nil), false, adoption, "adopting"},
		"ours, no longer matching":        {us, us, metadata("p", out, &us), nil, false, release, ""},
		"an owner that leaves keeps ours": {leavingOwner, leavingOwner, metadata("p", out, &us), nil, true, "", ""},
		"an owner that leaves adopts not": {leavingOwner, leavingOwner, metadata("p", in, nil), nil, false, "", ""},
		"an owner that has just left":     {us, leavingOwner, metadata("p", in, nil), nil, false, "", ""},
		"an owner made anew":              {us, them, metadata("p", in, nil), nil, false, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &server{owner: c.live, refuse: c.refuse}
			var writes patch.Writes
			claimer := &Claimer{
				Client: s, Live: s, Writes: &writes, Owner: &metav1.PartialObjectMetadata{ObjectMeta: c.cached}, Kind: kind,
				Selector: labels.SelectorFromSet(in), Finalizer: "ours",
			}
			c.pod.Finalizers = []string{"ours", "other"}
			claimed, err := Claim(context.Background(), claimer, []*corev1.Pod{c.pod})
			if finalized := slices.Equal(c.pod.Finalizers, []string{"ours", "other"}); finalized == (c.patch == release) {
				t.Errorf("finalizers: %v", c.pod.Finalizers)
			}
			if (len(claimed) == 1) != c.claimed || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("claimed %d, error %v", len(claimed), err)
			}
			if c.patch == "" && len(s.patches) > 0 || c.patch != "" && (len(s.patches) != 1 || !strings.Contains(s.patches[0], c.patch)) {
				t.Fatalf("patches: %q", s.patches)
			}
			if c.patch == "" {
				return
			}
			var sent metav1.PartialObjectMetadata
			if err := json.Unmarshal([]byte(s.patches[0]), &sent); err != nil || sent.ResourceVersion != "7" || sent.UID != c.pod.UID {
				t.Errorf("the patch is not guarded: %s", s.patches[0])
			}
			stale := metadata("p", in, nil)
			if c.refuse == nil && !writes.Behind(client.ObjectKey{Name: "set"}, stale) {
				t.Error("the write was not noted")
			}
		})
	}
}

// One look at the owner serves all orphans.
func TestClaimReadsTheOwnerOnce(t *testing.T) {
	us := metav1.ObjectMeta{Name: "set", UID: "us"}
	s := &server{owner: us}
	claimer := &Claimer{
		Client: s, Live: s, Writes: &patch.Writes{}, Owner: &metav1.PartialObjectMetadata{ObjectMeta: us}, Kind: kind, Selector: labels.Everything(),
	}
	claimed, err := Claim(context.Background(), claimer, []*corev1.Pod{metadata("p", nil, nil), metadata("q", nil, nil)})
	if err != nil || len(claimed) != 2 || s.reads != 1 || len(s.patches) != 2 {
		t.Errorf("claimed %d (%v) with %d reads and %d patches", len(claimed), err, s.reads, len(s.patches))
	}
}

// An owner that is gone adopts nothing; one that cannot be asked for tries again.
// What is its own already stays so.
func TestClaimWithoutTheOwner(t *testing.T) {
	us := metav1.ObjectMeta{Name: "set", UID: "us"}
	for _, c := range []struct {
		lost error
		fail bool
	}{{apierrors.NewNotFound(schema.GroupResource{}, "set"), false}, {apierrors.NewServiceUnavailable("later"), true}} {
		s := &server{lost: c.lost}
		claimer := &Claimer{
			Client: s, Live: s, Writes: &patch.Writes{}, Owner: &metav1.PartialObjectMetadata{ObjectMeta: us}, Kind: kind, Selector: labels.Everything(),
		}
		claimed, err := Claim(context.Background(), claimer, []*corev1.Pod{metadata("p", nil, nil), metadata("q", nil, &us)})
		if len(claimed) != 1 || claimed[0].Name != "q" || len(s.patches) != 0 || (err != nil) != c.fail {
			t.Errorf("%v: claimed %d (%v), patches %q", c.lost, len(claimed), err, s.patches)
		}
	}
}
