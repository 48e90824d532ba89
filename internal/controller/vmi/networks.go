package vmi

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/internal/launcherpod"
)

// definitionWait is when a network's definition is looked for again. There is no
// watch: the kind may be absent, and definitions are read only while a pod is made.
const definitionWait = 10 * time.Second

var definitionKind = schema.GroupVersionKind{Group: "k8s.cni.cncf.io", Version: "v1", Kind: "NetworkAttachmentDefinition"}

// findNetworks looks for the devices that a launcher pod to be made takes for its
// networks, unless the gate says that somebody else does: then nothing is read here,
// and multus says what is missing (findObstacle).
func (r *Reconciler) findNetworks(ctx context.Context, s *scope) (ctrl.Result, error) {
	cfg := r.Config()
	if cfg.Enabled(clusterconfig.GateExternalNetResourceInjection) {
		return ctrl.Result{}, nil
	}
	if !s.vmi.IsUnprocessed() || !s.vmi.DeletionTimestamp.IsZero() || s.pod != nil || s.failure != nil {
		return ctrl.Result{}, nil
	}
	for _, name := range launcherpod.Definitions(s.vmi, cfg) {
		definition := &metav1.PartialObjectMetadata{}
		definition.SetGroupVersionKind(definitionKind)
		err := r.Live.Get(ctx, name, definition)
		if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
			s.networkMissing = true
			r.fail(s, networkNotFound(name, meta.IsNoMatchError(err)))
			return ctrl.Result{RequeueAfter: definitionWait}, nil
		}
		if err != nil {
			return ctrl.Result{}, fmt.Errorf("reading NetworkAttachmentDefinition %s: %w", name, err)
		}
		if resource := definition.Annotations[v1.AnnotationNetworkResourceName]; resource != "" {
			s.networkDevices = append(s.networkDevices, resource)
		}
	}
	return ctrl.Result{}, nil
}

// render makes a launcher pod with all that was found for it.
func (r *Reconciler) render(s *scope) (*corev1.Pod, error) {
	pod, err := r.Render(s.vmi, s.claimModes())
	if err != nil {
		return nil, err
	}
	return pod, launcherpod.RequestNetworkDevices(pod, s.networkDevices)
}

// describeNetworks passes on to the sidecars of binding plugins what multus reports
// of the devices behind a pod's networks.
func (r *Reconciler) describeNetworks(ctx context.Context, s *scope) (ctrl.Result, error) {
	if s.pod == nil || ended(s.pod) || s.pod.Annotations[v1.AnnotationMultusStatus] == "" || r.writes.Behind(s.key(), s.pod) {
		return ctrl.Result{}, nil
	}
	info, err := launcherpod.NetworkInfo(s.vmi, r.Config(), s.pod.Annotations[v1.AnnotationMultusStatus])
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("launcher pod %s: %w", s.pod.Name, err)
	}
	if info == "" || info == s.pod.Annotations[v1.AnnotationNetworkInfo] {
		return ctrl.Result{}, nil
	}
	// The UID keeps it from another pod of the same name.
	change, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": s.pod.UID, "annotations": map[string]string{v1.AnnotationNetworkInfo: info},
	}})
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("encoding what launcher pod %s is told: %w", s.pod.Name, err)
	}
	described := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: s.pod.Namespace, Name: s.pod.Name}}
	err = r.Patch(ctx, described, client.RawPatch(types.MergePatchType, change))
	if apierrors.IsNotFound(err) {
		return ctrl.Result{}, nil
	}
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("describing its networks to launcher pod %s: %w", s.pod.Name, err)
	}
	r.writes.Note(s.key(), described)
	return ctrl.Result{}, nil
}
