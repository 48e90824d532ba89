package guest

import (
	"bytes"
	"errors"
	"io"
)

// overlap is how much of what it has a copy that goes on reads once more.
const overlap = 64 << 10

var errChanged = errors.New("the file has changed while it was copied")

// remoteFile is a file in the guest that is read in as many requests as it takes:
// the cluster's API server ends each after a minute.
type remoteFile struct {
	// open reads the file from an offset on.
	open   func(offset int64) (io.ReadCloser, error)
	body   io.ReadCloser
	offset int64
	// tail is the last that was read before the offset.
	tail []byte
	// progress tells that the present request has brought something new.
	progress bool
}

// begin makes the next request. Nothing tells one version of a file from another
// but its content, so a file that is other than it was at its last known bytes, or
// has become shorter, is not gone on with.
func (f *remoteFile) begin() (err error) {
	f.progress = false
	if f.body, err = f.open(f.offset - int64(len(f.tail))); err != nil {
		return err
	}
	again, err := io.ReadAll(io.LimitReader(f.body, int64(len(f.tail))))
	if err == nil && !bytes.Equal(again, f.tail) {
		err = errChanged
	}
	return err
}

// Read goes on with another request where one was cut off, but not from one that
// brought nothing.
func (f *remoteFile) Read(p []byte) (int, error) {
	if f.body == nil {
		if err := f.begin(); err != nil {
			return 0, err
		}
	}
	n, err := f.body.Read(p)
	f.offset += int64(n)
	f.tail = append(f.tail, p[:n]...)
	f.tail = append(f.tail[:0], f.tail[max(0, len(f.tail)-overlap):]...)
	f.progress = f.progress || n > 0
	if err == nil || errors.Is(err, io.EOF) || !f.progress {
		return n, err
	}
	return n, f.Close()
}

// Close ends the present request.
func (f *remoteFile) Close() error {
	if f.body == nil {
		return nil
	}
	body := f.body
	f.body = nil
	return body.Close()
}
