// Package downwardmetrics tells a guest about its node, in the form of vhostmd: on a small
// disk that is written again and again, or in answer to a request on a channel.
package downwardmetrics

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

const (
	vendor = "kubevirt.io"
	// ticksPerSecond is the unit of CPU time in what the kernel tells of processes.
	ticksPerSecond = 100
	kibi           = 1 << 10
)

// Source gathers the metrics of one instance.
type Source struct {
	// Node is the name of the node, VCPUs and Memory what the guest has, in bytes.
	Node   string
	VCPUs  uint
	Memory int64
	// Proc is where the kernel tells of processes and memory: of the node's, and of the
	// pod's own processes.
	Proc string
}

// Of is the source for an instance.
func Of(vmi *v1.VirtualMachineInstance) *Source {
	memory := vmi.Spec.Domain.GuestMemory()
	return &Source{
		Node: vmi.Status.NodeName, VCPUs: uint(vmi.Spec.Domain.CPUTopology().VCPUs()), Memory: memory.Value(), Proc: "/proc",
	}
}

type metric struct {
	XMLName xml.Name `xml:"metric"`
	Type    string   `xml:"type,attr"`
	Context string   `xml:"context,attr"`
	Unit    string   `xml:"unit,attr,omitempty"`
	Name    string   `xml:"name"`
	Value   string   `xml:"value"`
}

// Collect returns the present metrics as vhostmd's document.
func (s *Source) Collect(now time.Time) ([]byte, error) {
	memory, memoryErr := s.fields("meminfo")
	pages, pagesErr := s.fields("vmstat")
	cpus, busy, cpuErr := s.cpu()
	guest, guestErr := s.guestCPU()
	if err := errors.Join(memoryErr, pagesErr, cpuErr, guestErr); err != nil {
		return nil, fmt.Errorf("gathering metrics of the node: %w", err)
	}
	swapped := func(name string) int64 { return pages[name] * int64(os.Getpagesize()) / kibi }
	whole := func(n int64) string { return strconv.FormatInt(n, 10) }
	seconds := func(ticks int64) string { return strconv.FormatFloat(float64(ticks)/ticksPerSecond, 'f', 2, 64) }
	document := struct {
		XMLName xml.Name `xml:"metrics"`
		Metrics []metric
	}{Metrics: []metric{
		{Type: "string", Context: "host", Name: "HostName", Value: s.Node},
		{Type: "string", Context: "host", Name: "HostSystemInfo", Value: "linux"},
		{Type: "string", Context: "host", Name: "VirtualizationVendor", Value: vendor},
		{Type: "uint64", Context: "host", Name: "NumberOfPhysicalCPUs", Value: whole(cpus)},
		{Type: "real64", Context: "host", Unit: "s", Name: "TotalCPUTime", Value: seconds(busy)},
		{Type: "uint64", Context: "host", Unit: "KiB", Name: "FreePhysicalMemory", Value: whole(memory["MemFree"])},
		{Type: "uint64", Context: "host", Unit: "KiB", Name: "FreeVirtualMemory", Value: whole(memory["MemFree"] + memory["SwapFree"])},
		{
			Type: "uint64", Context: "host", Unit: "KiB", Name: "UsedVirtualMemory",
			Value: whole(memory["MemTotal"] - memory["MemFree"] + memory["SwapTotal"] - memory["SwapFree"]),
		},
		{Type: "uint64", Context: "host", Unit: "KiB", Name: "PagedInMemory", Value: whole(swapped("pswpin"))},
		{Type: "uint64", Context: "host", Unit: "KiB", Name: "PagedOutMemory", Value: whole(swapped("pswpout"))},
		{Type: "int64", Context: "host", Unit: "s", Name: "Time", Value: whole(now.Unix())},
		{Type: "real64", Context: "vm", Unit: "s", Name: "TotalCPUTime", Value: seconds(guest)},
		{Type: "uint64", Context: "vm", Name: "ResourceProcessorLimit", Value: strconv.FormatUint(uint64(s.VCPUs), 10)},
		{Type: "uint64", Context: "vm", Unit: "KiB", Name: "PhysicalMemoryAllocatedToVirtualSystem", Value: whole(s.Memory / kibi)},
		{Type: "uint64", Context: "vm", Unit: "KiB", Name: "ResourceMemoryLimit", Value: whole(s.Memory / kibi)},
	}}
	data, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the metrics: %w", err)
	}
	return data, nil
}

// fields reads a file of names and numbers.
func (s *Source) fields(name string) (map[string]int64, error) {
	data, err := os.ReadFile(filepath.Join(s.Proc, name))
	if err != nil {
		return nil, err
	}
	found := map[string]int64{}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if value, err := strconv.ParseInt(words[1], 10, 64); err == nil {
			found[strings.TrimSuffix(words[0], ":")] = value
		}
	}
	return found, nil
}

// cpu returns how many CPUs the node has and how long, in ticks, they have been busy.
func (s *Source) cpu() (cpus, busy int64, err error) {
	data, err := os.ReadFile(filepath.Join(s.Proc, "stat"))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(data)) {
		words := strings.Fields(line)
		if len(words) < 9 || !strings.HasPrefix(words[0], "cpu") {
			continue
		}
		if words[0] != "cpu" {
			cpus++
			continue
		}
		for i, word := range words[1:9] {
			const idle, ioWait = 3, 4
			if ticks, err := strconv.ParseInt(word, 10, 64); err == nil && i != idle && i != ioWait {
				busy += ticks
			}
		}
	}
	return cpus, busy, nil
}

// guestCPU is how long, in ticks, the pod's QEMU has been busy; 0 before it runs.
func (s *Source) guestCPU() (int64, error) {
	processes, err := filepath.Glob(filepath.Join(s.Proc, "[0-9]*", "stat"))
	if err != nil {
		return 0, err
	}
	for _, process := range processes {
		data, err := os.ReadFile(process)
		if err != nil {
			continue // it has ended
		}
		// 7 (qemu-system-x86) S 1 ... : the name may hold spaces.
		name, rest, found := bytes.Cut(data, []byte(") "))
		words := strings.Fields(string(rest))
		const user, system = 11, 12
		if !found || len(words) <= system || !bytes.Contains(name, []byte("(qemu-system")) {
			continue
		}
		inUser, userErr := strconv.ParseInt(words[user], 10, 64)
		inKernel, kernelErr := strconv.ParseInt(words[system], 10, 64)
		return inUser + inKernel, errors.Join(userErr, kernelErr)
	}
	return 0, nil
}
