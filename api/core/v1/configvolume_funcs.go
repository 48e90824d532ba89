package v1

// DefaultVolumeLabel is the label of disks with configuration that choose none.
const DefaultVolumeLabel = "cfgdata"

// IsConfig reports whether the volume is files that the kubelet puts into the launcher pod: those of a ConfigMap, a
// Secret, facts about the instance, or credentials of a service account.
func (s *VolumeSource) IsConfig() bool {
	return s.ConfigMap != nil || s.Secret != nil || s.DownwardAPI != nil || s.ServiceAccount != nil
}

// Label is the label of the disk that carries a volume's configuration to the guest.
func (s *VolumeSource) Label() string {
	label := ""
	switch {
	case s.ConfigMap != nil:
		label = s.ConfigMap.VolumeLabel
	case s.Secret != nil:
		label = s.Secret.VolumeLabel
	case s.DownwardAPI != nil:
		label = s.DownwardAPI.VolumeLabel
	}
	if label == "" {
		return DefaultVolumeLabel
	}
	return label
}
