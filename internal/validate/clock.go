package validate

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

func clock(path *field.Path, clock *v1.Clock) field.ErrorList {
	if clock != nil && clock.UTC != nil && clock.Timezone != nil {
		return field.ErrorList{field.Forbidden(path.Child("timezone"), "utc and timezone exclude each other")}
	}
	return nil
}
