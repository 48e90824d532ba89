// Package configvolume makes disks of the files that the kubelet puts into the launcher's
// pod: ConfigMaps, Secrets, facts about the instance, credentials of a service account,
// answer files. A disk is made when its guest starts; what changes later does not reach
// it, unlike in a pod.
package configvolume

import (
	"errors"
	"fmt"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/podvolume"
)

// sysprepLabel is the label of a disk with an answer file.
const sysprepLabel = "unattendCD"

// answerFiles are the names under which Windows looks for its answers, in whatever case.
var answerFiles = []string{"autounattend.xml", "unattend.xml"}

// Disk makes the disk of a volume in dir. What belongs on it is mounted at source.
func Disk(dir string, volume *v1.Volume, source string) (disk.Image, error) {
	files, err := podvolume.Files(source)
	if errors.Is(err, podvolume.ErrTooLarge) {
		err = fmt.Errorf("%w: %w", disk.ErrInvalid, err)
	}
	if err != nil {
		return disk.Image{}, err
	}
	label := volume.Label()
	if volume.Sysprep != nil {
		label = sysprepLabel
		if !answers(files) {
			return disk.Image{}, fmt.Errorf("%w: the %s of a sysprep volume needs the key %s",
				disk.ErrInvalid, sysprepKind(volume.Sysprep), strings.Join(answerFiles, " or "))
		}
	}
	return disk.ISO(dir, volume.Name, label, files)
}

func answers(files map[string][]byte) bool {
	for name := range files {
		for _, answer := range answerFiles {
			if strings.EqualFold(name, answer) {
				return true
			}
		}
	}
	return false
}

func sysprepKind(source *v1.SysprepSource) string {
	if source.Secret != nil {
		return "Secret " + source.Secret.Name
	}
	if source.ConfigMap != nil {
		return "ConfigMap " + source.ConfigMap.Name
	}
	return "source"
}
