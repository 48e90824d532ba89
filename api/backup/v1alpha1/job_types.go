package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

type BackupOptions struct {
	// +optional
	BackupName string `json:"backupName,omitempty"`
	// +optional
	Cmd BackupCmd `json:"cmd,omitempty"`
	// +optional
	Mode BackupMode `json:"mode,omitempty"`
	// +optional
	BackupStartTime *metav1.Time `json:"backupStartTime,omitempty"`
	// +optional
	Incremental *string `json:"incremental,omitempty"`
	// +optional
	TargetPath *string `json:"targetPath,omitempty"`
	// +optional
	SkipQuiesce bool `json:"skipQuiesce,omitempty"`
	// +optional
	ExportServerAddr *string `json:"exportServerAddr,omitempty"`
	// +optional
	ExportServerName *string `json:"exportServerName,omitempty"`
	// +optional
	BackupKey *string `json:"backupKey,omitempty"`
	// +optional
	BackupCert *string `json:"backupCert,omitempty"`
	// +optional
	CACert *string `json:"caCert,omitempty"`
}

type BackupCmd string

// Values of BackupCmd.
const (
	BackupCmdStart  BackupCmd = "Start"
	BackupCmdAbort  BackupCmd = "Abort"
	BackupCmdExport BackupCmd = "Export"
)
