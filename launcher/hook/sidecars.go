// Package hook lets the containers beside the launcher change the guest's definition
// before it is started.
package hook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
)

// Names of what sidecars are called for.
const (
	// OnDefineDomain is called with the domain, before it is started.
	OnDefineDomain = "OnDefineDomain"
	// shutdown tells a sidecar to end. It is the kubelet that ends ours.
	shutdown = "Shutdown"
)

// Methods of the sidecars' services.
const (
	// InfoMethod returns an InfoResult.
	InfoMethod = "/kubevirt.hooks.info.Info/Info"
	callbacks  = "/kubevirt.hooks.%s.Callbacks/%s"
)

// versions of the callbacks, the preferred one first. The call made here is the same
// in all of them.
var versions = []string{"v1alpha3", "v1alpha2", "v1alpha1"}

// DefineMethod is the method OnDefineDomain of one version of the callbacks.
func DefineMethod(version string) string { return fmt.Sprintf(callbacks, version, OnDefineDomain) }

const (
	// patience is how long all sidecars together may take: much less than the handler
	// waits for the start of a guest, so that it is told which of them it is.
	patience = 20 * time.Second
	// patienceAgain is how long they may take to appear once that was not enough. The
	// kubelet starts them before the launcher, and the handler comes again.
	patienceAgain = 2 * time.Second
)

// ErrSidecar says that a sidecar did not do its part. It may the next time.
var ErrSidecar = errors.New("a hook sidecar failed")

// ErrUnusable says that a sidecar is none that a launcher could ask.
var ErrUnusable = errors.New("a hook sidecar cannot be used")

// Sidecars are those of one pod.
type Sidecars struct {
	// Dir has a directory for each of them, named like its container.
	Dir string
	// Count is how many there are.
	Count int
	Log   *slog.Logger

	// missed: one of them did not appear.
	missed bool
}

// sidecar is one that has introduced itself.
type sidecar struct {
	container, name, version string
	priority                 int32
	connection               *grpc.ClientConn
}

// Define has the sidecars change a domain, one after the other, and returns what they
// have made of it. It is not called twice at the same time.
func (s *Sidecars) Define(ctx context.Context, vmi []byte, domain string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var all []sidecar
	defer func() {
		for i := range all {
			_ = all[i].connection.Close()
		}
	}()
	waiting := ctx
	if s.missed {
		waiting, cancel = context.WithTimeout(ctx, patienceAgain)
		defer cancel()
	}
	for i := range s.Count {
		one, err := s.meet(waiting, fmt.Sprintf("hook-sidecar-%d", i))
		if err != nil {
			s.missed = errors.Is(err, ErrSidecar)
			return "", err
		}
		all = append(all, one)
	}
	s.missed = false
	slices.SortStableFunc(all, func(a, b sidecar) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), strings.Compare(a.name, b.name))
	})
	for i := range all {
		changed, err := all[i].define(ctx, vmi, domain)
		if err != nil {
			return "", fmt.Errorf("%w: %s (%s): %w", ErrSidecar, all[i].container, all[i].name, err)
		}
		s.Log.Info("a hook sidecar was asked", "container", all[i].container, "sidecar", all[i].name,
			"version", all[i].version, "changed", changed != domain)
		domain = changed
	}
	return domain, nil
}

// define asks one sidecar, if it wants to be.
func (s *sidecar) define(ctx context.Context, vmi []byte, domain string) (string, error) {
	if s.version == "" {
		return domain, nil
	}
	result := &OnDefineDomainResult{}
	params := &OnDefineDomainParams{DomainXml: []byte(domain), Vmi: vmi}
	if err := s.connection.Invoke(ctx, DefineMethod(s.version), params, result); err != nil {
		return "", fmt.Errorf("changing the domain: %w", err)
	}
	if len(result.GetDomainXml()) == 0 {
		return "", errors.New("changing the domain: it returned none")
	}
	return string(result.GetDomainXml()), nil
}

// introduced reads a sidecar's introduction.
func introduced(container string, info *InfoResult) (sidecar, error) {
	s := sidecar{container: container, name: info.GetName()}
	for _, point := range info.GetHookPoints() {
		switch point.GetName() {
		case shutdown:
		case OnDefineDomain:
			s.priority = point.GetPriority()
			common := slices.IndexFunc(versions, func(v string) bool { return slices.Contains(info.GetVersions(), v) })
			if common < 0 {
				return s, fmt.Errorf("it speaks the versions %v, and none of %v", info.GetVersions(), versions)
			}
			s.version = versions[common]
		default:
			return s, fmt.Errorf("it asks for %s, which is not supported", point.GetName())
		}
	}
	return s, nil
}
