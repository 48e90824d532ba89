package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// BackupOptions asks the node agent for a step of a backup.
type BackupOptions struct {
	// VirtualMachineBackup it is for.
	// +optional
	BackupName string `json:"backupName,omitempty"`
	// The step.
	// +optional
	Cmd BackupCmd `json:"cmd,omitempty"`
	// Who moves the data.
	// +optional
	Mode BackupMode `json:"mode,omitempty"`
	// When the backup began.
	// +optional
	BackupStartTime *metav1.Time `json:"backupStartTime,omitempty"`
	// Checkpoint to begin from; everything if unset.
	// +optional
	Incremental *string `json:"incremental,omitempty"`
	// File or device that receives the backup.
	// +optional
	TargetPath *string `json:"targetPath,omitempty"`
	// Leaves the guest's filesystems unfrozen.
	// +optional
	SkipQuiesce bool `json:"skipQuiesce,omitempty"`
	// Address of the export server in pull mode.
	// +optional
	ExportServerAddr *string `json:"exportServerAddr,omitempty"`
	// Name in the export server's certificate.
	// +optional
	ExportServerName *string `json:"exportServerName,omitempty"`
	// Private key of the backup's server, in PEM.
	// +optional
	BackupKey *string `json:"backupKey,omitempty"`
	// Certificate of the backup's server, in PEM.
	// +optional
	BackupCert *string `json:"backupCert,omitempty"`
	// CA of those who may read, in PEM.
	// +optional
	CACert *string `json:"caCert,omitempty"`
}

// BackupCmd is a step of a backup.
type BackupCmd string

// Values of BackupCmd.
const (
	// BackupCmdStart begins the backup.
	BackupCmdStart BackupCmd = "Start"
	// BackupCmdAbort stops the backup.
	BackupCmdAbort BackupCmd = "Abort"
	// BackupCmdExport serves the backup to clients.
	BackupCmdExport BackupCmd = "Export"
)
