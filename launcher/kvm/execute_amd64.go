package kvm

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	getSpecialRegisters = 0x8138ae83
	setSpecialRegisters = 0x4138ae84
	setRegisters        = 0x4090ae82

	guestMemory = 64 << 10
	codeAddress = 0x1000
	// tssAddress is where Intel processors without unrestricted guests may keep
	// three pages of their own; any place outside the guest's memory does.
	tssAddress = 0xfffbd000

	exitReasonOffset = 8
	exitIO           = 2
	exitHLT          = 5
)

// program counts down in 64-bit mode, writes a 5 to a port and halts:
//
//	mov ecx,50000000; again: dec ecx; jnz again; mov al,5; out 0x80,al; hlt
//
// A processor does it in a few hundredths of a second. Where KVM only emulates
// ordinary kernels one instruction at a time, which no guest would ever boot
// with, it takes far longer than anybody waits.
var program = []byte{0xb9, 0x80, 0xf0, 0xfa, 0x02, 0xff, 0xc9, 0x75, 0xfc, 0xb0, 0x05, 0xe6, 0x80, 0xf4}

type memoryRegion struct {
	slot, flags                   uint32
	guestAddress, size, userspace uint64
}

type registers struct {
	rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp uint64
	r8, r9, r10, r11, r12, r13, r14, r15   uint64
	rip, rflags                            uint64
}

// specialRegisters is struct kvm_sregs: six segments, task and local descriptor
// table of 24 bytes each, two descriptor tables, the control registers.
type specialRegisters [312]byte

const (
	segmentBytes = 24
	cr0At        = 224
	cr3At        = 240
	cr4At        = 248
	eferAt       = 264

	pageTables = 0x2000 // one page for each of three levels
)

func execute(device uintptr) error {
	vm, err := request(device, createVM, 0)
	if err != nil {
		return fmt.Errorf("creating a virtual machine: %w", err)
	}
	defer func() { _ = unix.Close(int(vm)) }()
	if _, err := request(vm, setTSSAddress, tssAddress); err != nil {
		return fmt.Errorf("placing the task state: %w", err)
	}
	memory, err := unix.Mmap(-1, 0, guestMemory, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	if err != nil {
		return fmt.Errorf("allocating guest memory: %w", err)
	}
	defer func() { _ = unix.Munmap(memory) }()
	copy(memory[codeAddress:], program)
	// One 2 MiB page that maps addresses to themselves.
	put64 := binary.LittleEndian.PutUint64
	put64(memory[pageTables:], pageTables+0x1000|0x3)
	put64(memory[pageTables+0x1000:], pageTables+0x2000|0x3)
	put64(memory[pageTables+0x2000:], 0x83)
	region := memoryRegion{size: guestMemory, userspace: uint64(uintptr(unsafe.Pointer(&memory[0])))}
	if _, err := request(vm, setUserMemoryRegion, uintptr(unsafe.Pointer(&region))); err != nil {
		return fmt.Errorf("giving the guest memory: %w", err)
	}
	vcpu, err := request(vm, createVCPU, 0)
	if err != nil {
		return fmt.Errorf("creating a virtual CPU: %w", err)
	}
	defer func() { _ = unix.Close(int(vcpu)) }()
	if err := start(vcpu); err != nil {
		return err
	}
	return runProgram(device, vcpu)
}

// start points the virtual CPU at the program, in 64-bit mode.
func start(vcpu uintptr) error {
	var special specialRegisters
	if _, err := request(vcpu, getSpecialRegisters, uintptr(unsafe.Pointer(&special))); err != nil {
		return fmt.Errorf("reading the virtual CPU's segments: %w", err)
	}
	for segment := range 6 {
		// base, limit, selector; type, present, dpl, db, s, l, g
		at := special[segment*segmentBytes:]
		binary.LittleEndian.PutUint64(at[0:], 0)
		binary.LittleEndian.PutUint32(at[8:], 0xffffffff)
		binary.LittleEndian.PutUint16(at[12:], 0x10)
		copy(at[14:], []byte{3, 1, 0, 1, 1, 0, 1})
		if segment == 0 {
			binary.LittleEndian.PutUint16(at[12:], 0x8)
			copy(at[14:], []byte{11, 1, 0, 0, 1, 1, 1})
		}
	}
	binary.LittleEndian.PutUint64(special[cr0At:], 0x80010033) // PG WP NE ET MP PE
	binary.LittleEndian.PutUint64(special[cr3At:], pageTables)
	binary.LittleEndian.PutUint64(special[cr4At:], 0x20)   // PAE
	binary.LittleEndian.PutUint64(special[eferAt:], 0x500) // LMA LME
	if _, err := request(vcpu, setSpecialRegisters, uintptr(unsafe.Pointer(&special))); err != nil {
		return fmt.Errorf("setting the virtual CPU's segments: %w", err)
	}
	general := registers{rip: codeAddress, rflags: 2}
	if _, err := request(vcpu, setRegisters, uintptr(unsafe.Pointer(&general))); err != nil {
		return fmt.Errorf("setting the virtual CPU's registers: %w", err)
	}
	return nil
}

// runProgram expects the write to the port with the right sum, then the halt.
func runProgram(device, vcpu uintptr) error {
	size, err := request(device, getVCPUMmapSize, 0)
	if err != nil {
		return fmt.Errorf("asking for the size of the shared page: %w", err)
	}
	shared, err := unix.Mmap(int(vcpu), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mapping the shared page: %w", err)
	}
	defer func() { _ = unix.Munmap(shared) }()
	for _, want := range []uint32{exitIO, exitHLT} {
		if _, err := request(vcpu, run, 0); err != nil {
			return fmt.Errorf("running the virtual CPU: %w", err)
		}
		got := binary.LittleEndian.Uint32(shared[exitReasonOffset:])
		if got != want {
			return fmt.Errorf("the virtual CPU stopped for reason %d instead of %d", got, want)
		}
		if want != exitIO {
			continue
		}
		// struct kvm_run's io: direction, size, port, count, offset of the data.
		offset := binary.LittleEndian.Uint64(shared[32+8:])
		if offset >= uint64(len(shared)) || shared[offset] != 5 {
			return fmt.Errorf("the virtual CPU wrote something else than it was told")
		}
	}
	return nil
}
