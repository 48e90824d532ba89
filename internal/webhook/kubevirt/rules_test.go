package kubevirt

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	v1 "kubevirt.io/kubevirt/api/core/v1"
	"kubevirt.io/kubevirt/api/ledger"
)

func parse(t *testing.T, text string) *v1.KubeVirt {
	t.Helper()
	kv := &v1.KubeVirt{}
	if err := yaml.UnmarshalStrict([]byte(text), kv); err != nil {
		t.Fatalf("parsing %s: %v", text, err)
	}
	return kv
}

func TestRules(t *testing.T) {
	tests := map[string]struct {
		spec string
		// refused is a part of the message, empty for an object that is fine.
		refused string
	}{
		"nothing":              {`{}`, ""},
		"what Go writes empty": {`{certificateRotateStrategy: {}, configuration: {developerConfiguration: {featureGates: []}}, customizeComponents: {}, imagePullPolicy: IfNotPresent, workloadUpdateStrategy: {}}`, ""},
		"no replicas":          {`{infra: {replicas: 0}}`, "spec.infra.replicas"},
		"one replica":          {`{infra: {replicas: 1}}`, ""},
		"eviction":             {`{workloadUpdateStrategy: {workloadUpdateMethods: [Evict], batchEvictionSize: 2, batchEvictionInterval: 5s}}`, ""},
		"migration":            {`{workloadUpdateStrategy: {workloadUpdateMethods: [Evict, LiveMigrate]}}`, "spec.workloadUpdateStrategy.workloadUpdateMethods[1]"},
		"all guests at once":   {`{workloadUpdateStrategy: {batchEvictionInterval: 0s}}`, "spec.workloadUpdateStrategy.batchEvictionInterval"},
		"customizing":          {`{customizeComponents: {flags: {api: {v: "5"}}}}`, ""},

		"certificates":                   {`{certificateRotateStrategy: {selfSigned: {ca: {duration: 20h, renewBefore: 3h}, server: {duration: 10h, renewBefore: 2h}}}}`, ""},
		"deprecated intervals":           {`{certificateRotateStrategy: {selfSigned: {caRotateInterval: 20h, caOverlapInterval: 3h, certRotateInterval: 10h}}}`, ""},
		"both":                           {`{certificateRotateStrategy: {selfSigned: {caRotateInterval: 20h, server: {duration: 10h}}}}`, "caRotateInterval"},
		"authority renewed before made":  {`{certificateRotateStrategy: {selfSigned: {ca: {duration: 48h, renewBefore: 49h}}}}`, "selfSigned.ca"},
		"server renewed before made":     {`{certificateRotateStrategy: {selfSigned: {server: {duration: 1h, renewBefore: 2h}}}}`, "selfSigned.server"},
		"server outlives its authority":  {`{certificateRotateStrategy: {selfSigned: {ca: {duration: 10h}, server: {duration: 20h}}}}`, "server.duration"},
		"a negative duration":            {`{certificateRotateStrategy: {selfSigned: {ca: {duration: -1h}, server: {duration: -2h}}}}`, "positive"},
		"a product that is no label":     {`{productName: "a b"}`, "spec.productName"},
		"a product":                      {`{productName: acme, productVersion: "7.1"}`, ""},
		"overhead":                       {`{configuration: {additionalGuestMemoryOverheadRatio: "1.5"}}`, ""},
		"less than the overhead":         {`{configuration: {additionalGuestMemoryOverheadRatio: "0.9"}}`, "additionalGuestMemoryOverheadRatio"},
		"no overhead":                    {`{configuration: {additionalGuestMemoryOverheadRatio: much}}`, "additionalGuestMemoryOverheadRatio"},
		"overhead that is not a number":  {`{configuration: {additionalGuestMemoryOverheadRatio: NaN}}`, "additionalGuestMemoryOverheadRatio"},
		"a gate on and off":              {`{configuration: {developerConfiguration: {featureGates: [Sidecar], disabledFeatureGates: [Sidecar]}}}`, "disabledFeatureGates[0]"},
		"roles left alone":               {`{configuration: {roleAggregationStrategy: Manual}}`, ""},
		"roles left alone, without gate": {`{configuration: {roleAggregationStrategy: Manual, developerConfiguration: {disabledFeatureGates: [OptOutRoleAggregation]}}}`, "OptOutRoleAggregation"},
		"two seccomp profiles":           {`{configuration: {seccompConfiguration: {virtualMachineInstanceProfile: {customProfile: {localhostProfile: a, runtimeDefaultProfile: true}}}}}`, "customProfile"},
		"a binding plugin":               {`{configuration: {network: {binding: {fast: {sidecarImage: "fast:1", domainAttachmentType: tap, computeResourceOverhead: {requests: {memory: 5Mi}}}}}}}`, ""},
		"a plugin without any binding":   {`{configuration: {network: {binding: {fast: {networkAttachmentDefinition: fast}}}}}`, "network.binding[fast]"},
		"a plugin that tells nobody":     {`{configuration: {network: {binding: {fast: {domainAttachmentType: tap, downwardAPI: device-info}}}}}`, "network.binding[fast].sidecarImage"},
		"a plugin that tells a reader":   {`{configuration: {network: {binding: {fast: {sidecarImage: "fast:1", downwardAPI: device-info}}}}}`, ""},
		"a plugin that takes CPUs":       {`{configuration: {network: {binding: {fast: {sidecarImage: "fast:1", computeResourceOverhead: {limits: {cpu: 1}}}}}}}`, "computeResourceOverhead.limits[cpu]"},
		"a plugin that gives memory":     {`{configuration: {network: {binding: {fast: {sidecarImage: "fast:1", computeResourceOverhead: {requests: {memory: -1Mi}}}}}}}`, "computeResourceOverhead.requests[memory]"},
		"a plugin that may not take it":  {`{configuration: {network: {binding: {fast: {sidecarImage: "fast:1", computeResourceOverhead: {requests: {memory: 2Mi}, limits: {memory: 1Mi}}}}}}}`, "computeResourceOverhead.requests[memory]"},
		"the runtime's seccomp profile":  {`{configuration: {seccompConfiguration: {virtualMachineInstanceProfile: {customProfile: {runtimeDefaultProfile: true}}}}}`, ""},
		"no seccomp profile":             {`{configuration: {seccompConfiguration: {virtualMachineInstanceProfile: {customProfile: {}}}}}`, "customProfile"},
		"one seccomp profile":            {`{configuration: {seccompConfiguration: {virtualMachineInstanceProfile: {customProfile: {localhostProfile: a}}}}}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			errs := Validate(parse(t, `{spec: `+test.spec+`}`))
			if test.refused == "" && len(errs) > 0 {
				t.Errorf("refused: %v", errs)
			}
			if test.refused != "" && (len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), test.refused)) {
				t.Errorf("says %v, want a word on %s", errs, test.refused)
			}
		})
	}
}

// TestGuestRules: what an administrator may say of how guests run.
func TestGuestRules(t *testing.T) {
	for configuration, refused := range map[string]string{
		`{virtualMachineInstancesPerNode: 0}`:                                                                       "",
		`{virtualMachineInstancesPerNode: -1}`:                                                                      "virtualMachineInstancesPerNode",
		`{virtualMachineInstancesPerNode: 1001}`:                                                                    "virtualMachineInstancesPerNode",
		`{ovmfPath: /usr/share/OVMF}`:                                                                               "",
		`{ovmfPath: OVMF}`:                                                                                          "ovmfPath",
		`{architectureConfiguration: {amd64: {ovmfPath: /a/../b}}}`:                                                 "architectureConfiguration.amd64.ovmfPath",
		`{architectureConfiguration: {arm64: {machineType: virt}}}`:                                                 "has an emulator for amd64 only",
		`{architectureConfiguration: {arm64: {}}}`:                                                                  "",
		`{architectureConfiguration: {defaultArchitecture: amd64}}`:                                                 "",
		`{architectureConfiguration: {defaultArchitecture: arm64}}`:                                                 "defaultArchitecture",
		`{developerConfiguration: {pvcTolerateLessSpaceUpToPercent: 100}}`:                                          "",
		`{developerConfiguration: {pvcTolerateLessSpaceUpToPercent: 101}}`:                                          "pvcTolerateLessSpaceUpToPercent",
		`{developerConfiguration: {pvcTolerateLessSpaceUpToPercent: -1}}`:                                           "pvcTolerateLessSpaceUpToPercent",
		`{developerConfiguration: {diskVerification: {memoryLimit: 2000M}}}`:                                        "",
		`{developerConfiguration: {diskVerification: {memoryLimit: 1k}}}`:                                           "diskVerification.memoryLimit",
		`{supportContainerResources: [{type: sidecar, resources: {limits: {cpu: 1}}}]}`:                             "",
		`{supportContainerResources: [{type: virtiofs, resources: {limits: {cpu: 1}}}]}`:                            "supportContainerResources[0].type",
		`{supportContainerResources: [{type: sidecar, resources: {limits: {gpu: 1}}}]}`:                             "supportContainerResources[0].resources.limits[gpu]",
		`{supportContainerResources: [{type: sidecar, resources: {requests: {cpu: -1}}}]}`:                          "supportContainerResources[0].resources.requests[cpu]",
		`{supportContainerResources: [{type: sidecar, resources: {requests: {memory: 2M}, limits: {memory: 1M}}}]}`: "resources.requests[memory]",
		`{autoCPULimitNamespaceLabelSelector: {}}`:                                                                  "",
		`{autoCPULimitNamespaceLabelSelector: {matchLabels: {"a b": c}}}`:                                           "autoCPULimitNamespaceLabelSelector.matchLabels",
		`{ksmConfiguration: {nodeLabelSelector: {matchExpressions: [{key: a, operator: On}]}}}`:                     "ksmConfiguration.nodeLabelSelector.matchExpressions[0].operator",
		`{ksmConfiguration: {nodeLabelSelector: {}}}`:                                                               "",
		`{virtualMachineOptions: {disableSerialConsoleLog: {}}}`:                                                    "",

		// What asks for nothing, or for what is so anyway.
		`{migrations: {}, liveUpdateConfiguration: {}, permittedHostDevices: {}, confidentialCompute: {tdx: {}}}`: "",
		`{migrations: {unsafeMigrationOverride: false, allowPostCopy: false}}`:                                    "",
		`{migrations: {allowPostCopy: true}}`:                                                                     "migrations.allowPostCopy is not supported: only false is: no guest is migrated yet",
		`{commonInstancetypesDeployment: {enabled: false}, virtTemplateDeployment: {enabled: false}}`:             "",
		`{commonInstancetypesDeployment: {enabled: true}}`:                                                        "commonInstancetypesDeployment.enabled",
		`{virtTemplateDeployment: {enabled: true}}`:                                                               "virtTemplateDeployment.enabled",
		`{persistentReservationConfiguration: {enabled: false}, mediatedDevicesConfiguration: {enabled: false}}`:  "",
		`{hypervisors: [{name: kvm}]}`:                                                                            "",
		`{hypervisors: [{name: hyperv-direct}]}`:                                                                  "hypervisors[0].name",
		`{changedBlockTrackingLabelSelectors: {namespaceLabelSelector: {}}}`:                                      "changedBlockTrackingLabelSelectors",
		`{permittedHostDevices: {pciHostDevices: [{pciVendorSelector: "10DE:1EB8", resourceName: a/b}]}}`:         "no device of a node is passed to a guest yet",
	} {
		errs := Validate(parse(t, `{spec: {configuration: `+configuration+`}}`))
		if refused == "" && len(errs) > 0 || refused != "" && (len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), refused)) {
			t.Errorf("%s: says %v, want a word on %q", configuration, errs, refused)
		}
	}
}

func TestTheSampleIsAccepted(t *testing.T) {
	text, err := os.ReadFile("../../../config/samples/kubevirt.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if errs := Validate(parse(t, string(text))); len(errs) > 0 {
		t.Error(errs)
	}
}

func TestTLSCiphers(t *testing.T) {
	for text, refused := range map[string]string{
		`{}`: "",
		`{minTLSVersion: VersionTLS12, ciphers: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}`: "",
		`{ciphers: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]}`:                              "minTLSVersion",
		`{minTLSVersion: VersionTLS13, ciphers: [TLS_AES_128_GCM_SHA256]}`:                  "minTLSVersion",
		`{minTLSVersion: VersionTLS12, ciphers: [ROT13]}`:                                   "ciphers[0]",
	} {
		configured := &v1.TLSConfiguration{}
		if err := yaml.UnmarshalStrict([]byte(text), configured); err != nil {
			t.Fatal(err)
		}
		errs := tls(nil, configured)
		if (len(errs) > 0) != (refused != "") || refused != "" && !strings.Contains(errs.ToAggregate().Error(), refused) {
			t.Errorf("%s: %v, want a word on %q", text, errs, refused)
		}
	}
}

func TestUnusableCiphersAreToldOf(t *testing.T) {
	for cipher, warned := range map[string]bool{
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": false, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": false,
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": true, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": true, "TLS_AES_128_GCM_SHA256": true,
	} {
		kv := parse(t, `{spec: {configuration: {tlsConfiguration: {minTLSVersion: VersionTLS12, ciphers: [`+cipher+`]}}}}`)
		if errs, warnings := Validate(kv), Warnings(kv); len(errs) > 0 || (len(warnings) > 0) != warned {
			t.Errorf("%s: says %v, warns %q, want a warning: %t", cipher, errs, warnings, warned)
		}
	}
}

func TestWarnings(t *testing.T) {
	kv := parse(t, `{spec: {configuration: {developerConfiguration: {featureGates: [Sidecar, LiveMigration, Unheard], disabledFeatureGates: [ImageVolume]}}}}`)
	warnings := Warnings(kv)
	if len(warnings) != 2 || !strings.Contains(warnings[0], "LiveMigration") || !strings.Contains(warnings[1], "Unheard") {
		t.Errorf("warnings %q, want one on LiveMigration and one on Unheard", warnings)
	}
	for _, field := range []string{
		`minCPUModel: Penryn`, `supportedGuestAgentVersions: ["2.*"]`, `network: {permitSlirpInterface: false}`,
		`evictionStrategy: LiveMigrate`,
		`virtualMachineInstancesPerNode: 5, developerConfiguration: {useEmulation: true}`,
		`architectureConfiguration: {ppc64le: {machineType: a, ovmfPath: /b, emulatedMachines: [c]}}`,
	} {
		kv := parse(t, `{spec: {configuration: {`+field+`}}}`)
		name, _, _ := strings.Cut(field, ":")
		if errs, warnings := Validate(kv), Warnings(kv); len(errs) > 0 || len(warnings) != 1 || !strings.Contains(warnings[0], name) {
			t.Errorf("%s: says %v, warns %q", field, errs, warnings)
		}
	}
	kv = parse(t, `{spec: {workloadUpdateStrategy: {workloadUpdateMethods: [Evict]}}}`)
	if warnings := Warnings(kv); len(warnings) != 1 || !strings.Contains(warnings[0], "runStrategy Always") {
		t.Errorf("warnings %q, want one on guests that stay off", warnings)
	}
}

// TestEveryRefusedFieldIsNamed sets each field that the ledger says is refused.
func TestEveryRefusedFieldIsNamed(t *testing.T) {
	rows, err := ledger.Load(v1.KindKubeVirt)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, row := range rows {
		if row.State != ledger.Refused {
			continue
		}
		seen++
		tree := map[string]any{}
		named := set(tree, strings.Split(row.Path, "."), row.Type)
		text, err := json.Marshal(tree)
		if err != nil {
			t.Fatal(err)
		}
		kv := &v1.KubeVirt{}
		if err := json.Unmarshal(text, kv); err != nil {
			t.Errorf("%s: %s cannot be decoded: %v", row.Path, text, err)
			continue
		}
		errs := Validate(kv)
		found := false
		for _, e := range errs {
			// A part of which nothing is supported is refused as a whole.
			found = found || strings.HasPrefix(named, e.Field)
		}
		if !found {
			t.Errorf("%s: %v does not name %s", row.Path, errs, named)
		}
	}
	if seen == 0 {
		t.Error("the ledger refuses nothing")
	}
}

// set puts a value of a ledger's type at a path into a manifest and returns the
// path as error messages write it.
func set(tree map[string]any, path []string, kind string) string {
	name, isList := strings.CutSuffix(path[0], "[]")
	name, isMap := strings.CutSuffix(name, "{}")
	if len(path) == 1 {
		tree[name] = valueOf(name, kind)
		return name
	}
	item := map[string]any{}
	switch {
	case isList:
		tree[name] = []any{item}
		return name + "[0]." + set(item, path[1:], kind)
	case isMap:
		tree[name] = map[string]any{"key": item}
		return name + ".key." + set(item, path[1:], kind)
	}
	tree[name] = item
	return name + "." + set(item, path[1:], kind)
}

func valueOf(name, kind string) any {
	switch kind, _, _ := strings.Cut(kind, ":"); kind {
	case "boolean":
		return true
	case "integer", "number":
		return 7
	case "int-or-string":
		return "7"
	case "array":
		return []any{"one"}
	case "map":
		switch name {
		case "nodeVerbosity":
			return map[string]any{"key": 7}
		case "obsoleteCPUModels":
			return map[string]any{"key": true}
		}
		return map[string]any{"key": "7"}
	case "object":
		return map[string]any{}
	}
	if strings.HasSuffix(name, "Interval") {
		return "1h"
	}
	return "7"
}
