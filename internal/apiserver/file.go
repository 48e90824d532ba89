package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	subresourcesv1 "kubevirt.io/kubevirt/api/subresources/v1"
	"kubevirt.io/kubevirt/handler/protocol"
)

const (
	// filePiece is what is read or written at once.
	filePiece = subresourcesv1.MaxFilePiece
	// filePause is between two tries to read or write a piece.
	filePause = 200 * time.Millisecond
)

// fileParameters are the query of file.
var fileParameters = map[string]string{"path": "string", "offset": "integer"}

// fileQuery reads the query of file. A copy that was cut short goes on at an
// offset: the cluster's API server gives every request one minute.
func fileQuery(r *http.Request) (path string, offset int64, err error) {
	path = r.URL.Query().Get("path")
	if err := subresourcesv1.ValidateGuestPath(path); err != nil {
		return "", 0, apierrors.NewBadRequest(err.Error())
	}
	if r.URL.Query().Has("offset") {
		offset, err = numberQuery(r, "offset", 0, math.MaxInt64)
	}
	return path, offset, err
}

// fileCopy is a copy from or to a file in a guest.
type fileCopy struct {
	talk   *conversation
	path   string
	offset int64
	// begun says that some of it has been copied.
	begun bool
}

// withFile is the frame of both directions of a copy.
func (s *server) withFile(w http.ResponseWriter, r *http.Request, at target, act func(*fileCopy) error) {
	path, offset, err := fileQuery(r)
	if err == nil {
		err = s.withAgent(r.Context(), at, func(vmi *v1.VirtualMachineInstance) error {
			talk, err := s.converse(r.Context(), vmi)
			if err != nil {
				return err
			}
			defer func() { _ = talk.Close() }()
			return act(&fileCopy{talk: talk, path: path, offset: offset})
		})
	}
	if err != nil {
		s.fail(w, err)
	}
}

// readFile answers with the content of a file. What fails once some of it has been
// sent breaks the connection: half a file must not look like one.
func (s *server) readFile(w http.ResponseWriter, r *http.Request, at target) {
	s.withFile(w, r, at, func(c *fileCopy) error {
		for {
			chunk, err := c.read(r.Context())
			if err != nil && c.begun {
				s.log.Info("a file could not be read to its end", "namespace", at.namespace, "name", at.name, "reason", err.Error())
				panic(http.ErrAbortHandler)
			}
			if err != nil {
				return err
			}
			if !c.begun {
				w.Header().Set("Content-Type", "application/octet-stream")
				w.Header().Set("X-Content-Type-Options", "nosniff")
			}
			if _, err := w.Write(chunk.Data); err != nil || chunk.EOF {
				return nil // the caller has it all, or has gone
			}
			_ = http.NewResponseController(w).Flush()
			c.advance(len(chunk.Data))
		}
	})
}

// writeFile writes the body to a file: one that is created, or emptied, unless the
// body goes on at an offset.
func (s *server) writeFile(w http.ResponseWriter, r *http.Request, at target) {
	s.withFile(w, r, at, func(c *fileCopy) error {
		piece := make([]byte, filePiece)
		for {
			n, err := readFull(r.Body, piece)
			if err != nil && !errors.Is(err, io.EOF) {
				return apierrors.NewBadRequest(fmt.Sprintf("the file's content did not arrive: %v", err))
			}
			if n > 0 || c.offset == 0 {
				options := subresourcesv1.GuestFileOptions{Data: piece[:n]}
				if _, err := c.ask(r.Context(), protocol.Question_QUESTION_WRITE_FILE, options); err != nil {
					return err
				}
			}
			if err != nil {
				w.WriteHeader(http.StatusOK)
				return nil
			}
			c.advance(n)
		}
	})
}

func (c *fileCopy) advance(n int) {
	c.offset += int64(n)
	c.begun = true
}

func (c *fileCopy) read(ctx context.Context) (*subresourcesv1.GuestFileChunk, error) {
	answer, err := c.ask(ctx, protocol.Question_QUESTION_READ_FILE, subresourcesv1.GuestFileOptions{Length: filePiece})
	if err != nil {
		return nil, err
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

// ask asks for the next piece. A copy that has begun does not end because the guest is
// asked much at this moment.
func (c *fileCopy) ask(ctx context.Context, question protocol.Question, options subresourcesv1.GuestFileOptions) ([]byte, error) {
	options.Path, options.Offset = c.path, c.offset
	for {
		answer, err := c.talk.ask(ctx, question, options, answerTimeout)
		if !c.begun || !apierrors.IsTooManyRequests(err) {
			return answer, fileFailure(c.path, err)
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(filePause):
		}
	}
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
		if err != nil && strings.Contains(err.Error(), words) {
			return apierrors.NewNotFound(schema.GroupResource{Resource: "file in the guest"}, path)
		}
	}
	return err
}
