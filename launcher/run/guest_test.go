//go:build process

package run_test

import (
	"os"
	"path/filepath"
	"testing"
)

// bootSector is the smallest guest that can be started, talked to and shut
// down. It says "guest is up" on the first serial port, then sleeps between
// timer interrupts and powers off through ACPI (q35's PM1 registers at 0x600)
// when the power button is pressed or a "p" arrives on the port:
//
//	cli; xor ax,ax; mov ds,ax; mov ss,ax; mov sp,0x7c00; sti
//	mov dx,0x602; mov ax,0x100; out dx,ax           ; PM1_EN: power button
//	mov si,0x7c43; mov dx,0x3f8
//	next: lodsb; test al,al; jz idle; out dx,al; jmp next
//	idle: hlt
//	mov dx,0x600; in ax,dx; test ah,1; jnz off      ; PM1_STS: power button
//	mov dx,0x3fd; in al,dx; test al,1; jz idle
//	mov dx,0x3f8; in al,dx; cmp al,'p'; jne idle
//	off: mov dx,0x604; mov ax,0x2000; out dx,ax; jmp idle  ; PM1_CNT: S5
var bootSector = []byte{
	0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xfb,
	0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef,
	0xbe, 0x43, 0x7c, 0xba, 0xf8, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x03, 0xee, 0xeb, 0xf8,
	0xf4, 0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4, 0x01, 0x75, 0x10,
	0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xee,
	0xba, 0xf8, 0x03, 0xec, 0x3c, 0x70, 0x75, 0xe6,
	0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xeb, 0xdd,
}

const greeting = "guest is up"

// deafSector never looks at the power button: "jmp $" after the greeting.
func deafSector() []byte {
	sector := append([]byte{}, bootSector...)
	sector[32], sector[33], sector[34] = 0xf4, 0xeb, 0xfd // idle: hlt; jmp idle
	return sector
}

// containerDisk lays a container disk's directory out around a boot sector.
func containerDisk(t *testing.T, sector []byte) string {
	t.Helper()
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "disk"), 0o755); err != nil {
		t.Fatal(err)
	}
	image := make([]byte, 4<<20) // SeaBIOS boots from no disk without cylinders
	copy(image, sector)
	copy(image[len(bootSector):], greeting+"\r\n\x00")
	image[510], image[511] = 0x55, 0xaa
	if err := os.WriteFile(filepath.Join(root, "disk", "boot.img"), image, 0o444); err != nil {
		t.Fatal(err)
	}
	for dir := root; dir != "/tmp" && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
