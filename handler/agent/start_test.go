package agent

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/internal/clusterconfig"
	"kubevirt.io/kubevirt/launcher/protocol"
)

// hostOf is what a launcher is told of a cluster's configuration.
func hostOf(t *testing.T, configuration string) *protocol.Host {
	t.Helper()
	kv := &v1.KubeVirt{}
	if err := yaml.UnmarshalStrict([]byte(configuration), &kv.Spec.Configuration); err != nil {
		t.Fatalf("reading %s: %v", configuration, err)
	}
	vmi := &v1.VirtualMachineInstance{}
	vmi.Spec.Architecture = "amd64"
	request, err := wanted(vmi, clusterconfig.New(kv), Prepared{})
	if err != nil {
		t.Fatal(err)
	}
	return request.GetHost()
}

// TestConfigurationReachesLaunchers: each of these changes one thing that a launcher
// is told.
func TestConfigurationReachesLaunchers(t *testing.T) {
	for configuration, change := range map[string]func(*protocol.Host){
		`{smbios: {manufacturer: a}}`: func(h *protocol.Host) { h.Smbios.Manufacturer = "a" },
		`{smbios: {product: a}}`:      func(h *protocol.Host) { h.Smbios.Product = "a" },
		`{smbios: {version: a}}`:      func(h *protocol.Host) { h.Smbios.Version = "a" },
		`{smbios: {sku: a}}`:          func(h *protocol.Host) { h.Smbios.Sku = "a" },
		`{smbios: {family: a}}`:       func(h *protocol.Host) { h.Smbios.Family = "a" },
		`{memBalloonStatsPeriod: 3}`:  func(h *protocol.Host) { h.BalloonStatsPeriodSeconds = 3 },
		`{ovmfPath: /a}`:              func(h *protocol.Host) { h.FirmwareDirectory = "/a" },

		`{virtualMachineOptions: {disableFreePageReporting: {}}}`: func(h *protocol.Host) { h.FreePageReporting = false },
		`{developerConfiguration: {pvcTolerateLessSpaceUpToPercent: 3}}`: func(h *protocol.Host) {
			h.ClaimTolerancePercent = 3
		},
		`{developerConfiguration: {minimumReservePVCBytes: 3}}`: func(h *protocol.Host) { h.ClaimReserveBytes = 3 },
		`{ovmfPath: /a, architectureConfiguration: {amd64: {ovmfPath: /b}, arm64: {ovmfPath: /c}}}`: func(h *protocol.Host) {
			h.FirmwareDirectory = "/b"
		},
	} {
		want := hostOf(t, `{}`)
		change(want)
		if got := hostOf(t, configuration); !proto.Equal(got, want) {
			t.Errorf("%s: a launcher is told %v, want %v", configuration, got, want)
		}
	}
}
