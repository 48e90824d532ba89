#!/usr/bin/env bash
# Regenerates what is derived: deep copies and CRDs from the API types, Go code
# from the protocols.
set -euo pipefail
cd "$(dirname "$0")/.."
controller_gen=(go tool -modfile=hack/tools/go.mod controller-gen)
crds=crd:crdVersions=v1,allowDangerousTypes=true
bases=config/crd/bases

"${controller_gen[@]}" object:headerFile=hack/boilerplate.go.txt paths=./api/...
rm -f $bases/*.yaml
"${controller_gen[@]}" $crds,maxDescLen=62 paths=./api/... output:crd:dir=$bases
# The kind DataVolume belongs to another project.
rm $bases/_datavolumes.yaml
# A snapshot's content holds a whole machine, twice: shorter descriptions keep the
# CRD within what the API server stores well.
"${controller_gen[@]}" $crds,maxDescLen=47 paths=./api/snapshot/... output:crd:dir=$bases

# What the aggregated API publishes of its bodies. The generator wonders, at length,
# about comments of aliases.
go tool -modfile=hack/tools/go.mod openapi-gen --go-header-file hack/boilerplate.go.txt \
  --output-dir internal/apiserver/openapi --output-pkg kubevirt.io/kubevirt/internal/apiserver/openapi \
  --output-file zz_generated.openapi.go --output-model-name-file zz_generated.model_name.go \
  --report-filename /dev/null --stderrthreshold ERROR --logtostderr=false ./api/subresources/v1 ./api/core/v1

if ! command -v protoc >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends protobuf-compiler >/dev/null
fi
tools=$PWD/_out/tools
mkdir -p "$tools"
for plugin in protoc-gen-go protoc-gen-go-grpc; do
  ln -sf "$(go tool -modfile=hack/tools/go.mod -n $plugin)" "$tools/$plugin"
done
for protocol in launcher/protocol/launcher handler/protocol/handler launcher/hook/hook; do
  PATH=$tools:$PATH protoc -I . --go_out=. --go_opt=module=kubevirt.io/kubevirt \
    --go-grpc_out=. --go-grpc_opt=module=kubevirt.io/kubevirt "$protocol.proto"
done
# Which protoc it was is the machine's matter; what it makes of this is the same.
sed -i -E '/^\/\/ [-\t ]*protoc +v/d' {launcher,handler}/protocol/*.pb.go launcher/hook/*.pb.go

# What an administrator applies: kustomize's bases, and from them the Helm chart.
go run ./hack/manifest -config -version v0.0.0 -out config
go run ./hack/manifest -chart -out charts/kubevirt
