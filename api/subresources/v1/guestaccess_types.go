package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ScreenshotOptions are the query of vnc/screenshot.
type ScreenshotOptions struct {
	// Move the mouse pointer first, which wakes a sleeping screen.
	// +optional
	MoveCursor bool `json:"moveCursor,omitempty"`
}

// GuestExecOptions is the body of virtualmachineinstances/exec.
// +kubebuilder:object:root=true
type GuestExecOptions struct {
	metav1.TypeMeta `json:",inline"`
	// Program to run, by its path in the guest or by a name that the guest agent's
	// PATH resolves, and its arguments. No shell interprets them.
	Command []string `json:"command"`
	// Environment of the program, as NAME=value; that of the agent if empty.
	// +optional
	Env []string `json:"env,omitempty"`
	// What the program reads from its standard input; at most 1 MiB.
	// +optional
	Stdin []byte `json:"stdin,omitempty"`
	// Seconds to wait for the program's end; 30 if unset, at most 3600. The program
	// is not stopped when they are over.
	// +optional
	TimeoutSeconds *int64 `json:"timeoutSeconds,omitempty"`
}

// GuestExecResult is the answer of virtualmachineinstances/exec.
// +kubebuilder:object:root=true
type GuestExecResult struct {
	metav1.TypeMeta `json:",inline"`
	// Exit code of the program; 127 when there is no such program, and 128 and the
	// signal's number when a signal has ended it.
	// +optional
	ExitCode *int64 `json:"exitCode,omitempty"`
	// Signal, or exception code, that has ended the program of a guest without a
	// shell, such as Windows; exitCode is unset then.
	// +optional
	Signal *int64 `json:"signal,omitempty"`
	// What the program wrote to its standard output; the first 1 MiB of it.
	// +optional
	Stdout []byte `json:"stdout,omitempty"`
	// What the program wrote to its standard error; the first 1 MiB of it.
	// +optional
	Stderr []byte `json:"stderr,omitempty"`
	// More was written than is shown.
	// +optional
	Truncated bool `json:"truncated,omitempty"`
}

// GuestFileOptions name a piece of a file in the guest.
type GuestFileOptions struct {
	// Absolute path of the file in the guest.
	Path string `json:"path"`
	// Where the piece begins, in bytes. A file that is written at 0 is created, or
	// emptied, first; every other piece is written at the file's end.
	// +optional
	Offset int64 `json:"offset,omitempty"`
	// Bytes to read; at most 1 MiB.
	// +optional
	Length int64 `json:"length,omitempty"`
	// Bytes to write; at most 1 MiB.
	// +optional
	Data []byte `json:"data,omitempty"`
}

// GuestFileChunk is a piece of a file that was read.
type GuestFileChunk struct {
	// The bytes.
	// +optional
	Data []byte `json:"data,omitempty"`
	// The file ends here.
	// +optional
	EOF bool `json:"eof,omitempty"`
}
