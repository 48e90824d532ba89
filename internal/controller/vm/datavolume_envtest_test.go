//go:build envtest

package vm

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	cdiv1beta1 "kubevirt.io/kubevirt/api/cdi/v1beta1"
	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/test/builder"
)

// withRoot adds a data volume that the machine starts from, and its template.
func (s *suite) withRoot(source *cdiv1beta1.DataVolumeSource, changes ...func(*cdiv1beta1.DataVolumeSpec)) {
	s.Helper()
	s.change(func(vm *v1.VirtualMachine) {
		spec := cdiv1beta1.DataVolumeSpec{Source: source, Storage: &cdiv1beta1.StorageSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		}}
		for _, change := range changes {
			change(&spec)
		}
		vm.Spec.DataVolumeTemplates = []v1.DataVolumeTemplateSpec{{
			Metadata: metav1.ObjectMeta{Name: "root", Labels: map[string]string{"a": "b"}, Annotations: map[string]string{"c": "d"}},
			Spec:     spec,
		}}
		vmi := &v1.VirtualMachineInstance{}
		builder.DataVolume("root", "root")(vmi)
		vm.Spec.Template.Spec.Volumes = vmi.Spec.Volumes
		vm.Spec.Template.Spec.Domain.Devices.Disks = vmi.Spec.Domain.Devices.Disks
	})
}

func (s *suite) dataVolume() *cdiv1beta1.DataVolume {
	s.Helper()
	volume := &cdiv1beta1.DataVolume{}
	err := cluster.Client.Get(s.ctx, client.ObjectKey{Namespace: s.key.Namespace, Name: "root"}, volume)
	if client.IgnoreNotFound(err) != nil {
		s.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return volume
}

// fill says of the data volume what CDI would.
func (s *suite) fill(phase cdiv1beta1.DataVolumePhase, conditions ...cdiv1beta1.DataVolumeCondition) {
	s.Helper()
	volume := s.dataVolume()
	volume.Status.Phase, volume.Status.Conditions = phase, conditions
	if err := cluster.Client.Update(s.ctx, volume); err != nil {
		s.Fatal(err)
	}
}

// claim makes a claim, or says that it is in another phase.
func (s *suite) claim(name string, phase corev1.PersistentVolumeClaimPhase) {
	s.Helper()
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: name}}
	if err := cluster.Client.Get(s.ctx, client.ObjectKeyFromObject(claim), claim); err != nil {
		claim.Spec = corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		}
		if err := cluster.Client.Create(s.ctx, claim); err != nil {
			s.Fatal(err)
		}
	}
	claim.Status.Phase = phase
	if err := cluster.Client.Status().Update(s.ctx, claim); err != nil {
		s.Fatal(err)
	}
}

var blank = &cdiv1beta1.DataVolumeSource{Blank: &cdiv1beta1.DataVolumeBlankImage{}}

// A machine's data volume is made, filled, and only then there is an instance; the
// words for people follow.
func TestDataVolumeTemplates(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(blank)
	s.reconcile("POST datavolume", "PATCH vm status")
	s.wantEvents("Normal SuccessfulDataVolumeCreate")
	s.wantStatus(v1.PrintableStatusProvisioning, false, false)
	vm, volume := s.vm(), s.dataVolume()
	if !metav1.IsControlledBy(volume, vm) || volume.Labels["a"] != "b" || volume.Annotations["c"] != "d" {
		t.Errorf("data volume %+v", volume.ObjectMeta)
	}
	if !equality.Semantic.DeepEqual(volume.Spec, vm.Spec.DataVolumeTemplates[0].Spec) {
		t.Errorf("spec %+v", volume.Spec)
	}
	s.reconcile()
	s.fill(cdiv1beta1.DataVolumeImportInProgress)
	s.reconcile()
	s.fill(cdiv1beta1.DataVolumeImportInProgress, cdiv1beta1.DataVolumeCondition{Type: "Running", Status: "False", Reason: "Error"})
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusDataVolumeError, false, false)
	s.fill(cdiv1beta1.DataVolumeImportInProgress)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusProvisioning, false, false)
	s.claim("root", corev1.ClaimPending)
	s.fill(cdiv1beta1.DataVolumeWaitForFirstConsumer)
	s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusWaitingForVolumeBinding, true, false)
	s.claim("root", corev1.ClaimBound)
	s.fill(cdiv1beta1.DataVolumeSucceeded)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStarting, true, false)
	s.report(s.reached(v1.VMIPhaseScheduling, v1.VMIPhaseScheduled, v1.VMIPhaseRunning))
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusRunning, true, false)
	s.wantEvents("Normal SuccessfulCreate")
}

// One that has failed for good keeps the machine from starting, and says so.
func TestDataVolumeFails(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, v1.RunStrategyHalted)
	s.withRoot(blank)
	s.reconcile("POST datavolume", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusProvisioning, false, false)
	s.fill(cdiv1beta1.DataVolumeFailed)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusDataVolumeError, false, false)
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.reconcile("PATCH vm status")
	if s.vmi() != nil {
		t.Error("started without its data")
	}
}

// A halted machine's data volume can wait for its start.
func TestDataVolumeWaitsForTheStart(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, v1.RunStrategyHalted)
	s.change(func(vm *v1.VirtualMachine) {
		vm.Annotations = map[string]string{v1.AnnotationImmediateDataVolumes: "false"}
	})
	s.withRoot(blank)
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusStopped, false, false)
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyAlways })
	s.reconcile("POST datavolume", "PATCH vm status")
	s.wantStatus(v1.PrintableStatusProvisioning, false, false)
}

// What is there already is taken over if it belongs to nobody, and used as it is if
// only the claim is left.
func TestDataVolumeIsThere(t *testing.T) {
	cluster.InstallDataVolumes(t)
	make := func(s *suite, owner *metav1.OwnerReference) {
		volume := &cdiv1beta1.DataVolume{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "root"}}
		if owner != nil {
			volume.OwnerReferences = []metav1.OwnerReference{*owner}
		}
		if err := cluster.Client.Create(s.ctx, volume); err != nil {
			t.Fatal(err)
		}
		s.fill(cdiv1beta1.DataVolumeSucceeded)
	}
	t.Run("of nobody", func(t *testing.T) {
		s := newSuite(t, v1.RunStrategyAlways)
		s.withRoot(blank)
		make(s, nil)
		s.reconcile("PATCH datavolume", "POST revision", "POST vmi", "PATCH vm status")
		if volume := s.dataVolume(); !metav1.IsControlledBy(volume, s.vm()) {
			t.Errorf("owners %v", volume.OwnerReferences)
		}
	})
	t.Run("of another machine", func(t *testing.T) {
		s := newSuite(t, v1.RunStrategyAlways)
		s.withRoot(blank)
		other := s.vm()
		other.Name, other.UID = "other", "11111111-2222-3333-4444-555555555555"
		make(s, metav1.NewControllerRef(other, v1.VirtualMachineGroupVersionKind))
		s.reconcile("PATCH vm status")
		s.wantCondition(v1.ConditionFailure, "True FailedCreate")
		s.wantEvents("Warning FailedDataVolumeCreate")
		s.reconcile()
		s.wantEvents()
	})
	t.Run("only the claim", func(t *testing.T) {
		s := newSuite(t, v1.RunStrategyAlways)
		s.withRoot(blank)
		s.claim("root", corev1.ClaimBound)
		s.reconcile("POST revision", "POST vmi", "PATCH vm status")
	})
}

// What an earlier machine of the same name has left is on its way out: it is neither
// used nor a failure.
func TestStorageOfAPredecessor(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(blank)
	before := s.vm()
	before.UID = "11111111-2222-3333-4444-555555555555"
	volume := &cdiv1beta1.DataVolume{ObjectMeta: metav1.ObjectMeta{
		Namespace: s.key.Namespace, Name: "root",
		OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(before, v1.VirtualMachineGroupVersionKind)},
	}}
	if err := cluster.Client.Create(s.ctx, volume); err != nil {
		t.Fatal(err)
	}
	s.fill(cdiv1beta1.DataVolumeSucceeded)
	s.claim("root", corev1.ClaimBound)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "root"}}
	own := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"ownerReferences":[{"apiVersion":"cdi.kubevirt.io/v1beta1","kind":"DataVolume","name":"root","uid":"`+string(s.dataVolume().UID)+`","controller":true}]}}`))
	if err := cluster.Client.Patch(s.ctx, claim, own); err != nil {
		t.Fatal(err)
	}
	s.reconcile("PATCH vm status")
	s.wantStatus(v1.PrintableStatusProvisioning, false, false)
	s.wantCondition(v1.ConditionFailure, "")
	s.wantEvents()
	if err := cluster.Client.Delete(s.ctx, s.dataVolume()); err != nil {
		t.Fatal(err)
	}
	s.reconcile() // the claim is still there
	if s.vmi() != nil {
		t.Fatal("started from another machine's disk")
	}
	if err := cluster.Client.Patch(s.ctx, claim, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Client.Delete(s.ctx, claim); err != nil {
		t.Fatal(err)
	}
	s.reconcile("POST datavolume")
}

// Every data volume that cannot be made is named, and told once.
func TestTwoDataVolumesFail(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(&cdiv1beta1.DataVolumeSource{PVC: &cdiv1beta1.DataVolumeSourcePVC{Namespace: "elsewhere", Name: "image"}})
	s.change(func(vm *v1.VirtualMachine) {
		second := vm.Spec.DataVolumeTemplates[0].DeepCopy()
		second.Metadata.Name = "data"
		vm.Spec.DataVolumeTemplates = append(vm.Spec.DataVolumeTemplates, *second)
		vmi := &v1.VirtualMachineInstance{Spec: vm.Spec.Template.Spec}
		builder.DataVolume("data", "data")(vmi)
		vm.Spec.Template.Spec = vmi.Spec
	})
	for _, events := range [][]string{{"Warning UnauthorizedDataVolumeCreate", "Warning UnauthorizedDataVolumeCreate"}, nil, nil} {
		if _, err := s.tryReconcile(); err == nil {
			t.Fatal("no error")
		}
		s.wantEvents(events...)
	}
	if m := s.vm().Condition(v1.ConditionFailure).Message; strings.Count(m, "may not clone") != 2 {
		t.Errorf("message %q", m)
	}
}

// Cloning needs the rights that a pod of the machine's service account would need.
func TestCloneAuthorization(t *testing.T) {
	cluster.InstallDataVolumes(t)
	golden := newSuite(t, v1.RunStrategyHalted)
	golden.claim("image", corev1.ClaimBound)
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(&cdiv1beta1.DataVolumeSource{PVC: &cdiv1beta1.DataVolumeSourcePVC{Namespace: golden.key.Namespace, Name: "image"}})
	if _, err := s.tryReconcile(); err == nil {
		t.Fatal("no error")
	}
	s.wantEvents("Warning UnauthorizedDataVolumeCreate")
	s.wantStatus(v1.PrintableStatusProvisioning, false, false)
	s.wantCondition(v1.ConditionFailure, "True FailedCreate")
	if s.dataVolume() != nil {
		t.Fatal("the data volume was made all the same")
	}
	if m := s.vm().Condition(v1.ConditionFailure).Message; !strings.Contains(m, s.key.Namespace+"/default may not clone PersistentVolumeClaim "+golden.key.Namespace+"/image") {
		t.Errorf("message %q", m)
	}
	if _, err := s.tryReconcile(); err == nil {
		t.Fatal("no error")
	}
	s.wantEvents()
	s.requests.Take()

	grant(s, golden.key.Namespace)
	s.reconcile("POST review", "POST datavolume", "PATCH vm status")
	s.wantEvents("Normal SuccessfulDataVolumeCreate")
	s.wantCondition(v1.ConditionFailure, "")
}

func grant(s *suite, namespace string) {
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "cloner"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{cdiGroup}, Resources: []string{"datavolumes/source"}, Verbs: []string{"create"}}},
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: role.ObjectMeta,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role.Name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: s.key.Namespace, Name: "default"}},
	}
	for _, object := range []client.Object{role, binding} {
		if err := cluster.Client.Create(s.ctx, object); err != nil {
			s.Fatal(err)
		}
	}
}

// A DataSource stands for a claim, whose rights count.
func TestCloneFromDataSource(t *testing.T) {
	cluster.InstallDataVolumes(t)
	golden := newSuite(t, v1.RunStrategyHalted)
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(nil, func(spec *cdiv1beta1.DataVolumeSpec) {
		spec.SourceRef = &cdiv1beta1.DataVolumeSourceRef{Kind: "DataSource", Name: "debian", Namespace: &golden.key.Namespace}
	})
	fails := func(event string) {
		t.Helper()
		if _, err := s.tryReconcile(); err == nil {
			t.Fatal("no error")
		}
		s.wantEvents("Warning " + event)
		s.requests.Take()
	}
	fails(v1.EventSourcePVCNotAvailable)
	source := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "cdi.kubevirt.io/v1beta1", "kind": "DataSource",
		"metadata": map[string]any{"namespace": golden.key.Namespace, "name": "debian"},
		"spec":     map[string]any{"source": map[string]any{"pvc": map[string]any{"name": "image"}}},
	}}
	if err := cluster.Client.Create(s.ctx, source); err != nil {
		t.Fatal(err)
	}
	fails(v1.EventUnauthorizedDataVolumeCreate)
	grant(s, golden.key.Namespace)
	fails(v1.EventSourcePVCNotAvailable)
	golden.claim("image", corev1.ClaimBound)
	s.reconcile("POST review", "POST datavolume", "PATCH vm status")
	if got := s.dataVolume().Spec; got.SourceRef != nil || got.Source.PVC == nil || *got.Source.PVC != (cdiv1beta1.DataVolumeSourcePVC{Namespace: golden.key.Namespace, Name: "image"}) {
		t.Errorf("it is cloned from %+v and %+v, not from what was authorized", got.SourceRef, got.Source)
	}
}

func TestNoDataVolumesInTheCluster(t *testing.T) {
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(blank)
	s.reconcile("PATCH vm status")
	s.wantCondition(v1.ConditionFailure, "True FailedCreate")
	s.wantEvents("Warning FailedDataVolumeCreate")
	s.reconcile()
}

// A machine that cannot have its data any more can still be stopped.
func TestStopWithoutData(t *testing.T) {
	cluster.InstallDataVolumes(t)
	s := newSuite(t, v1.RunStrategyAlways)
	s.withRoot(&cdiv1beta1.DataVolumeSource{PVC: &cdiv1beta1.DataVolumeSourcePVC{Namespace: "elsewhere", Name: "image"}})
	s.claim("root", corev1.ClaimBound)
	s.started()
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Namespace: s.key.Namespace, Name: "root", Finalizers: nil}}
	if err := cluster.Client.Patch(s.ctx, claim, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Client.Delete(s.ctx, claim); err != nil {
		t.Fatal(err)
	}
	s.change(func(vm *v1.VirtualMachine) { *vm.Spec.RunStrategy = v1.RunStrategyHalted })
	if _, err := s.tryReconcile(); err == nil {
		t.Error("the missing data is not tried again")
	}
	if s.vmi().DeletionTimestamp.IsZero() {
		t.Error("the guest runs on")
	}
	s.wantStatus(v1.PrintableStatusStopping, true, false)
}
