package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// filePiece is what is read or written at once.
	filePiece = 1 << 20
	maxPath   = 4096
)

// fileParameters are the query of file.
var fileParameters = map[string]string{"path": "string", "offset": "integer"}

// absolute paths, of Windows, too.
var absolute = regexp.MustCompile(`^(/|[A-Za-z]:[\\/]|\\\\)`)

// fileQuery reads the query of file. A copy that was cut short goes on at an
// offset: the cluster's API server gives every request one minute.
func fileQuery(r *http.Request) (path string, offset int64, err error) {
	path = r.URL.Query().Get("path")
	if !absolute.MatchString(path) || len(path) > maxPath || strings.Contains(path, "\x00") {
		return "", 0, apierrors.NewBadRequest(fmt.Sprintf(
			"path: %.100q is not allowed: the absolute path of a file in the guest, of %d bytes at most, is", path, maxPath))
	}
	if r.URL.Query().Has("offset") {
		offset, err = numberQuery(r, "offset", 0, math.MaxInt64)
	}
	return path, offset, err
}

// withFile is the frame of both directions of a copy.
func (s *server) withFile(w http.ResponseWriter, r *http.Request, at target, act func(vmi *v1.VirtualMachineInstance, path string, offset int64) error) {
	path, offset, err := fileQuery(r)
	if err == nil {
		err = s.withGuest(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
			if err := mayAskAgent(vmi); err != nil {
				return err
			}
			return act(vmi, path, offset)
		})
	}
	if err != nil {
		s.fail(w, err)
	}
}

// readFile answers with the content of a file. What fails once some of it has been
// sent breaks the connection: half a file must not look like one.
func (s *server) readFile(w http.ResponseWriter, r *http.Request, at target) {
	s.withFile(w, r, at, func(vmi *v1.VirtualMachineInstance, path string, offset int64) error {
		begun := false
		for {
			chunk, err := s.readPiece(r.Context(), vmi, path, offset)
			if err != nil && begun {
				s.log.Info("a file could not be read to its end", "namespace", at.namespace, "name", at.name, "reason", err.Error())
				panic(http.ErrAbortHandler)
			}
			if err != nil {
				return err
			}
			if !begun {
				w.Header().Set("Content-Type", "application/octet-stream")
				w.Header().Set("X-Content-Type-Options", "nosniff")
				begun = true
			}
			if _, err := w.Write(chunk.Data); err != nil || chunk.EOF {
				return nil // the caller has it all, or has gone
			}
			_ = http.NewResponseController(w).Flush()
			offset += int64(len(chunk.Data))
		}
	})
}

func (s *server) readPiece(ctx context.Context, vmi *v1.VirtualMachineInstance, path string, offset int64) (*subresourcesv1.GuestFileChunk, error) {
	options := subresourcesv1.GuestFileOptions{Path: path, Offset: offset, Length: filePiece}
	answer, err := s.askGuest(ctx, vmi, protocol.Question_QUESTION_READ_FILE, options, answerTimeout)
	if err != nil {
		return nil, fileFailure(path, err)
	}
	chunk := &subresourcesv1.GuestFileChunk{}
	if err := understand(answer, chunk); err != nil {
		return nil, err
	}
	if len(chunk.Data) > filePiece || len(chunk.Data) == 0 && !chunk.EOF {
		return nil, errAnswer(fmt.Sprintf("with %d bytes of a file, asked for %d", len(chunk.Data), filePiece))
	}
	return chunk, nil
}

// writeFile writes the body to a file: one that is created, or emptied, unless the
// body goes on at an offset.
func (s *server) writeFile(w http.ResponseWriter, r *http.Request, at target) {
	s.withFile(w, r, at, func(vmi *v1.VirtualMachineInstance, path string, offset int64) error {
		piece := make([]byte, filePiece)
		for {
			n, err := readFull(r.Body, piece)
			if err != nil && !errors.Is(err, io.EOF) {
				return apierrors.NewBadRequest(fmt.Sprintf("the file's content did not arrive: %v", err))
			}
			if n > 0 || offset == 0 {
				options := subresourcesv1.GuestFileOptions{Path: path, Offset: offset, Data: piece[:n]}
				if _, err := s.askGuest(r.Context(), vmi, protocol.Question_QUESTION_WRITE_FILE, options, answerTimeout); err != nil {
					return fileFailure(path, err)
				}
			}
			if err != nil {
				w.WriteHeader(http.StatusOK)
				return nil
			}
			offset += int64(n)
		}
	})
}

// readFull fills a piece; io.EOF says that it is the last. Other than io.ReadFull it
// tells the end of a body from one that was cut off.
func readFull(body io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var more int
		more, err = body.Read(piece[n:])
		n += more
	}
	return n, err
}

// missing are the words of guest agents for a file, or a directory on the way to it,
// that is not there.
var missing = []string{"No such file or directory", "cannot find the file", "cannot find the path"}

// fileFailure gives a missing file the code of one.
func fileFailure(path string, err error) error {
	for _, words := range missing {
		if strings.Contains(err.Error(), words) {
			return apierrors.NewNotFound(schema.GroupResource{Resource: "file in the guest"}, path)
		}
	}
	return err
}
