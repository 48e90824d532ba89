package kubevirt

import (
	"context"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

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

// install sends the installation, as far as it can be sent by now.
func (r *Reconciler) install(ctx context.Context, s *scope) error {
	if s.invalid = r.lostVersion(ctx); s.invalid != "" {
		return errDone
	}
	stages := s.stages()
	var sent []component.Object
	for i, stage := range stages {
		sent = append(sent, stage.objects...)
		objects, err := r.hold(ctx, s, stage.objects)
		if err != nil {
			return err
		}
		if err := r.send(ctx, s, objects); err != nil {
			return err
		}
		if err := r.replace(ctx, s); err != nil {
			return err
		}
		if s.waiting = stage.ready(s); s.waiting == "" {
			continue
		}
		s.at(s.now.Add(glance))
		if err := r.remind(ctx, s); err != nil {
			return err
		}
		if err := r.inspect(ctx, s, sent); err != nil {
			return err
		}
		if stage.lenient && !s.rolling {
			return nil // A node where virt-handler fails holds up nothing else.
		}
		if err := r.replenish(ctx, s, stages[i+1:]); err != nil {
			return err
		}
		return errDone
	}
	return nil
}

// remind has the API server finish what somebody has begun to delete.
func (r *Reconciler) remind(ctx context.Context, s *scope) error {
	for _, object := range s.live {
		crd, ok := object.(*apiextensionsv1.CustomResourceDefinition)
		if !ok || crd.DeletionTimestamp == nil {
			continue
		}
		if err := r.nudge(ctx, s, crd.DeepCopy()); err != nil {
			return err
		}
	}
	return nil
}

// send makes the cluster hold a list of objects, bindings last: nobody may bind a
// role that does not exist yet.
func (r *Reconciler) send(ctx context.Context, s *scope, objects []component.Object) error {
	roles, bindings := partition(objects)
	for _, objects := range [][]component.Object{roles, bindings} {
		if err := r.ensure(ctx, s, objects); err != nil {
			return err
		}
	}
	return nil
}

// replenish makes anew what has been there and is gone of the stages that are not
// reached yet. Of their objects only the new version is known; an update that waits
// for long must not leave a cluster without virt-api because somebody deleted it.
func (r *Reconciler) replenish(ctx context.Context, s *scope, stages []stage) error {
	var gone []component.Object
	for _, stage := range stages {
		for _, object := range stage.objects {
			live, err := r.look(ctx, object)
			if err != nil {
				return err
			}
			if live == nil && r.known(s.kv, identify(object)) {
				gone = append(gone, object)
			}
		}
	}
	return r.send(ctx, s, gone)
}
