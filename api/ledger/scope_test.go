package ledger

import (
	"strings"
	"testing"
)

// storageAndNetwork are the leaves of an instance that its disks and its network hang
// on, by the beginnings of their paths.
var storageAndNetwork = []string{
	"spec.volumes[].", "spec.networks[].", "spec.domain.devices.disks[].", "spec.domain.devices.filesystems[].",
	"spec.domain.devices.interfaces[].", "spec.domain.firmware.kernelBoot.", "spec.domain.firmware.acpi.", "spec.domain.ioThreads",
	"spec.hostname", "spec.subdomain", "spec.dnsPolicy", "spec.dnsConfig", "spec.accessCredentials[].",
	"spec.domain.devices.blockMultiQueue", "spec.domain.devices.networkInterfaceMultiqueue",
	"spec.domain.devices.autoattachPodInterface", "spec.domain.devices.downwardMetrics",
}

// discontinued begins the note of what the API itself turns away: bindings that it keeps
// only to refuse them by name, in every version that is served. Nobody can have them, so
// they count neither as there nor as missing.
const discontinued = "the binding was discontinued"

// How many of them, in per cent, may be turned away that the API has, or be the control
// plane's alone. What is refused needs hardware or a component that is not there (the
// notes say which), or a feature whose time is still to come: plugging in and out,
// backups.
const (
	mostRefused      = 5
	mostControlPlane = 10
)

func TestStorageAndNetworkAreThere(t *testing.T) {
	rows, err := Load("VirtualMachineInstance")
	if err != nil {
		t.Fatal(err)
	}
	all, states, seen := 0, map[State]int{}, map[string]bool{}
	for _, row := range rows {
		for _, beginning := range storageAndNetwork {
			if !strings.HasPrefix(row.Path, beginning) {
				continue
			}
			if strings.HasPrefix(row.Note, discontinued) {
				continue
			}
			all++
			states[row.State]++
			seen[beginning] = true
			if row.State == Refused {
				t.Logf("refused: %s: %s", row.Path, row.Note)
				if row.Note == "" {
					t.Errorf("%s is refused, and no note says what it lacks", row.Path)
				}
			}
		}
	}
	for _, beginning := range storageAndNetwork {
		if !seen[beginning] {
			t.Errorf("there is no leaf %s", beginning)
		}
	}
	refused, controlPlane := 100*float64(states[Refused])/float64(all), 100*float64(states[ControlPlane])/float64(all)
	t.Logf("%d leaves: %.1f %% refused, %.1f %% control plane", all, refused, controlPlane)
	if refused > mostRefused || controlPlane > mostControlPlane {
		t.Errorf("%.1f %% are refused, at most %d may be; %.1f %% are the control plane's, at most %d may be",
			refused, mostRefused, controlPlane, mostControlPlane)
	}
}

// mostOfKubeVirtRefused is how many leaves of an installation's spec, in per cent, may
// be turned away: those of migration, of devices of nodes and of other features whose
// time is still to come, which the notes name.
const mostOfKubeVirtRefused = 35

func TestKubeVirtIsConfigurable(t *testing.T) {
	rows, err := Load("KubeVirt")
	if err != nil {
		t.Fatal(err)
	}
	all, refused, only := 0, 0, 0
	for _, row := range rows {
		if row.State == Status {
			continue
		}
		all++
		if row.State != Refused {
			continue
		}
		refused++
		if row.Only != nil {
			only++
		}
		if row.Note == "" {
			t.Errorf("%s is refused, and no note says what it lacks", row.Path)
		}
	}
	t.Logf("%d leaves: %d refused, %d of them but for one value", all, refused, only)
	if share := 100 * float64(refused) / float64(all); share > mostOfKubeVirtRefused {
		t.Errorf("%.1f %% are refused, at most %d may be", share, mostOfKubeVirtRefused)
	}
}
