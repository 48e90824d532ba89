package v1

// IsFinal reports whether the migration has ended.
func (m *VirtualMachineInstanceMigration) IsFinal() bool {
	return m.Status.Phase == MigrationPhaseSucceeded || m.Status.Phase == MigrationPhaseFailed
}

// IsDecentralized reports whether the migration crosses namespaces or clusters, as its source or its target.
func (m *VirtualMachineInstanceMigration) IsDecentralized() bool {
	return m.Spec.SendTo != nil || m.Spec.Receive != nil
}

// IsMigrating reports whether a migration of the instance has started copying and has not ended.
func (vmi *VirtualMachineInstance) IsMigrating() bool {
	s := vmi.Status.MigrationState
	return s != nil && s.StartTimestamp != nil && !s.Completed && s.EndTimestamp == nil
}
