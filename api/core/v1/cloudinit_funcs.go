package v1

// CloudInit is a volume's configuration for cloud-init, in whichever of its two forms the guest finds it; nil for
// other volumes. Both take it from the same places.
func (s *VolumeSource) CloudInit() *CloudInitNoCloudSource {
	if s.CloudInitNoCloud != nil {
		return s.CloudInitNoCloud
	}
	return (*CloudInitNoCloudSource)(s.CloudInitConfigDrive)
}
