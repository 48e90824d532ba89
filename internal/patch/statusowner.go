package patch

import (
	"fmt"
	"strings"

	v1 "kubevirt.io/kubevirt/api/core/v1"
)

// Owner is who may write a part of a VirtualMachineInstance; several can be
// joined with |.
type Owner uint8

// The writers of a VirtualMachineInstance beside its user.
const (
	// Controller is virt-controller.
	Controller Owner = 1 << iota
	// Handler is the virt-handler of the instance's node.
	Handler
	// API is virt-api: defaults at creation, and the subresources.
	API
)

func (o Owner) String() string {
	var names []string
	for i, name := range []string{"virt-controller", "virt-handler", "virt-api"} {
		if o&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, "|")
}

// phaseOwner says who moves an instance into a phase. From Scheduled on the phase
// is virt-handler's; virt-controller ends an instance only when its launcher pod
// is gone without virt-handler's word.
var phaseOwner = map[v1.VirtualMachineInstancePhase]Owner{
	v1.VMIPhasePending:        API | Controller,
	v1.VMIPhaseWaitingForSync: Controller,
	v1.VMIPhaseScheduling:     Controller,
	v1.VMIPhaseScheduled:      Controller,
	v1.VMIPhaseRunning:        Handler,
	v1.VMIPhaseSucceeded:      Controller | Handler,
	v1.VMIPhaseFailed:         Controller | Handler,
	v1.VMIPhaseUnknown:        Controller,
}

// statusOwner says who writes a field of the status, by its JSON name. phase and
// conditions are decided by value in phaseOwner and conditionOwner.
var statusOwner = map[string]Owner{
	"phase":                         Controller | Handler | API,
	"conditions":                    Controller | Handler | API,
	"phaseTransitionTimestamps":     Controller | Handler | API,
	"nodeName":                      Controller | Handler, // virt-handler at the end of a migration
	"reason":                        Controller,
	"interfaces":                    Handler,
	"guestOSInfo":                   Handler,
	"migrationState":                Controller | Handler,
	"migrationMethod":               Handler,
	"migrationTransport":            Controller,
	"qosClass":                      Controller,
	"launcherContainerImageVersion": Controller,
	"evacuationNodeName":            Controller | API,
	"activePods":                    Controller,
	"volumeStatus":                  Controller | Handler,
	"kernelBootStatus":              Handler,
	"fsFreezeStatus":                Handler,
	"topologyHints":                 Controller,
	"virtualMachineRevisionName":    Controller,
	"runtimeUser":                   API,
	"VSOCKCID":                      Controller,
	"selinuxContext":                Handler,
	"machine":                       Handler,
	"currentCPUTopology":            API | Handler,
	"memory":                        API | Handler,
	"migratedVolumes":               Controller,
	"changedBlockTracking":          Controller | Handler,
}

// conditionOwner says who writes a condition. Synchronized is virt-controller's
// until the instance is Scheduled and virt-handler's from then on.
var conditionOwner = map[v1.ConditionType]Owner{
	v1.ConditionProvisioning:                      Controller,
	v1.ConditionReady:                             Controller,
	v1.ConditionSynchronized:                      Controller | Handler,
	v1.ConditionPaused:                            Handler,
	v1.ConditionPodScheduled:                      Controller,
	v1.ConditionAgentConnected:                    Handler,
	v1.ConditionAgentVersionNotSupported:          Handler,
	v1.ConditionAccessCredentialsSynchronized:     Handler,
	v1.ConditionLiveMigratable:                    Handler,
	v1.ConditionStorageLiveMigratable:             Handler,
	v1.ConditionHotVCPUChange:                     Controller | Handler,
	v1.ConditionHotMemoryChange:                   Controller | Handler,
	v1.ConditionVolumesChange:                     Controller,
	v1.ConditionMigrationRequired:                 Controller,
	v1.ConditionDataVolumesReady:                  Controller,
	v1.ConditionDecentralizedLiveMigrationFailure: Controller,
	v1.ConditionEvictionRequested:                 Controller | API,
	v1.ConditionSoftwareEmulation:                 Handler,
}

// volumePhaseOwner says who moves a volume into a phase: virt-controller until it can be
// used, virt-handler where the guest's memory is written to it.
var volumePhaseOwner = map[v1.VolumePhase]Owner{
	"":                                 Controller,
	v1.VolumePhasePending:              Controller,
	v1.VolumePhaseMemoryDumpInProgress: Handler,
	v1.VolumePhaseMemoryDumpCompleted:  Handler,
	v1.VolumePhaseMemoryDumpFailed:     Handler,
}

// volumeOwner says who writes a field of a volume's entry in volumeStatus, by its JSON
// name: virt-controller what is behind the volume, virt-handler what the guest has of it.
// The phase is decided by value in volumePhaseOwner.
var volumeOwner = map[string]Owner{
	"name":                      Controller | Handler,
	"target":                    Handler,
	"phase":                     Controller | Handler,
	"reason":                    Controller | Handler,
	"message":                   Controller | Handler,
	"persistentVolumeClaimInfo": Controller,
	"hotplugVolume":             Controller,
	"size":                      Handler,
	"memoryDumpVolume":          Controller | Handler,
	"containerDiskVolume":       Handler,
}

// labelOwner says who writes a label of an instance after its creation.
var labelOwner = map[string]Owner{
	v1.LabelNodeName:                   Controller | Handler, // virt-handler at the end of a migration
	v1.LabelMigrationTargetNodeName:    Controller | Handler,
	v1.LabelOutdatedLauncherImage:      Controller,
	v1.LabelPodCPULimits:               Controller,
	v1.LabelPodMemoryRequests:          Controller,
	v1.LabelMemoryHotplugOverheadRatio: Controller,
	v1.LabelPoolRevisionName:           Controller,
}

// mayWrite returns an error unless the owner of a table's row includes by.
func mayWrite[K ~string](table map[K]Owner, what string, key K, by Owner) error {
	if table[key]&by == 0 {
		return fmt.Errorf("%s %q of a VirtualMachineInstance belongs to %q, not to %s", what, key, table[key], by)
	}
	return nil
}
