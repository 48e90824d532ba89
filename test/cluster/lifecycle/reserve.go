package lifecycle

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"kubevirt.io/kubevirt/test/cluster/settings"
)

const (
	// hugePages is the number of 2 MiB pages the special node offers.
	hugePages     = 32
	hugePagesFile = "/proc/sys/vm/nr_hugepages"
	// Every kubelet, containerd and controller watches files.
	watchersFile = "/proc/sys/fs/inotify/max_user_instances"
	watchers     = 2048
)

// reserve takes huge pages from the machine and raises its limits on file
// watches, remembering what was there.
func reserve(c *settings.Cluster) error {
	if err := raise(c, hugePagesFile, hugePages); err != nil {
		return err
	}
	return raise(c, watchersFile, watchers)
}

func savedValue(c *settings.Cluster, file string) string {
	return filepath.Join(filepath.Dir(c.State), c.Name+"."+filepath.Base(file))
}

func raise(c *settings.Cluster, file string, want int) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading a limit: %w", err)
	}
	now, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if now >= want {
		return nil
	}
	saved := savedValue(c, file)
	if _, err := os.Stat(saved); errors.Is(err, fs.ErrNotExist) {
		if err := os.WriteFile(saved, data, 0o644); err != nil {
			return fmt.Errorf("remembering a limit: %w", err)
		}
	}
	if err := os.WriteFile(file, []byte(strconv.Itoa(want)), 0); err != nil {
		return fmt.Errorf("raising %s: %w", file, err)
	}
	return nil
}

// release undoes reserve.
func release(c *settings.Cluster) error {
	var problems []error
	for _, file := range []string{hugePagesFile, watchersFile} {
		saved := savedValue(c, file)
		data, err := os.ReadFile(saved)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(file, data, 0)
		}
		if err == nil {
			err = os.Remove(saved)
		}
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}
