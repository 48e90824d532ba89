package volumes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

// Provisioner is the name by which StorageClasses ask for this package.
const Provisioner = "volumes.cluster.test"

// Annotations by which the controller manager and a provisioner talk.
const (
	asked       = "volume.kubernetes.io/storage-provisioner"
	provisioned = "pv.kubernetes.io/provisioned-by"
)

// kind is the parameter of a StorageClass, and the annotation of its volumes,
// that says what they are made of: bounded, iscsi or, by default, directories
// and blocks.
const kind = "kind"

type provisioner struct {
	client kubernetes.Interface
	// dir is the volumes' directory here.
	dir    string
	target target
	queue  workqueue.TypedRateLimitingInterface[string]
}

// Run provisions, grows and deletes the cluster's volumes until ctx is done.
func Run(ctx context.Context, client kubernetes.Interface, c *settings.Cluster) error {
	p := &provisioner{client: client, dir: c.Volumes(), target: target{c.ISCSIControl()}, queue: workqueue.NewTypedRateLimitingQueue(
		workqueue.NewTypedItemExponentialFailureRateLimiter[string](100*time.Millisecond, 10*time.Second))}
	defer p.queue.ShutDown()
	factory := informers.NewSharedInformerFactory(client, 0)
	claims := factory.Core().V1().PersistentVolumeClaims().Informer()
	disks := factory.Core().V1().PersistentVolumes().Informer()
	for prefix, informer := range map[string]cache.SharedIndexInformer{"claim/": claims, "volume/": disks} {
		if _, err := informer.AddEventHandler(p.enqueue(prefix)); err != nil {
			return fmt.Errorf("watching: %w", err)
		}
	}
	factory.Start(ctx.Done())
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return fmt.Errorf("reading all %v", kind)
		}
	}
	go func() { <-ctx.Done(); p.queue.ShutDown() }()
	for {
		key, end := p.queue.Get()
		if end {
			return nil
		}
		if err := p.sync(ctx, key, claims.GetStore(), disks.GetStore()); err != nil {
			fmt.Fprintf(os.Stderr, "volumes: %s: %v\n", key, err)
			p.queue.AddRateLimited(key)
		} else {
			p.queue.Forget(key)
		}
		p.queue.Done(key)
	}
}

func (p *provisioner) enqueue(prefix string) cache.ResourceEventHandler {
	add := func(object any) {
		if key, err := cache.MetaNamespaceKeyFunc(object); err == nil {
			p.queue.Add(prefix + key)
		}
	}
	return cache.ResourceEventHandlerFuncs{AddFunc: add, UpdateFunc: func(_, object any) { add(object) }}
}

func (p *provisioner) sync(ctx context.Context, key string, claims, disks cache.Store) error {
	if name, ok := strings.CutPrefix(key, "claim/"); ok {
		object, ok, err := claims.GetByKey(name)
		if err != nil || !ok {
			return err
		}
		return p.claim(ctx, object.(*corev1.PersistentVolumeClaim), disks)
	}
	object, ok, err := disks.GetByKey(strings.TrimPrefix(key, "volume/"))
	if err != nil || !ok {
		return err
	}
	return p.volume(ctx, object.(*corev1.PersistentVolume))
}

// claim makes the volume of a claim that wants one, or lets it grow.
func (p *provisioner) claim(ctx context.Context, c *corev1.PersistentVolumeClaim, disks cache.Store) error {
	if c.Annotations[asked] != Provisioner || c.DeletionTimestamp != nil {
		return nil
	}
	if c.Spec.VolumeName != "" {
		object, ok, err := disks.GetByKey(c.Spec.VolumeName)
		if err != nil || !ok {
			return err
		}
		return p.grow(ctx, c, object.(*corev1.PersistentVolume))
	}
	class, err := p.client.StorageV1().StorageClasses().Get(ctx, *c.Spec.StorageClassName, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("reading the storage class: %w", err)
	}
	volume := render(c, class.Parameters[kind])
	volume.Spec.PersistentVolumeReclaimPolicy = *class.ReclaimPolicy
	if err := p.make(volume); err != nil {
		return err
	}
	_, err = p.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating the volume: %w", err)
	}
	return nil
}

func render(c *corev1.PersistentVolumeClaim, made string) *corev1.PersistentVolume {
	name := "pvc-" + string(c.UID)
	mode := corev1.PersistentVolumeFilesystem
	path := filepath.Join(settings.VolumesOnNode, name)
	if c.Spec.VolumeMode != nil && *c.Spec.VolumeMode == corev1.PersistentVolumeBlock {
		mode = corev1.PersistentVolumeBlock
		path += DeviceSuffix
		if made == iscsi {
			path = filepath.Join(settings.DevicesOnNode, name+DeviceSuffix)
		}
	}
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{
			provisioned: Provisioner, Provisioner + "/" + kind: made,
		}},
		Spec: corev1.PersistentVolumeSpec{
			Capacity:         corev1.ResourceList{corev1.ResourceStorage: c.Spec.Resources.Requests[corev1.ResourceStorage]},
			AccessModes:      c.Spec.AccessModes,
			VolumeMode:       &mode,
			StorageClassName: *c.Spec.StorageClassName,
			ClaimRef: &corev1.ObjectReference{
				APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: c.Namespace, Name: c.Name, UID: c.UID,
			},
			PersistentVolumeSource: corev1.PersistentVolumeSource{Local: &corev1.LocalVolumeSource{Path: path}},
			// A local volume has to say where it is: everywhere.
			NodeAffinity: &corev1.VolumeNodeAffinity{Required: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{
					Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpExists,
				}}}},
			}},
		},
	}
}

func (p *provisioner) make(v *corev1.PersistentVolume) error {
	d, size := disk{p.dir, v.Name}, bytes(v.Spec.Capacity)
	made, block := v.Annotations[Provisioner+"/"+kind], *v.Spec.VolumeMode == corev1.PersistentVolumeBlock
	switch {
	case made == iscsi && !block:
		return errors.New("an iSCSI volume is a block device: ask for volumeMode Block")
	case made == iscsi:
		return d.makeLUN(p.target, size)
	case block:
		return d.makeBlock(size)
	case made == bounded:
		return d.makeFileSystem(size)
	}
	return d.makeDirectory()
}

func bytes(l corev1.ResourceList) int64 {
	const sector = 4096
	size := l[corev1.ResourceStorage]
	return (size.Value() + sector - 1) / sector * sector
}

// grow follows a claim that asks for more than its volume has.
func (p *provisioner) grow(ctx context.Context, c *corev1.PersistentVolumeClaim, v *corev1.PersistentVolume) error {
	want := c.Spec.Resources.Requests[corev1.ResourceStorage]
	if v.Annotations[provisioned] != Provisioner || c.Status.Phase != corev1.ClaimBound {
		return nil
	}
	if has := v.Spec.Capacity[corev1.ResourceStorage]; has.Cmp(want) < 0 {
		v = v.DeepCopy()
		v.Spec.Capacity[corev1.ResourceStorage] = want
		if err := p.make(v); err != nil {
			return err
		}
		if _, err := p.client.CoreV1().PersistentVolumes().Update(ctx, v, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("recording the volume's size: %w", err)
		}
	}
	return p.report(ctx, c, want)
}

func (p *provisioner) report(ctx context.Context, c *corev1.PersistentVolumeClaim, size resource.Quantity) error {
	if has := c.Status.Capacity[corev1.ResourceStorage]; has.Cmp(size) >= 0 {
		return nil
	}
	c = c.DeepCopy()
	c.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: size}
	if _, err := p.client.CoreV1().PersistentVolumeClaims(c.Namespace).UpdateStatus(ctx, c, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("reporting the claim's size: %w", err)
	}
	return nil
}

// volume deletes a volume that nobody wants any more, and attaches those that
// are wanted again after a restart of the machine's part.
func (p *provisioner) volume(ctx context.Context, v *corev1.PersistentVolume) error {
	if v.Annotations[provisioned] != Provisioner {
		return nil
	}
	if v.Status.Phase != corev1.VolumeReleased || v.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		if v.DeletionTimestamp != nil {
			return nil
		}
		return p.make(v)
	}
	if v.Annotations[Provisioner+"/"+kind] == iscsi {
		if err := p.target.forget(v.Name); err != nil {
			return err
		}
	}
	if err := (disk{p.dir, v.Name}).remove(); err != nil {
		return err
	}
	if v.DeletionTimestamp != nil {
		return nil
	}
	err := p.client.CoreV1().PersistentVolumes().Delete(ctx, v.Name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("deleting the volume: %w", err)
	}
	return nil
}
