// Package audit counts API requests from the API server's audit log.
package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

// Filter chooses which requests are counted.
type Filter struct {
	// Since leaves out requests received earlier.
	Since time.Time
	// Until leaves out requests received later; zero means none.
	Until time.Time
	// User, if set, is a prefix of the user's name.
	User string
	// WritesOnly leaves out get, list and watch.
	WritesOnly bool
	// NoLeases leaves out leases, which are renewed whether anything happens
	// or not, and node status, the kubelets' heartbeat.
	NoLeases bool
}

// Count is how often one kind of request was made.
type Count struct {
	User     string `json:"user"`
	Verb     string `json:"verb"`
	Resource string `json:"resource"`
	Count    int    `json:"count"`
	// Conflicts counts those answered with 409, Failed those answered with
	// 400 or more (conflicts among them).
	Conflicts int `json:"conflicts"`
	Failed    int `json:"failed"`
}

// entry is what we need of a line in the log (audit.k8s.io/v1, Event).
type entry struct {
	Stage     string
	Verb      string
	User      struct{ Username string }
	ObjectRef *struct{ Resource, Subresource, APIGroup string }
	// RequestURI is all there is for requests that are not about objects.
	RequestURI               string
	ResponseStatus           *struct{ Code int }
	RequestReceivedTimestamp time.Time
}

// Read counts the requests in an audit log.
func Read(log io.Reader, f Filter) ([]Count, error) {
	type key struct{ user, verb, resource string }
	counts := map[key]*Count{}
	r := bufio.NewReaderSize(log, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// The last line may be half written.
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if f.User != "" && !bytes.Contains(line, []byte(f.User)) {
			continue
		}
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		if !f.wants(&e) {
			continue
		}
		k := key{e.User.Username, e.Verb, e.resource()}
		c := counts[k]
		if c == nil {
			c = &Count{User: k.user, Verb: k.verb, Resource: k.resource}
			counts[k] = c
		}
		c.Count++
		if e.ResponseStatus != nil && e.ResponseStatus.Code >= 400 {
			c.Failed++
			if e.ResponseStatus.Code == 409 {
				c.Conflicts++
			}
		}
	}
	all := make([]Count, 0, len(counts))
	for _, c := range counts {
		all = append(all, *c)
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		return a.User+"\x00"+a.Resource+"\x00"+a.Verb < b.User+"\x00"+b.Resource+"\x00"+b.Verb
	})
	return all, nil
}

func (f *Filter) wants(e *entry) bool {
	switch {
	case e.Stage != "ResponseComplete" && e.Stage != "Panic":
		return false
	case e.RequestReceivedTimestamp.Before(f.Since):
		return false
	case !f.Until.IsZero() && e.RequestReceivedTimestamp.After(f.Until):
		return false
	case !strings.HasPrefix(e.User.Username, f.User):
		return false
	case f.WritesOnly && (e.Verb == "get" || e.Verb == "list" || e.Verb == "watch"):
		return false
	case f.NoLeases && e.ObjectRef != nil && (e.ObjectRef.Resource == "leases" || e.resource() == "nodes/status"):
		return false
	}
	return true
}

// resource is written as resource.group/subresource; a path stands for
// itself.
func (e *entry) resource() string {
	o := e.ObjectRef
	if o == nil || o.Resource == "" {
		path, _, _ := strings.Cut(e.RequestURI, "?")
		return path
	}
	name := o.Resource
	if o.APIGroup != "" {
		name += "." + o.APIGroup
	}
	if o.Subresource != "" {
		name += "/" + o.Subresource
	}
	return name
}

// Total adds up what was counted.
func Total(counts []Count) int {
	sum := 0
	for _, c := range counts {
		sum += c.Count
	}
	return sum
}
