package launcherpod

import (
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// filesystemShare is the share of a CPU, in thousandths, for serving a directory.
const filesystemShare = 10

// writableLayer is the ephemeral storage a launcher needs of its own.
var writableLayer = resource.MustParse("50M")

// resources says what the pod takes from its node: what the guest is to have, and
// what it costs to run it.
func resources(r *render) error {
	if cpu := r.vmi.Spec.Domain.CPU; cpu != nil && cpu.DedicatedCPUPlacement {
		return errors.New("dedicated CPUs are not supported")
	}
	r.request(corev1.ResourceEphemeralStorage, writableLayer)
	if !r.cfg.UseEmulation {
		r.addDevice(deviceKVM)
	}
	r.requestCPU()
	return r.requestMemory()
}

// requestCPU asks for a share of a CPU for each thread that the guest keeps busy,
// unless the instance says what it needs.
func (r *render) requestCPU() {
	spec := &r.vmi.Spec.Domain
	limit, limited := spec.Resources.Limits[corev1.ResourceCPU]
	request, requested := spec.Resources.Requests[corev1.ResourceCPU]
	if limited {
		r.limit(corev1.ResourceCPU, limit)
	}
	switch {
	case requested:
		r.request(corev1.ResourceCPU, request)
		return
	case limited:
		r.request(corev1.ResourceCPU, limit)
		return
	}
	threads := int64(spec.CPUTopology().VCPUs() + spec.IOThreadCounts().Total())
	ratio := int64(r.cfg.CPUAllocationRatio)
	share := (threads*1000+ratio-1)/ratio + int64(len(spec.Devices.Filesystems))*filesystemShare
	r.request(corev1.ResourceCPU, *resource.NewMilliQuantity(share, resource.DecimalSI))
}

// LimitCPU keeps a launcher pod to the CPUs that its guest has, unless the instance
// sets a limit of its own or asks for more.
func LimitCPU(pod *corev1.Pod, vmi *v1.VirtualMachineInstance) {
	compute := &pod.Spec.Containers[0]
	if _, limited := compute.Resources.Limits[corev1.ResourceCPU]; limited {
		return
	}
	limit := *resource.NewQuantity(int64(vmi.Spec.Domain.CPUTopology().VCPUs()), resource.DecimalSI)
	if request := compute.Resources.Requests[corev1.ResourceCPU]; request.Cmp(limit) > 0 {
		limit = request
	}
	if compute.Resources.Limits == nil {
		compute.Resources.Limits = corev1.ResourceList{}
	}
	compute.Resources.Limits[corev1.ResourceCPU] = limit
}

// requestMemory asks for the guest's memory and the overhead of running it.
func (r *render) requestMemory() error {
	spec := &r.vmi.Spec.Domain
	overhead := MemoryOverhead(r.vmi, r.cfg)
	r.pod.Annotations[annotationOverhead] = fmt.Sprint(overhead.Value())

	guest := spec.GuestMemory()
	limit, limited := spec.Resources.Limits[corev1.ResourceMemory]
	request, requested := spec.Resources.Requests[corev1.ResourceMemory]
	switch {
	case requested:
	case limited:
		request = limit
	default:
		request = *resource.NewQuantity(guest.Value()*100/int64(r.cfg.MemoryOvercommit), resource.BinarySI)
	}
	if memory := spec.Memory; memory != nil && memory.Hugepages != nil {
		page, err := resource.ParseQuantity(memory.Hugepages.PageSize)
		if err != nil {
			return fmt.Errorf("reading the size of huge pages %q: %w", memory.Hugepages.PageSize, err)
		}
		r.requestHugepages(page, guest)
		// The guest's memory is accounted as huge pages, only the rest as memory.
		request, limited = resource.Quantity{Format: resource.BinarySI}, false
	}
	if !spec.Resources.OvercommitGuestOverhead {
		request.Add(overhead)
	}
	r.request(corev1.ResourceMemory, request)
	if limited {
		limit = limit.DeepCopy()
		limit.Add(overhead)
		limit.Add(*resource.NewQuantity(overheadPeak, resource.BinarySI))
		r.limit(corev1.ResourceMemory, limit)
	}
	return nil
}

// requestHugepages asks for the guest's memory in pages of one size. The kubelet
// hands them out only with a limit.
func (r *render) requestHugepages(page, guest resource.Quantity) {
	name := corev1.ResourceName(corev1.ResourceHugePagesPrefix + page.String())
	r.request(name, guest)
	r.limit(name, guest)
}

func (r *render) request(name corev1.ResourceName, quantity resource.Quantity) {
	if r.compute.Resources.Requests == nil {
		r.compute.Resources.Requests = corev1.ResourceList{}
	}
	r.compute.Resources.Requests[name] = quantity
}

func (r *render) limit(name corev1.ResourceName, quantity resource.Quantity) {
	if r.compute.Resources.Limits == nil {
		r.compute.Resources.Limits = corev1.ResourceList{}
	}
	r.compute.Resources.Limits[name] = quantity
}

// addDevice asks for one of a node's devices. A device is no good overcommitted,
// so that limit and request are the same.
func (r *render) addDevice(name corev1.ResourceName) {
	one := resource.MustParse("1")
	r.limit(name, one)
	r.request(name, one)
}
