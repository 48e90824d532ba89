package kubevirt

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"

	"kubevirt.io/kubevirt/internal/component"
)

// render computes what the cluster is to hold.
func (r *Reconciler) render(_ context.Context, s *scope) error {
	var err error
	if s.installation, err = component.New(s.config, r.Definitions.objects()); err != nil {
		s.invalid = err.Error()
		return errDone
	}
	return nil
}

// stage is a group of objects that can all be sent at once, and what has to be
// true of them before the next group is.
type stage struct {
	objects []component.Object
	ready   func(*scope) string
}

// stages orders an installation. A new one has everything at once that does not
// depend on the other: the definitions before the programs that watch their kinds,
// and virt-api before the API server is told to ask it. An update brings virt-api
// last, so that no new field is accepted before everything behind it knows it.
func (s *scope) stages() []stage {
	i := s.installation
	if s.updating() {
		return []stage{
			{list(i.Definitions, i.Foundations), established},
			{i.Handler, handlerReady},
			{i.Controller, controllerReady},
			{i.API, apiReady},
			{list(i.Admission, i.Aggregation), aggregated},
		}
	}
	return []stage{
		{list(i.Definitions, i.Foundations, i.Admission), established},
		{list(i.Handler, i.API, i.Controller), apiReady},
		{i.Aggregation, func(s *scope) string {
			return first(aggregated(s), controllerReady(s), handlerReady(s))
		}},
	}
}

// updating tells whether another version or configuration is being replaced.
func (s *scope) updating() bool {
	observed := s.kv.Status.ObservedDeploymentID
	return observed != "" && s.config != nil && observed != s.config.DeploymentID()
}

// install sends the installation, as far as it can be sent by now.
func (r *Reconciler) install(ctx context.Context, s *scope) error {
	for _, stage := range s.stages() {
		// Nobody may bind a role that does not exist yet.
		roles, bindings := partition(stage.objects)
		for _, objects := range [][]component.Object{roles, bindings} {
			if err := r.ensure(ctx, s, objects); err != nil {
				return err
			}
		}
		if s.waiting = stage.ready(s); s.waiting != "" {
			return errDone
		}
	}
	return nil
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
