// Package condition changes the conditions of the API's objects. Set is the only
// writer of conditions in this project; reading them is api/core/v1's
// FindCondition.
package condition

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Set puts a condition into the list, in place of one of the same type. The
// transition time becomes now when the status changes and is kept otherwise;
// whatever want holds there is ignored. It reports whether anything changed but
// times.
func Set(list *[]v1.Condition, want v1.Condition, now time.Time) bool {
	have := v1.FindCondition(*list, want.Type)
	if have == nil {
		want.LastTransitionTime = second(now)
		*list = append(*list, want)
		return true
	}
	if have.Status == want.Status && have.Reason == want.Reason && have.Message == want.Message {
		return false
	}
	want.LastTransitionTime = have.LastTransitionTime
	if have.Status != want.Status {
		want.LastTransitionTime = second(now)
	}
	*have = want
	return true
}

// True sets a condition to True.
func True(list *[]v1.Condition, t v1.ConditionType, reason, message string, now time.Time) bool {
	return Set(list, v1.Condition{Type: t, Status: corev1.ConditionTrue, Reason: reason, Message: message}, now)
}

// False sets a condition to False.
func False(list *[]v1.Condition, t v1.ConditionType, reason, message string, now time.Time) bool {
	return Set(list, v1.Condition{Type: t, Status: corev1.ConditionFalse, Reason: reason, Message: message}, now)
}

// Remove takes the condition of a type out of the list and reports whether it
// was there.
func Remove(list *[]v1.Condition, t v1.ConditionType) bool {
	before := len(*list)
	*list = slices.DeleteFunc(*list, func(c v1.Condition) bool { return c.Type == t })
	return len(*list) != before
}

// second cuts a time to what the wire carries, so that an object compares equal
// to itself read back.
func second(t time.Time) metav1.Time { return metav1.NewTime(t.Truncate(time.Second)) }
