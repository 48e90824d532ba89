package v1

// ClaimName is the name of the claim behind a volume that is there from the start, empty for one without. A data
// volume's claim has the data volume's name.
func (s *VolumeSource) ClaimName() string {
	switch {
	case s.PersistentVolumeClaim != nil:
		return s.PersistentVolumeClaim.ClaimName
	case s.DataVolume != nil:
		return s.DataVolume.Name
	}
	return ""
}

// IsReadOnly reports whether nothing may be written to what is behind the volume.
func (s *VolumeSource) IsReadOnly() bool {
	return s.PersistentVolumeClaim != nil && s.PersistentVolumeClaim.ReadOnly
}
