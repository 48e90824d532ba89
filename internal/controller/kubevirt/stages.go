package kubevirt

import (
	"k8s.io/apimachinery/pkg/util/version"

	rbacv1 "k8s.io/api/rbac/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/component"
)

// stage is a group of objects that can all be sent at once, and what has to be
// true of them before the next group is.
type stage struct {
	objects []component.Object
	ready   func(*scope) string
	// lenient: nothing more waits for it, unless pods are being replaced.
	lenient bool
}

// stages orders an installation. A new one has everything at once that does not
// depend on the other: the definitions before the programs that watch their kinds,
// and virt-api before the API server is told to ask it. An update brings virt-api
// last, so that no new field is accepted before everything behind it knows it; a
// step back therefore begins with it. virt-handler's pods are replaced in waves of
// their own, the first of which is one pod.
func (s *scope) stages() []stage {
	i := s.installation
	base := list(i.Definitions, i.Foundations)
	handler := stage{objects: i.Handler, ready: handlerReady}
	controller := stage{objects: i.Controller, ready: deploymentsReady(i.Controller)}
	api := stage{objects: i.API, ready: deploymentsReady(i.API)}
	last := stage{objects: list(i.Admission, i.Aggregation, i.Monitoring), ready: aggregated}
	switch {
	case !s.updating():
		// What virt-api's pods have been doing as well is taken over before they go.
		var successor []component.Object
		if s.leavingEdge() {
			successor = i.Controller
		}
		return []stage{
			{objects: list(base, i.Admission), ready: established},
			{objects: successor, ready: deploymentsReady(successor)},
			{objects: list(i.Handler, i.API, i.Controller), ready: deploymentsReady(i.API)},
			{objects: list(i.Aggregation, i.Monitoring), ready: func(s *scope) string {
				return first(aggregated(s), deploymentsReady(i.Controller)(s))
			}},
			{ready: handlerReady, lenient: s.deployed()},
		}
	case olderVersion(s.config.Version, s.kv.Status.ObservedKubeVirtVersion):
		return []stage{{objects: base, ready: established}, api, last, controller, handler}
	}
	return []stage{{objects: base, ready: established}, handler, controller, api, last}
}

// updating tells whether another version or configuration is being replaced.
func (s *scope) updating() bool {
	observed := s.kv.Status.ObservedDeploymentID
	return observed != "" && s.config != nil && observed != s.config.DeploymentID()
}

// Updating tells of a KubeVirt object as its status has it whether its
// installation is on the way from one version or configuration to another.
func Updating(kv *v1.KubeVirt) bool {
	observed := kv.Status.ObservedDeploymentID
	return observed != "" && observed != kv.Status.TargetDeploymentID
}

// olderVersion tells whether one version is certainly older than another. Ours
// carry the API's version and, behind a plus, their own, which semver itself does
// not compare.
func olderVersion(one, other string) bool {
	a, errA := version.ParseSemantic(one)
	b, errB := version.ParseSemantic(other)
	if errA != nil || errB != nil {
		return false
	}
	if a.LessThan(b) || b.LessThan(a) {
		return a.LessThan(b)
	}
	ownA, errA := version.ParseSemantic(a.BuildMetadata())
	ownB, errB := version.ParseSemantic(b.BuildMetadata())
	return errA == nil && errB == nil && ownA.LessThan(ownB)
}

// partition takes the bindings out of a list.
func partition(objects []component.Object) (others, bindings []component.Object) {
	for _, object := range objects {
		switch object.(type) {
		case *rbacv1.ClusterRoleBinding, *rbacv1.RoleBinding:
			bindings = append(bindings, object)
		default:
			others = append(others, object)
		}
	}
	return others, bindings
}

func list(groups ...[]component.Object) []component.Object {
	var all []component.Object
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
