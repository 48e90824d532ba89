package vm

import (
	"fmt"
	"os"
	"slices"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/launcher/disk"
	"kubevirt.io/kubevirt/launcher/filesystem"
)

// share serves a volume as a directory and returns the socket for it.
func (p *Local) share(wanted Wanted, volume *v1.Volume) (string, error) {
	directory, err := p.directory(wanted, volume)
	if err != nil {
		return "", err
	}
	defer func() { _ = directory.Close() }()
	return p.Filesystems.Serve(filesystem.Share{
		Name: volume.Name, Directory: directory, ReadOnly: volume.IsReadOnlyFilesystem(),
	})
}

// directory opens a volume that the guest sees as a directory.
func (p *Local) directory(wanted Wanted, volume *v1.Volume) (*os.File, error) {
	switch {
	case volume.IsConfig():
		return filesystem.Open(p.configSource(volume.Name))
	case volume.ContainerPath == nil:
		path, err := wanted.resolved(volume.Name)
		if err != nil {
			return nil, err
		}
		return filesystem.Open(path)
	}
	directory, err := filesystem.Directory(volume.ContainerPath.Path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", disk.ErrInvalid, err)
	}
	return directory, nil
}

// FilesystemLost notes that a filesystem of the guest is no longer served. Filesystems end
// with their guest, too.
func (m *Machine) FilesystemLost(volume string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.lifecycle.status.State.Alive() || slices.Contains(m.lostFilesystems, volume) {
		return
	}
	m.lostFilesystems = append(slices.Clone(m.lostFilesystems), volume)
	slices.Sort(m.lostFilesystems)
	m.notify()
}
