package guest

import (
	"errors"
	"io"
)

// remoteFile is a file in the guest that is read in as many requests as it takes:
// the cluster's API server ends each after a minute.
type remoteFile struct {
	// open reads the file from an offset on.
	open   func(offset int64) (io.ReadCloser, error)
	body   io.ReadCloser
	offset int64
	// progress tells that the present request has brought something.
	progress bool
}

// begin makes the next request.
func (f *remoteFile) begin() (err error) {
	f.progress = false
	f.body, err = f.open(f.offset)
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
