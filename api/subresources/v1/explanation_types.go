package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VirtualMachineExplanation is the answer of virtualmachines/explain: why the
// machine is not running, not ready or not migratable.
// +kubebuilder:object:root=true
type VirtualMachineExplanation struct {
	metav1.TypeMeta `json:",inline"`
	// Nothing keeps the machine from being as it was asked to be.
	Healthy bool `json:"healthy"`
	// What keeps the machine from being as it was asked to be; the most specific comes first.
	// +optional
	Causes []Cause `json:"causes,omitempty"`
	// What explains the machine's state although nothing is wrong: somebody asked for it, or it is the same for
	// every machine.
	// +optional
	Notes []Cause `json:"notes,omitempty"`
}

// Cause answers one question about a machine.
type Cause struct {
	// What it answers.
	Question Question `json:"question"`
	// The cause in a word, for programs.
	Reason string `json:"reason"`
	// The cause in a sentence.
	Message string `json:"message"`
	// Where it can be seen.
	// +optional
	Evidence []Evidence `json:"evidence,omitempty"`
	// What to do about it.
	Remedy string `json:"remedy"`
}

// Evidence is a field of an object, or an event about it.
type Evidence struct {
	// Kind of the object.
	Kind string `json:"kind"`
	// Name of the object, in the machine's namespace or in none.
	Name string `json:"name"`
	// Path of the field, or the reason of the event.
	Field string `json:"field"`
	// What it says.
	Text string `json:"text"`
}

// Question is what a Cause answers.
type Question string

// Values of Question.
const (
	// QuestionNotRunning asks why the guest does not run, or does not go away.
	QuestionNotRunning Question = "NotRunning"
	// QuestionNotReady asks why a guest that runs does not serve.
	QuestionNotReady Question = "NotReady"
	// QuestionNotMigratable asks why a guest cannot move to another node.
	QuestionNotMigratable Question = "NotMigratable"
)
