package v1

// FindVolumeStatus returns the entry of a volume, nil if there is none.
func FindVolumeStatus(list []VolumeStatus, volume string) *VolumeStatus {
	for i := range list {
		if list[i].Name == volume {
			return &list[i]
		}
	}
	return nil
}

// EnsureVolumeStatus returns the entry of a volume, which is added where there is none.
func EnsureVolumeStatus(list *[]VolumeStatus, volume string) *VolumeStatus {
	if entry := FindVolumeStatus(*list, volume); entry != nil {
		return entry
	}
	*list = append(*list, VolumeStatus{Name: volume})
	return &(*list)[len(*list)-1]
}
