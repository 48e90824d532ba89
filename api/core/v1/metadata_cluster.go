package v1

// Finalizers.
const (
	// FinalizerVMI keeps an instance until no pod of it is left.
	FinalizerVMI = "kubevirt.io/foregroundDeleteVirtualMachine"
	// FinalizerVMILegacy is the former name of FinalizerVMI, removed wherever it is seen.
	FinalizerVMILegacy = "foregroundDeleteVirtualMachine"
	// FinalizerVM keeps a machine, and the instance it owns, until the machine's controller has seen the end.
	FinalizerVM = "kubevirt.io/virtualMachineControllerFinalize"
	// FinalizerMigration keeps a migration until its target is cleaned up.
	FinalizerMigration = "kubevirt.io/migrationJobFinalize"
	// FinalizerSynchronization keeps a migration between clusters until both sides agree.
	FinalizerSynchronization = "synchronization.kubevirt.io/migrationFinalizer"
	// FinalizerKubeVirt keeps the KubeVirt object until everything it installed is gone.
	FinalizerKubeVirt = "kubevirt.io/foregroundDeleteKubeVirt"
	// FinalizerOperatorCRD keeps a CRD during removal until its objects are gone.
	FinalizerOperatorCRD = "kubevirt.io/virtOperatorFinalizer"
	// FinalizerPool keeps a pool until its machines are dealt with.
	FinalizerPool = "pool.kubevirt.io/finalizer"
	// FinalizerSnapshot keeps a snapshot until its content is dealt with.
	FinalizerSnapshot = "snapshot.kubevirt.io/vmsnapshot-protection"
	// FinalizerSnapshotContent keeps a snapshot's content while it is needed.
	FinalizerSnapshotContent = "snapshot.kubevirt.io/vmsnapshotcontent-protection"
	// FinalizerSnapshotSource keeps a machine while a snapshot of it is made.
	FinalizerSnapshotSource = "snapshot.kubevirt.io/snapshot-source-protection"
	// FinalizerRestore keeps a restore until it is cleaned up.
	FinalizerRestore = "snapshot.kubevirt.io/vmrestore-protection"
	// FinalizerBackup keeps a backup until it is stopped and cleaned up.
	FinalizerBackup = "backup.kubevirt.io/vmbackup-protection"
)

// Labels and annotations of claims, volume snapshots and storage classes.
const (
	// AnnotationMemoryDump is the name of the memory dump's file on a claim.
	AnnotationMemoryDump = "kubevirt.io/memory-dump"
	// AnnotationRestoreName is the restore that made a claim or data volume.
	AnnotationRestoreName = "restore.kubevirt.io/name"
	// AnnotationLastRestoreUID is the last restore applied to a machine, as namespace/name-UID.
	AnnotationLastRestoreUID = "restore.kubevirt.io/lastRestoreUID"
	// LabelRestoreSourceVMName is the machine whose volume a restored claim holds.
	LabelRestoreSourceVMName = "restore.kubevirt.io/source-vm-name"
	// LabelRestoreSourceVMNamespace is the namespace of the machine whose volume a restored claim holds.
	LabelRestoreSourceVMNamespace = "restore.kubevirt.io/source-vm-namespace"
	// AnnotationRestoreOwnedByVM is the machine that should own a restored claim.
	AnnotationRestoreOwnedByVM = "restore.kubevirt.io/owned-by-vm"
	// AnnotationRestoreCleanupBackendPVC says that a machine's former state claim is to be dropped.
	AnnotationRestoreCleanupBackendPVC = "restore.kubevirt.io/cleanup-backend-pvc"
	// LabelSnapshotSourceVMName is the machine a volume snapshot was made of.
	LabelSnapshotSourceVMName = "snapshot.kubevirt.io/source-vm-name"
	// LabelSnapshotSourceVMNamespace is the namespace of the machine a volume snapshot was made of.
	LabelSnapshotSourceVMNamespace = "snapshot.kubevirt.io/source-vm-namespace"
	// LabelPersistentStateFor is the machine whose TPM and EFI state a claim holds.
	LabelPersistentStateFor = "persistent-state-for"
	// AnnotationDefaultVirtStorageClass "true" marks the storage class preferred for guest disks.
	AnnotationDefaultVirtStorageClass = "storageclass.kubevirt.io/is-default-virt-class"
)

// Labels of stored instance types and preferences, and of volumes that name their defaults.
const (
	// LabelObjectName is the name of the object a ControllerRevision stores.
	LabelObjectName = "instancetype.kubevirt.io/object-name"
	// LabelObjectKind is the kind of the object a ControllerRevision stores.
	LabelObjectKind = "instancetype.kubevirt.io/object-kind"
	// LabelObjectUID is the UID of the object a ControllerRevision stores.
	LabelObjectUID = "instancetype.kubevirt.io/object-uid"
	// LabelObjectGeneration is the generation of the object a ControllerRevision stores.
	LabelObjectGeneration = "instancetype.kubevirt.io/object-generation"
	// LabelObjectVersion is the API version of the object a ControllerRevision stores.
	LabelObjectVersion = "instancetype.kubevirt.io/object-version"
	// LabelDefaultInstancetype is the instance type suggested for a volume's content.
	LabelDefaultInstancetype = "instancetype.kubevirt.io/default-instancetype"
	// LabelDefaultInstancetypeKind is the kind of that instance type.
	LabelDefaultInstancetypeKind = "instancetype.kubevirt.io/default-instancetype-kind"
	// LabelDefaultPreference is the preference suggested for a volume's content.
	LabelDefaultPreference = "instancetype.kubevirt.io/default-preference"
	// LabelDefaultPreferenceKind is the kind of that preference.
	LabelDefaultPreferenceKind = "instancetype.kubevirt.io/default-preference-kind"
	// LabelInstancetypeVendor is who publishes an instance type.
	LabelInstancetypeVendor = "instancetype.kubevirt.io/vendor"
)

// Labels and annotations of nodes and namespaces. A name that ends in a slash or dash is a prefix.
const (
	// LabelSchedulable "true" says that the node agent is alive and guests may be placed.
	LabelSchedulable = "kubevirt.io/schedulable"
	// AnnotationHeartbeat is when the node agent last reported, about once a minute.
	AnnotationHeartbeat = "kubevirt.io/heartbeat"
	// LabelCPUManager "true" says that the kubelet gives out whole CPUs.
	LabelCPUManager = "kubevirt.io/cpumanager"
	// LabelCPUManagerLegacy is the former name of LabelCPUManager.
	LabelCPUManagerLegacy = "cpumanager"
	// LabelKSMEnabled says that the kernel merges equal pages.
	LabelKSMEnabled = "kubevirt.io/ksm-enabled"
	// AnnotationKSMHandlerManaged says that the node agent turned page merging on.
	AnnotationKSMHandlerManaged = "kubevirt.io/ksm-handler-managed"
	// AnnotationKSMPagesBoostOverride replaces the pages by which merging speeds up.
	AnnotationKSMPagesBoostOverride = "kubevirt.io/ksm-pages-boost-override"
	// AnnotationKSMPagesDecayOverride replaces the pages by which merging slows down.
	AnnotationKSMPagesDecayOverride = "kubevirt.io/ksm-pages-decay-override"
	// AnnotationKSMPagesMinOverride replaces the least pages to scan at a time.
	AnnotationKSMPagesMinOverride = "kubevirt.io/ksm-pages-min-override"
	// AnnotationKSMPagesMaxOverride replaces the most pages to scan at a time.
	AnnotationKSMPagesMaxOverride = "kubevirt.io/ksm-pages-max-override"
	// AnnotationKSMPagesInitOverride replaces the pages to scan at first.
	AnnotationKSMPagesInitOverride = "kubevirt.io/ksm-pages-init-override"
	// AnnotationKSMSleepOverride replaces the pause between scans, in milliseconds.
	AnnotationKSMSleepOverride = "kubevirt.io/ksm-sleep-ms-baseline-override"
	// AnnotationKSMFreePercentOverride replaces the share of free memory under which merging begins.
	AnnotationKSMFreePercentOverride = "kubevirt.io/ksm-free-percent-override"
	// LabelRealtime says that the kernel lets real-time tasks use all CPU time.
	LabelRealtime = "kubevirt.io/realtime"
	// LabelSEV says that AMD SEV works.
	LabelSEV = "kubevirt.io/sev"
	// LabelSEVES says that AMD SEV-ES works.
	LabelSEVES = "kubevirt.io/sev-es"
	// LabelSEVSNP says that AMD SEV-SNP works.
	LabelSEVSNP = "kubevirt.io/sev-snp"
	// LabelTDX says that Intel TDX works.
	LabelTDX = "kubevirt.io/tdx"
	// LabelSecureExecution says that IBM Secure Execution works.
	LabelSecureExecution = "kubevirt.io/s390-pv"
	// LabelVMArchPrefix begins the names of guest architectures the node runs.
	LabelVMArchPrefix = "kubevirt.io/vm-arch-"
	// LabelCPUModelPrefix begins the names of CPU models the node can give a guest.
	LabelCPUModelPrefix = "cpu-model.node.kubevirt.io/"
	// LabelCPUModelMigrationPrefix begins the names of CPU models from whose nodes host-model guests may come.
	LabelCPUModelMigrationPrefix = "cpu-model-migration.node.kubevirt.io/"
	// LabelCPUFeaturePrefix begins the names of CPU features the node has.
	LabelCPUFeaturePrefix = "cpu-feature.node.kubevirt.io/"
	// LabelCPUVendorPrefix begins the name of the CPU's vendor.
	LabelCPUVendorPrefix = "cpu-vendor.node.kubevirt.io/"
	// LabelTSCFrequency is the frequency of the time stamp counter in Hz.
	LabelTSCFrequency = "cpu-timer.node.kubevirt.io/tsc-frequency"
	// LabelTSCScalable says whether the time stamp counter can be scaled.
	LabelTSCScalable = "cpu-timer.node.kubevirt.io/tsc-scalable"
	// LabelTSCFrequencySchedulingPrefix begins the frequencies in Hz that the node can give a guest.
	LabelTSCFrequencySchedulingPrefix = "scheduling.node.kubevirt.io/tsc-frequency-"
	// LabelHypervPrefix begins the names of Hyper-V features the node has.
	LabelHypervPrefix = "hyperv.node.kubevirt.io/"
	// LabelHostModelCPUPrefix begins the name of the node's own CPU model.
	LabelHostModelCPUPrefix = "host-model-cpu.node.kubevirt.io/"
	// LabelHostModelFeaturePrefix begins the names of features a host-model guest of this node needs.
	LabelHostModelFeaturePrefix = "host-model-required-features.node.kubevirt.io/"
	// LabelMachineTypePrefix begins the names of machine types the node has.
	LabelMachineTypePrefix = "machine-type.node.kubevirt.io/"
	// LabelObsoleteHostModel says that the node's own CPU model is in the list of obsolete ones.
	LabelObsoleteHostModel = "node-labeller.kubevirt.io/obsolete-host-model"
	// AnnotationSkipNodeLabeller keeps the node agent from setting labels of capabilities.
	AnnotationSkipNodeLabeller = "node-labeller.kubevirt.io/skip-node"
	// TaintDrain is the key of the taint by which a node is emptied, unless configured otherwise; deprecated.
	TaintDrain = "kubevirt.io/drain"
	// LabelAutoMemoryLimitsRatio on a namespace is the ratio of automatic memory limits to requests, at least 1, 2
	// by default.
	LabelAutoMemoryLimitsRatio = "alpha.kubevirt.io/auto-memory-limits-ratio"
)

// Extended resources that the node agent offers.
const (
	// ResourceNamePrefix begins the names of all of them.
	ResourceNamePrefix = "devices.kubevirt.io/"
	// ResourceKVM is a slot for hardware virtualization.
	ResourceKVM = "devices.kubevirt.io/kvm"
	// ResourceTun is a slot for tap devices.
	ResourceTun = "devices.kubevirt.io/tun"
	// ResourceVhostNet is a slot for network acceleration in the kernel.
	ResourceVhostNet = "devices.kubevirt.io/vhost-net"
	// ResourceVhostVsock is a slot for VSOCK.
	ResourceVhostVsock = "devices.kubevirt.io/vhost-vsock"
	// ResourceSEV is a slot for AMD memory encryption.
	ResourceSEV = "devices.kubevirt.io/sev"
	// ResourceIOMMUFD is a slot for IOMMU file descriptors.
	ResourceIOMMUFD = "devices.kubevirt.io/iommufd"
	// ResourcePRHelper is a slot for SCSI persistent reservations.
	ResourcePRHelper = "devices.kubevirt.io/pr-helper"
)

// Labels and annotations of what virt-operator installs.
const (
	// LabelManagedBy is ManagedByOperator on every object of the installation.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelAppName is the component's name.
	LabelAppName = "app.kubernetes.io/name"
	// LabelAppVersion is the product version of the KubeVirt object.
	LabelAppVersion = "app.kubernetes.io/version"
	// LabelAppPartOf is the product name of the KubeVirt object.
	LabelAppPartOf = "app.kubernetes.io/part-of"
	// LabelAppComponent is the product component of the KubeVirt object, kubevirt by default.
	LabelAppComponent = "app.kubernetes.io/component"
	// LabelInstallStrategy marks a stored plan of an installation.
	LabelInstallStrategy = "kubevirt.io/install-strategy"
	// AnnotationInstallStrategyVersion is the version an object was installed from.
	AnnotationInstallStrategyVersion = "kubevirt.io/install-strategy-version"
	// AnnotationInstallStrategyRegistry is the image registry an object was installed from.
	AnnotationInstallStrategyRegistry = "kubevirt.io/install-strategy-registry"
	// AnnotationInstallStrategyIdentifier is the deployment ID an object was installed with.
	AnnotationInstallStrategyIdentifier = "kubevirt.io/install-strategy-identifier"
	// AnnotationInstallStrategyEncoding is how a stored plan is packed.
	AnnotationInstallStrategyEncoding = "kubevirt.io/install-strategy-cm-encoding"
	// AnnotationProfile on a KubeVirt object says for what kind of cluster the control plane is to be; ProfileEdge is
	// the only value.
	AnnotationProfile = "kubevirt.io/profile"
	// ProfileEdge has the control plane use as little memory as it can: one replica of everything, virt-api and
	// virt-controller in one process.
	ProfileEdge = "edge"
	// AnnotationEdgeScaled on virt-operator's Deployment says that the edge profile has scaled it, and from what.
	AnnotationEdgeScaled = "kubevirt.io/edge-scaled"
	// AnnotationCustomizerIdentifier is a hash of the customizations an object was installed with.
	AnnotationCustomizerIdentifier = "kubevirt.io/customizer-identifier"
	// AnnotationGeneration is the generation of the KubeVirt object an object was installed from.
	AnnotationGeneration = "kubevirt.io/generation"
	// AnnotationEphemeralBackup marks a copy that keeps old rights valid during an update.
	AnnotationEphemeralBackup = "kubevirt.io/ephemeral-backup-object"
	// LabelOperator marks the KubeVirt CRD and virt-operator itself.
	LabelOperator = "operator.kubevirt.io"
	// LabelPrometheus marks what Prometheus is to scrape.
	LabelPrometheus = "prometheus.kubevirt.io"
	// LabelAllowClusterServices "true" opts a pod into the network policy towards cluster services.
	LabelAllowClusterServices = "np.kubevirt.io/allow-access-cluster-services"
	// AnnotationCertificateSecret is the Secret whose CA is put into the object.
	AnnotationCertificateSecret = "certificates.kubevirt.io/secret"
	// AnnotationRequiredSCC is the security context constraint a pod needs.
	AnnotationRequiredSCC = "openshift.io/required-scc"
	// LabelExportService selects an export's pod and service.
	LabelExportService = "kubevirt.io.virt-export-service"
	// AnnotationExportCertParameters is JSON by which an export's certificate is made.
	AnnotationExportCertParameters = "kubevirt.io/export.certParameters"
	// LabelDependencyType on a node of the object graph is storage, compute, network or config.
	LabelDependencyType = "kubevirt.io/dependency-type"
)

// Annotations of other projects that launcher pods carry or that are read.
const (
	// AnnotationMultusNetworks is JSON naming the secondary networks of a pod.
	AnnotationMultusNetworks = "k8s.v1.cni.cncf.io/networks"
	// AnnotationMultusStatus is JSON in which multus reports the interfaces it made.
	AnnotationMultusStatus = "k8s.v1.cni.cncf.io/network-status"
	// AnnotationMultusDefaultNetwork names the network that replaces the pod network.
	AnnotationMultusDefaultNetwork = "v1.multus-cni.io/default-network"
	// AnnotationNetworkResourceName on a network definition is the extended resource its devices come from.
	AnnotationNetworkResourceName = "k8s.v1.cni.cncf.io/resourceName"
	// AnnotationIstioKubevirtInterfaces names the interfaces whose traffic an istio proxy takes; the former name.
	AnnotationIstioKubevirtInterfaces = "traffic.sidecar.istio.io/kubevirtInterfaces"
	// AnnotationIstioRerouteInterfaces names the interfaces whose traffic an istio proxy takes.
	AnnotationIstioRerouteInterfaces = "istio.io/reroute-virtual-interfaces"
	// AnnotationPreBackupContainer is the container in which the command before a backup runs.
	AnnotationPreBackupContainer = "pre.hook.backup.velero.io/container"
	// AnnotationPreBackupCommand is the command before a backup.
	AnnotationPreBackupCommand = "pre.hook.backup.velero.io/command"
	// AnnotationPreBackupTimeout is how long the command before a backup may take.
	AnnotationPreBackupTimeout = "pre.hook.backup.velero.io/timeout"
	// AnnotationPostBackupContainer is the container in which the command after a backup runs.
	AnnotationPostBackupContainer = "post.hook.backup.velero.io/container"
	// AnnotationPostBackupCommand is the command after a backup.
	AnnotationPostBackupCommand = "post.hook.backup.velero.io/command"
	// AnnotationCDIPopulatedFor is the data volume a claim was filled for.
	AnnotationCDIPopulatedFor = "cdi.kubevirt.io/storage.populatedFor"
	// AnnotationCDIUsePopulator says whether a volume populator fills the claim.
	AnnotationCDIUsePopulator = "cdi.kubevirt.io/storage.usePopulator"
	// AnnotationCDIContentType is kubevirt or archive.
	AnnotationCDIContentType = "cdi.kubevirt.io/storage.contentType"
	// AnnotationCDIBindImmediate asks for binding without waiting for a first consumer.
	AnnotationCDIBindImmediate = "cdi.kubevirt.io/storage.bind.immediate.requested"
	// AnnotationCDIUploadTarget marks a claim that waits for an upload.
	AnnotationCDIUploadTarget = "cdi.kubevirt.io/storage.upload.target"
	// AnnotationCDIPodPhase is the phase of the pod that fills the claim.
	AnnotationCDIPodPhase = "cdi.kubevirt.io/storage.pod.phase"
	// AnnotationCDIPodReady says whether the pod that fills the claim can be talked to.
	AnnotationCDIPodReady = "cdi.kubevirt.io/storage.pod.ready"
	// AnnotationCDIPopulatorPVCPrime is the claim that is filled in the claim's stead.
	AnnotationCDIPopulatorPVCPrime = "cdi.kubevirt.io/storage.populator.pvcPrime"
	// AnnotationCDIDeleteAfterCompletion says whether the data volume goes once the claim is filled.
	AnnotationCDIDeleteAfterCompletion = "cdi.kubevirt.io/storage.deleteAfterCompletion"
	// AnnotationCDIAllowClaimAdoption lets a data volume take over a claim of its name.
	AnnotationCDIAllowClaimAdoption = "cdi.kubevirt.io/allowClaimAdoption"
	// LabelCDIApplyStorageProfile asks for a claim to be completed from its storage profile.
	LabelCDIApplyStorageProfile = "cdi.kubevirt.io/applyStorageProfile"
)

// ManagedByOperator is the value of LabelManagedBy on every object that virt-operator installs.
const ManagedByOperator = "virt-operator"
