package imagestore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
)

// ServeHTTP answers the pulling half of the registry protocol.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-API-Version", "registry/2.0")
	path, ok := strings.CutPrefix(r.URL.Path, "/v2/")
	switch {
	case !ok:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		answer(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "images come in by load-image, not by push")
	case path == "":
		fmt.Fprintln(w, "{}")
	default:
		s.get(w, r, path)
	}
}

func (s *Store) get(w http.ResponseWriter, r *http.Request, path string) {
	if repository, ref, ok := cutLast(path, "/manifests/"); ok {
		digest, err := s.resolve(repository, ref)
		if err != nil {
			fail(w, err, "MANIFEST_UNKNOWN")
			return
		}
		m, data, err := s.Manifest(digest)
		if err != nil {
			fail(w, err, "MANIFEST_UNKNOWN")
			return
		}
		w.Header().Set("Content-Type", m.MediaType)
		w.Header().Set("Docker-Content-Digest", digest)
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(data)
		}
		return
	}
	_, digest, ok := cutLast(path, "/blobs/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	f, size, err := s.Open(digest)
	if err != nil {
		fail(w, err, "BLOB_UNKNOWN")
		return
	}
	defer f.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Docker-Content-Digest", digest)
	if r.Header.Get("Range") != "" {
		info, err := f.Stat()
		if err != nil {
			fail(w, err, "BLOB_UNKNOWN")
			return
		}
		http.ServeContent(w, r, "", info.ModTime(), f)
		return
	}
	w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	if r.Method == http.MethodGet {
		_, _ = io.Copy(w, f)
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+len(sep):], true
}

func fail(w http.ResponseWriter, err error, code string) {
	status := http.StatusInternalServerError
	if errors.Is(err, fs.ErrNotExist) {
		status = http.StatusNotFound
	}
	answer(w, status, code, err.Error())
}

func answer(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	type problem struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	_ = json.NewEncoder(w).Encode(map[string][]problem{"errors": {{code, message}}})
}
