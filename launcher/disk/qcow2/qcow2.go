// Package qcow2 reads the header of QEMU's qcow2 images and writes empty ones.
// Only what a launcher needs: telling formats apart, refusing images that point
// at other files, making overlays and empty disks without starting a program.
// The layout is QEMU's docs/interop/qcow2.txt.
package qcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

const (
	magic        = 0x514649fb // "QFI\xfb"
	headerLength = 104
	clusterBits  = 16
	clusterSize  = 1 << clusterBits
	// An L1 entry covers one L2 table's worth of clusters.
	l1EntryCovers = clusterSize * (clusterSize / 8)
	refcountOrder = 4 // 16 bits

	incompatibleExternalData = 1 << 2
	extensionEnd             = 0
	extensionBackingFormat   = 0xe2792aca
	// QEMU refuses longer names.
	maxBackingName = 1023
	maxL1Bytes     = 32 << 20
)

// ErrFormat says that a file begins like qcow2 but cannot be one.
var ErrFormat = errors.New("not a valid qcow2 image")

// Header is what a launcher wants to know of an image.
type Header struct {
	Version uint32
	// Size of the disk that the guest sees, in bytes.
	Size uint64
	// BackingFile is the name of the image below, "" when there is none.
	BackingFile string
	// ExternalData: the guest's data is in another file.
	ExternalData bool
	// Encrypted: the image needs a key.
	Encrypted bool
}

// Read reads the header of a qcow2 image; found is false when the file is
// something else.
func Read(r io.ReaderAt) (header Header, found bool, err error) {
	var b [headerLength]byte
	n, err := r.ReadAt(b[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return Header{}, false, fmt.Errorf("reading the image's header: %w", err)
	}
	if n < 8 || binary.BigEndian.Uint32(b[0:]) != magic {
		return Header{}, false, nil
	}
	header.Version = binary.BigEndian.Uint32(b[4:])
	if header.Version != 2 && header.Version != 3 {
		return Header{}, true, fmt.Errorf("%w: version %d", ErrFormat, header.Version)
	}
	if n < 72 || header.Version == 3 && n < headerLength {
		return Header{}, true, fmt.Errorf("%w: it ends within the header", ErrFormat)
	}
	header.Size = binary.BigEndian.Uint64(b[24:])
	if header.Size > math.MaxInt64 {
		return Header{}, true, fmt.Errorf("%w: impossible size", ErrFormat)
	}
	header.Encrypted = binary.BigEndian.Uint32(b[32:]) != 0
	if header.Version == 3 {
		header.ExternalData = binary.BigEndian.Uint64(b[72:])&incompatibleExternalData != 0
	}
	offset, length := binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint32(b[16:])
	if offset == 0 {
		return header, true, nil
	}
	if offset > math.MaxInt64 || length == 0 || length > maxBackingName {
		return Header{}, true, fmt.Errorf("%w: impossible name of a backing file", ErrFormat)
	}
	name := make([]byte, length)
	if _, err := r.ReadAt(name, int64(offset)); err != nil {
		return Header{}, true, fmt.Errorf("%w: it ends within the name of its backing file", ErrFormat)
	}
	header.BackingFile = string(name)
	return header, true, nil
}

// Backing is the image below an overlay.
type Backing struct {
	Path   string
	Format string // raw or qcow2
}

// Create writes an image in which nothing is allocated to path, which must not
// exist. size is in bytes; backing is nil for an empty disk.
func Create(path string, size uint64, backing *Backing) error {
	metadata, err := emptyImage(size, backing)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o660)
	if err != nil {
		return fmt.Errorf("creating an image: %w", err)
	}
	_, err = f.Write(metadata)
	if err == nil {
		// The L1 table is all zeroes: a hole does for it.
		err = f.Truncate(int64(len(metadata)) + int64(l1Clusters(size))*clusterSize)
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("writing an image's header: %w", err)
	}
	return nil
}

func l1Entries(size uint64) uint64 { return max(1, (size+l1EntryCovers-1)/l1EntryCovers) }

func l1Clusters(size uint64) uint64 { return (l1Entries(size)*8 + clusterSize - 1) / clusterSize }

// emptyImage returns everything before the L1 table: one cluster each for the
// header, the refcount table and the first refcount block.
func emptyImage(size uint64, backing *Backing) ([]byte, error) {
	if size > math.MaxInt64 || l1Entries(size)*8 > maxL1Bytes {
		return nil, fmt.Errorf("a disk of %d bytes is too large for qcow2", size)
	}
	if backing != nil && (backing.Path == "" || len(backing.Path) > maxBackingName) {
		return nil, fmt.Errorf("the path of a backing file has to have 1 to %d bytes", maxBackingName)
	}
	image := make([]byte, 3*clusterSize)
	put32, put64 := binary.BigEndian.PutUint32, binary.BigEndian.PutUint64
	put32(image[0:], magic)
	put32(image[4:], 3)
	put32(image[20:], clusterBits)
	put64(image[24:], size)
	put32(image[36:], uint32(l1Entries(size)))
	put64(image[40:], 3*clusterSize) // L1 table
	put64(image[48:], clusterSize)   // refcount table
	put32(image[56:], 1)             // of one cluster
	put32(image[96:], refcountOrder)
	put32(image[100:], headerLength)
	at := headerLength
	if backing != nil {
		put32(image[at:], extensionBackingFormat)
		put32(image[at+4:], uint32(len(backing.Format)))
		copy(image[at+8:], backing.Format)
		at += 8 + (len(backing.Format)+7)/8*8
	}
	put32(image[at:], extensionEnd)
	at += 8
	if backing != nil {
		put64(image[8:], uint64(at))
		put32(image[16:], uint32(len(backing.Path)))
		copy(image[at:], backing.Path)
	}
	put64(image[clusterSize:], 2*clusterSize) // first entry of the refcount table
	for cluster := uint64(0); cluster < 3+l1Clusters(size); cluster++ {
		binary.BigEndian.PutUint16(image[2*clusterSize+2*cluster:], 1)
	}
	return image, nil
}
