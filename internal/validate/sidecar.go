package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
)

// hookSidecars checks the containers that an instance's annotations ask for beside
// its launcher.
func hookSidecars(path *field.Path, annotations map[string]string, cfg *clusterconfig.Config) field.ErrorList {
	at := path.Key(v1.AnnotationHookSidecars)
	sidecars, err := v1.HookSidecars(annotations)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(at, annotations[v1.AnnotationHookSidecars], err.Error())}
	case len(sidecars) > 0 && !cfg.Enabled(clusterconfig.GateSidecar):
		return field.ErrorList{field.Forbidden(at, "needs the feature gate Sidecar")}
	}
	return nil
}
