package qcow2

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// FuzzRead reads headers of any kind, as the author of a container disk may write them.
// What is told of an image must hold whatever stands elsewhere in it.
func FuzzRead(f *testing.F) {
	for _, backing := range []*Backing{nil, {Path: "/etc/passwd", Format: "raw"}, {Path: "json:{\"driver\":\"nbd\"}", Format: "qcow2"}} {
		image, err := emptyImage(1<<30, backing)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(image[:512])
		f.Add(image[:headerLength])
		f.Add(image[:60])
	}
	f.Add([]byte("QFI\xfb\x00\x00\x00\x02"))
	f.Fuzz(func(t *testing.T, data []byte) {
		header, found, err := Read(bytes.NewReader(data))
		isQcow2 := len(data) >= 8 && binary.BigEndian.Uint32(data) == magic
		switch {
		case found != isQcow2:
			t.Fatalf("found is %v", found)
		case err != nil && header != (Header{}):
			t.Fatalf("an error and a header %+v", header)
		case err != nil || !found:
			return
		}
		if offset := binary.BigEndian.Uint64(data[8:]); (offset != 0) != (header.BackingFile != "") {
			t.Errorf("the backing file at %d is told as %q", offset, header.BackingFile)
		}
		if binary.BigEndian.Uint32(data[32:]) != 0 && !header.Encrypted {
			t.Error("an encrypted image is taken for a plain one")
		}
		if header.Version == 3 && data[79]&incompatibleExternalData != 0 && !header.ExternalData {
			t.Error("data in another file is not told")
		}
	})
}
